'use strict';
// Crawls a site breadth-first within one host: robots.txt, at most N pages at a time, link extraction, a report of dead links.
const http = require('http');
const { URL } = require('url');
const { EventEmitter } = require('events');

function get(url, { timeout = 2000, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers: { 'User-Agent': 'tiny-crawler/1.0', ...headers } }, (response) => {
      const { statusCode } = response;
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ statusCode, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    request.setTimeout(timeout, () => request.destroy(new Error(`timed out after ${timeout} ms`)));
    request.on('error', reject);
  });
}

function post(url, data) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(data);
    const { hostname, port, pathname } = new URL(url);
    const req = http.request({ hostname, port, path: pathname, method: 'POST', headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }, (res) => {
      res.setEncoding('utf8');
      let text = '';
      res.on('data', (part) => { text += part; });
      res.on('end', () => resolve([res.statusCode, res.statusMessage, JSON.parse(text)]));
    });
    req.on('error', reject);
    req.write(body);
    req.end();
  });
}

class Crawler extends EventEmitter {
  constructor(start, { concurrency = 4, maxDepth = 5 } = {}) {
    super();
    this.start = new URL(start);
    this.concurrency = concurrency;
    this.maxDepth = maxDepth;
    this.seen = new Set();
    this.queue = [];
    this.active = 0;
    this.disallowed = [];
    this.pages = [];
  }

  async run() {
    const robots = await get(new URL('/robots.txt', this.start));
    if (robots.statusCode === 200) {
      this.disallowed = robots.body.split('\n').map((l) => l.match(/^Disallow:\s*(\S+)/i)?.[1]).filter(Boolean);
    }
    this.enqueue(this.start.href, 0, null);
    await new Promise((resolve) => this.once('idle', resolve));
    return this.pages.sort((a, b) => a.path.localeCompare(b.path));
  }

  enqueue(href, depth, from) {
    const url = new URL(href, from ?? undefined);
    url.hash = '';
    if (url.host !== this.start.host || depth > this.maxDepth || this.seen.has(url.href)) return;
    if (this.disallowed.some((prefix) => url.pathname.startsWith(prefix))) {
      this.emit('skipped', url.pathname);
      this.seen.add(url.href);
      return;
    }
    this.seen.add(url.href);
    this.queue.push({ url, depth });
    this.pump();
  }

  pump() {
    while (this.active < this.concurrency && this.queue.length > 0) {
      const { url, depth } = this.queue.shift();
      this.active++;
      this.visit(url, depth).finally(() => {
        this.active--;
        if (this.queue.length === 0 && this.active === 0) this.emit('idle');
        else this.pump();
      });
    }
  }

  async visit(url, depth) {
    try {
      const { statusCode, headers, body } = await get(url);
      if (statusCode >= 300 && statusCode < 400) {
        this.pages.push({ path: url.pathname, status: statusCode, to: headers.location });
        this.enqueue(headers.location, depth + 1, url);
        return;
      }
      const title = /<title>([^<]*)<\/title>/i.exec(body)?.[1] ?? null;
      const links = [...body.matchAll(/<a\s[^>]*href=(["'])(.*?)\1/gi)].map((m) => m[2]);
      this.pages.push({ path: url.pathname + url.search, status: statusCode, type: headers['content-type'], title, links: links.length });
      for (const link of links) if (URL.canParse(link, url)) this.enqueue(link, depth + 1, url);
    } catch (error) {
      this.pages.push({ path: url.pathname, error: error.code ?? error.message });
    }
  }
}

(async () => {
  const base = process.argv[2];
  const crawler = new Crawler(base, { concurrency: 3 });
  crawler.on('skipped', (path) => console.log('skipped', path));
  const pages = await crawler.run();
  for (const page of pages) console.log(page);
  console.log('dead:', pages.filter((p) => p.status >= 400 || p.error).map((p) => p.path));
  console.log(await post(new URL('/echo', base), { crawled: pages.length, text: 'ä' }));
  await get('http://127.0.0.1:59999/').catch((error) => console.log(error.code, error.syscall, error.port));
})();
