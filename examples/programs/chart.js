#!/usr/bin/env node
'use strict';

// Draws a line and a bar chart of monthly figures as SVG, without any library.
const fs = require('fs');
const path = require('path');
const { createHash } = require('crypto');

const data = [
  { month: 'Jan', visits: 1204, sales: 32 },
  { month: 'Feb', visits: 1399, sales: 41 },
  { month: 'Mar', visits: 1711, sales: 55.5 },
  { month: 'Apr', visits: 1650, sales: 48 },
  { month: 'May', visits: 2103, sales: 71 },
  { month: 'Jun', visits: 1987, sales: 66 },
];

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { top: 30, right: 50, bottom: 40, left: 60 };

const escapeXml = (s) => String(s).replace(/[<>&'"]/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&apos;', '"': '&quot;' })[c]);

function el(name, attributes = {}, ...children) {
  const attrs = Object.entries(attributes)
    .filter(([, v]) => v !== undefined && v !== null)
    .map(([k, v]) => ` ${k === 'viewBox' ? k : k.replace(/[A-Z]/g, (c) => '-' + c.toLowerCase())}="${escapeXml(typeof v === 'number' ? +v.toFixed(2) : v)}"`)
    .join('');
  const inner = children.flat(Infinity).join('');
  return inner ? `<${name}${attrs}>${inner}</${name}>` : `<${name}${attrs}/>`;
}

function niceTicks(min, max, count = 5) {
  const span = max - min || 1;
  const step0 = Math.pow(10, Math.floor(Math.log10(span / count)));
  const err = span / count / step0;
  const step = step0 * (err >= 7.5 ? 10 : err >= 3.5 ? 5 : err >= 1.5 ? 2 : 1);
  const ticks = [];
  for (let t = Math.ceil(min / step) * step; t <= max + 1e-9; t += step) ticks.push(t);
  return ticks;
}

const scale = (domain, range) => (x) => range[0] + ((x - domain[0]) / (domain[1] - domain[0])) * (range[1] - range[0]);

function smoothPath(points) {
  return points.reduce((d, [x, y], i) => {
    if (i === 0) return `M${x.toFixed(1)},${y.toFixed(1)}`;
    const [px, py] = points[i - 1];
    const mx = ((px + x) / 2).toFixed(1);
    return `${d} C${mx},${py.toFixed(1)} ${mx},${y.toFixed(1)} ${x.toFixed(1)},${y.toFixed(1)}`;
  }, '');
}

function chart(rows, { title }) {
  const inner = { w: WIDTH - MARGIN.left - MARGIN.right, h: HEIGHT - MARGIN.top - MARGIN.bottom };
  const maxVisits = Math.max(...rows.map((r) => r.visits));
  const y = scale([0, maxVisits * 1.1], [inner.h, 0]);
  const y2 = scale([0, Math.max(...rows.map((r) => r.sales)) * 1.5], [inner.h, 0]);
  const band = inner.w / rows.length;

  const grid = niceTicks(0, maxVisits).map((t) =>
    el('g', { class: 'tick' },
      el('line', { x1: 0, x2: inner.w, y1: y(t), y2: y(t), stroke: '#ddd' }),
      el('text', { x: -8, y: y(t), textAnchor: 'end', dominantBaseline: 'middle', fontSize: 11 }, String(t).replace(/\B(?=(\d{3})+$)/g, ','))));

  const bars = rows.map((r, i) => el('rect', {
    x: i * band + band * 0.2, y: y2(r.sales), width: band * 0.6, height: inner.h - y2(r.sales), fill: `hsl(${200 + i * 12}, 60%, 70%)`,
  }, el('title', {}, escapeXml(`${r.month}: ${r.sales} k€`))));

  const line = el('path', { d: smoothPath(rows.map((r, i) => [i * band + band / 2, y(r.visits)])), fill: 'none', stroke: 'crimson', strokeWidth: 2.5 });
  const labels = rows.map((r, i) => el('text', { x: i * band + band / 2, y: inner.h + 20, textAnchor: 'middle', fontSize: 12 }, r.month));

  return '<?xml version="1.0" encoding="UTF-8"?>\n' + el('svg', { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, fontFamily: 'sans-serif' },
    el('text', { x: WIDTH / 2, y: 18, textAnchor: 'middle', fontWeight: 'bold' }, escapeXml(title)),
    el('g', { transform: `translate(${MARGIN.left},${MARGIN.top})` }, grid, bars, line, labels)) + '\n';
}

function main(argv) {
  const outDir = argv[0] || path.join(__dirname, 'out');
  if (!fs.existsSync(outDir)) fs.mkdirSync(outDir, { recursive: true });
  const file = path.join(outDir, 'chart.svg');
  const svg = chart(data, { title: 'Visits & "sales" <2024>' });
  fs.writeFileSync(file, svg, 'utf8');
  const { size } = fs.statSync(file);
  console.log(`wrote ${path.basename(file)} (${size} bytes)`);
  console.log('sha256', createHash('sha256').update(fs.readFileSync(file)).digest('hex'));
  console.log('elements', (svg.match(/<[a-z]+/g) || []).length, 'well-formed', wellFormed(svg));
  console.log(niceTicks(0, 2103), niceTicks(-1, 1, 4));
  process.stdout.write(svg);
}

function wellFormed(xml) {
  const stack = [];
  for (const [, close, name, selfClosing] of xml.matchAll(/<(\/?)([a-zA-Z]+)[^<>]*?(\/?)>/g)) {
    if (selfClosing) continue;
    if (!close) stack.push(name);
    else if (stack.pop() !== name) return false;
  }
  return stack.length === 0;
}

module.exports = { chart, niceTicks };

if (require.main === module) {
  main(process.argv.slice(2));
}
