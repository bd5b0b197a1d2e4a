const express = require('express');
const app = express();
app.use(express.json());
app.get('/hi/:n', (q, r) => r.json({ n: q.params.n, q: q.query }));
app.post('/e', (q, r) => r.status(201).send(q.body.x + '!'));
app.use((q, r) => r.status(404).send('no'));
const s = app.listen(0, '127.0.0.1', async () => {
  const b = `http://127.0.0.1:${s.address().port}`;
  console.log(await (await fetch(b + '/hi/you?a=1')).json());
  console.log(await (await fetch(b + '/e', { method: 'POST', body: '{"x":"y"}', headers: { 'content-type': 'application/json' } })).text());
  const r = await fetch(b + '/z');
  console.log(r.status, await r.text(), r.headers.get('x-powered-by'), r.headers.get('etag'));
  s.close(() => console.log('closed'));
});
