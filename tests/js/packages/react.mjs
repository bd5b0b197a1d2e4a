import React from 'react';
import { renderToString, renderToStaticMarkup, renderToPipeableStream } from 'react-dom/server';
import { PassThrough } from 'stream';
const h = React.createElement;
function C({ n }) {
  const [x] = React.useState(n * 2);
  return h('b', { className: 'q', style: { color: 'red' } }, x);
}
console.log(
  renderToString(
    h(
      'div',
      { 'data-x': '"' },
      [1, 2].map((n) => h(C, { n, key: n })),
      '<&',
    ),
  ),
  renderToStaticMarkup(h('p', null, 'hi')),
);
const s = renderToPipeableStream(h('main', null, h(C, { n: 4 })), {
  onAllReady() {
    const p = new PassThrough();
    let t = '';
    p.on('data', (d) => (t += d)).on('end', () => console.log(t));
    s.pipe(p);
  },
});
