// A small HTTP service over notes in memory, with routing, JSON bodies, errors and a graceful end; it tries itself out and stops.
import { createServer } from 'node:http';
import { once } from 'node:events';

class HttpError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const notes = new Map();
let nextId = 1;

const routes = [
  ['GET', /^\/notes$/, () => ({ body: [...notes.values()] })],
  ['POST', /^\/notes$/, async (req) => {
    const { title, text = '' } = await readJson(req);
    if (typeof title !== 'string' || !title.trim()) throw new HttpError(422, 'a title is needed');
    const note = { id: nextId++, title: title.trim(), text };
    notes.set(note.id, note);
    return { status: 201, body: note, headers: { Location: `/notes/${note.id}` } };
  }],
  ['GET', /^\/notes\/(?<id>\d+)$/, (_req, { id }) => ({ body: find(id) })],
  ['DELETE', /^\/notes\/(?<id>\d+)$/, (_req, { id }) => {
    notes.delete(find(id).id);
    return { status: 204 };
  }],
  ['GET', /^\/crash$/, () => { throw new TypeError('a bug'); }],
];

function find(id) {
  const note = notes.get(Number(id));
  if (!note) throw new HttpError(404, `no note ${id}`);
  return note;
}

async function readJson(req, limit = 10_000) {
  let size = 0;
  const chunks = [];
  for await (const chunk of req) {
    size += chunk.length;
    if (size > limit) throw new HttpError(413, 'too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new HttpError(400, 'no JSON');
  }
}

async function handle(req, res) {
  const started = performance.now();
  res.on('finish', () => {
    const took = performance.now() - started;
    console.log(`${req.method} ${req.url} -> ${res.statusCode}${took < 60_000 ? '' : ' (slow)'}`);
  });
  try {
    const { pathname } = new URL(req.url, `http://${req.headers.host}`);
    const matching = routes.filter(([, pattern]) => pattern.test(pathname));
    if (matching.length === 0) throw new HttpError(404, `nothing at ${pathname}`);
    const route = matching.find(([method]) => method === req.method);
    if (!route) throw Object.assign(new HttpError(405, 'not allowed'), { allow: matching.map(([m]) => m).join(', ') });
    const { status = 200, body, headers = {} } = await route[2](req, route[1].exec(pathname).groups ?? {});
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    res.end(body === undefined ? undefined : JSON.stringify(body));
  } catch (error) {
    const status = error.status ?? 500;
    if (status === 500) console.log('bug:', error.message);
    if (error.allow) res.setHeader('Allow', error.allow);
    res.statusCode = status;
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ error: status === 500 ? 'internal error' : error.message }));
  }
}

const server = createServer(handle);
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
await once(server, 'listening');
const { port, family, address } = server.address();
console.log(`listening at ${address} (${family}), a port is given: ${port > 0}`);

const base = `http://127.0.0.1:${port}`;
async function call(method, path, body, raw = false) {
  const response = await fetch(base + path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return [response.status, response.headers.get('location') ?? response.headers.get('allow'), text ? JSON.parse(text) : null];
}

console.log(await call('GET', '/notes'));
console.log(await call('POST', '/notes', { title: ' Milk ', text: 'two litres' }));
console.log(await call('POST', '/notes', { title: 'Ünïcode 🎈' }));
console.log(await call('POST', '/notes', { text: 'no title' }));
console.log(await call('POST', '/notes', '{not json', true));
console.log(await call('POST', '/notes', { title: 'x'.repeat(20_000) }));
console.log(await call('GET', '/notes/2'));
console.log(await call('DELETE', '/notes/1'));
console.log(await call('GET', '/notes/1'));
console.log(await call('PATCH', '/notes/2'));
console.log(await call('GET', '/crash'));
const all = await Promise.all(Array.from({ length: 10 }, (_, i) => call('POST', '/notes', { title: `n${i}` })));
console.log(all.every(([status]) => status === 201), (await call('GET', '/notes'))[2].length);

server.closeAllConnections?.();
server.close(() => console.log('closed'));
