// Reads an access log line by line and prints a report: status classes, top clients, slow hours, suspicious requests.
import fs from 'node:fs';
import readline from 'node:readline';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventEmitter, once } from 'node:events';

const __filename = fileURLToPath(import.meta.url);
const __dirname = path.dirname(__filename);

const LINE = /^(?<ip>\S+) \S+ (?<user>\S+) \[(?<time>[^\]]+)\] "(?<method>[A-Z]+) (?<target>\S+) HTTP\/(?<version>[\d.]+)" (?<status>\d{3}) (?<bytes>\d+|-) "(?<referer>[^"]*)" "(?<agent>[^"]*)"$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function parseTime(text) {
  const [, day, month, year, h, m, s, zone] = /^(\d+)\/(\w+)\/(\d+):(\d+):(\d+):(\d+) ([+-]\d{4})$/.exec(text);
  const iso = `${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, '0')}-${day}T${h}:${m}:${s}${zone.slice(0, 3)}:${zone.slice(3)}`;
  return new Date(iso);
}

class LogReader extends EventEmitter {
  #count = 0;
  #bad = 0;

  constructor(file) {
    super({ captureRejections: true });
    this.file = file;
  }

  get stats() {
    return { lines: this.#count, bad: this.#bad };
  }

  async run() {
    const input = fs.createReadStream(this.file, { encoding: 'utf8', highWaterMark: 256 });
    const lines = readline.createInterface({ input, crlfDelay: Infinity });
    for await (const line of lines) {
      this.#count++;
      const match = LINE.exec(line);
      if (!match) {
        this.#bad++;
        this.emit('bad', line, this.#count);
        continue;
      }
      const { groups } = match;
      this.emit('entry', {
        ...groups,
        time: parseTime(groups.time),
        status: Number(groups.status),
        bytes: groups.bytes === '-' ? 0 : Number(groups.bytes),
        url: new URL(groups.target, 'http://localhost'),
      });
    }
    this.emit('end', this.stats);
  }
}

class Counter extends Map {
  add(key, n = 1) {
    this.set(key, (this.get(key) ?? 0) + n);
    return this;
  }
  top(n) {
    return [...this].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, n);
  }
}

const clients = new Counter();
const statuses = new Counter();
const hours = new Counter();
const pages = new Counter();
const suspicious = [];

const file = process.argv[2] ?? path.join(__dirname, 'data', 'access.log');
const reader = new LogReader(file);
reader
  .on('entry', (e) => {
    clients.add(e.ip, e.bytes);
    statuses.add(`${Math.floor(e.status / 100)}xx`);
    hours.add(e.time.toISOString().slice(0, 13) + ':00Z');
    pages.add(e.url.pathname);
    if (/\.\.|sqlmap|passwd/i.test(`${e.target} ${e.agent}`)) suspicious.push(e);
  })
  .on('bad', (line, n) => console.warn('line %d is no log line: %j', n, line));

const ended = once(reader, 'end');
await reader.run();
const [{ lines, bad }] = await ended;

const bar = (n, max, width = 20) => '█'.repeat(Math.round((n / max) * width)).padEnd(width, '·');

console.log(`${lines} lines, ${bad} bad`);
console.group('Status');
for (const [status, n] of [...statuses].sort()) console.log(`${status} ${bar(n, Math.max(...statuses.values()))} ${n}`);
console.groupEnd();
console.group('Clients by bytes');
for (const [ip, bytes] of clients.top(3)) console.log(`${ip.padEnd(16)} ${(bytes / 1024).toFixed(1).padStart(8)} KiB`);
console.groupEnd();
console.log('Hours:', Object.fromEntries(hours.top(5)));
console.log('Pages:', pages);
console.log('Query:', [...new URLSearchParams('page=2&sort=name%20asc&sort=x')]);
if (suspicious.length > 0) {
  console.log('Suspicious:');
  console.dir(suspicious.map(({ ip, method, time, url, agent }) => ({ ip, method, time, url: url.href, agent })), { depth: null });
}
