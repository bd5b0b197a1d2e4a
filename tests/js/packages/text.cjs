const H = require('handlebars'),
  M = require('mustache'),
  yaml = require('js-yaml'),
  Y = require('yaml'),
  qs = require('qs'),
  { XMLParser, XMLBuilder } = require('fast-xml-parser'),
  marked = require('marked'),
  ejs = require('ejs'),
  { parse } = require('csv-parse/sync'),
  Papa = require('papaparse');
console.log(H.compile('{{#each a}}<{{this}}>{{/each}}')({ a: ['x', '<'] }), M.render('{{#a}}{{.}},{{/a}}', { a: [1, 2] }));
console.log(
  yaml.load('a: [1, {b: c}]\ne: |\n  x\n  y\n'),
  yaml.dump({ a: [1, 'two', null], b: { c: true } }),
  Y.parse('x: &a 1\ny: *a'),
  Y.stringify({ k: ['v', { z: 1.5 }] }),
);
console.log(
  qs.parse('a[b]=1&a[c][]=2&d=%C3%A4'),
  qs.stringify({ a: { b: [1, 2] } }),
  new XMLParser({ ignoreAttributes: false }).parse('<r a="1"><b>2</b><b>x &amp; y</b></r>'),
  new XMLBuilder().build({ r: { b: [1, 2] } }),
);
console.log(
  marked.parse('# Hi *there*\n\n- a\n- b\n\n`x<y`'),
  ejs.render('<% for (const x of l) { %><%= x %>;<% } %>', { l: ['<', 2] }),
  parse('a,b\n"1,2",3', { columns: true }),
  Papa.parse('x,y\n1,2', { header: true, dynamicTyping: true }).data,
  Papa.unparse([{ a: 'q"', b: 1 }]),
);
