// Date arithmetic: ISO weeks, business days, recurring events, durations, and a calendar in text. Everything is in UTC.
import assert from 'node:assert/strict';
import { format, inspect } from 'node:util';

const DAY = 24 * 60 * 60 * 1000;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

const utc = (y, m, d, ...rest) => new Date(Date.UTC(y, m - 1, d, ...rest));
const isoDate = (date) => date.toISOString().split('T')[0];
const addDays = (date, n) => new Date(date.getTime() + n * DAY);

function addMonths(date, n) {
  const result = new Date(date);
  const day = result.getUTCDate();
  result.setUTCDate(1);
  result.setUTCMonth(result.getUTCMonth() + n);
  const last = new Date(Date.UTC(result.getUTCFullYear(), result.getUTCMonth() + 1, 0)).getUTCDate();
  result.setUTCDate(Math.min(day, last));
  return result;
}

function isoWeek(date) {
  const d = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()));
  d.setUTCDate(d.getUTCDate() + 4 - (d.getUTCDay() || 7));
  const yearStart = new Date(Date.UTC(d.getUTCFullYear(), 0, 1));
  return { year: d.getUTCFullYear(), week: Math.ceil(((d - yearStart) / DAY + 1) / 7) };
}

function easter(year) {
  const a = year % 19, b = Math.floor(year / 100), c = year % 100;
  const d = b >> 2, e = b % 4, f = Math.floor((b + 8) / 25), g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30, i = c >> 2, k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7, m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  return utc(year, month, ((h + l - 7 * m + 114) % 31) + 1);
}

function* every(rule) {
  const { start, freq, interval = 1, until, count = Infinity, byDay } = rule;
  let n = 0;
  for (let step = 0; ; step++) {
    const base = freq === 'monthly' ? addMonths(start, step * interval) : addDays(start, step * interval * (freq === 'weekly' ? 7 : 1));
    const days = freq === 'weekly' && byDay
      ? byDay.map((name) => addDays(base, (WEEKDAYS.indexOf(name) - base.getUTCDay() + 7) % 7)).sort((a, b) => a - b)
      : [base];
    for (const day of days) {
      if ((until && day > until) || n++ >= count) return;
      yield day;
    }
  }
}

function businessDays(from, to, holidays = new Set()) {
  let n = 0;
  for (let d = from; d < to; d = addDays(d, 1)) {
    if (![0, 6].includes(d.getUTCDay()) && !holidays.has(isoDate(d))) n++;
  }
  return n;
}

function duration(ms) {
  const parts = [['d', DAY], ['h', 3600e3], ['m', 60e3], ['s', 1e3]];
  let rest = Math.abs(ms);
  const text = parts.flatMap(([unit, size]) => {
    const n = Math.floor(rest / size);
    rest %= size;
    return n ? [`${n}${unit}`] : [];
  }).join(' ');
  return (ms < 0 ? '-' : '') + (text || '0s');
}

function monthText(year, month) {
  const first = utc(year, month, 1);
  const days = utc(year, month + 1, 0).getUTCDate();
  const cells = [...Array((first.getUTCDay() + 6) % 7).fill('  '), ...Array.from({ length: days }, (_, i) => String(i + 1).padStart(2))];
  const rows = [];
  while (cells.length) rows.push(cells.splice(0, 7).join(' '));
  return [`${isoDate(first).slice(0, 7)}`.padStart(13), 'Mo Tu We Th Fr Sa Su', ...rows].join('\n');
}

assert.deepEqual(isoWeek(utc(2021, 1, 3)), { year: 2020, week: 53 });
assert.equal(isoDate(addMonths(utc(2024, 1, 31), 1)), '2024-02-29');
assert.throws(() => utc(NaN, 1, 1).toISOString(), RangeError);

console.log(monthText(2024, 2));
console.log('easter', [2023, 2024, 2025, 2038].map(easter).map(isoDate).join(' '));
console.log('weeks', [[2015, 12, 31], [2018, 12, 31], [2020, 12, 31], [2024, 12, 30]].map((d) => format('%j', isoWeek(utc(...d)))).join(' '));
for (const rule of [
  { start: utc(2024, 1, 31), freq: 'monthly', count: 5 },
  { start: utc(2024, 2, 26), freq: 'weekly', byDay: ['Fri', 'Tue'], until: utc(2024, 3, 15) },
  { start: utc(2024, 2, 27), freq: 'daily', interval: 2, count: 3 },
]) {
  console.log(rule.freq.padEnd(8), Array.from(every(rule), isoDate).join(', '));
}
console.log('business days', businessDays(utc(2024, 3, 25), utc(2024, 4, 8), new Set(['2024-03-29', '2024-04-01'])));
console.log('durations', [0, 1000, 93784e3, -3.6e6, utc(2024, 3, 1) - utc(2024, 2, 1)].map(duration));
console.log('parse', ['2024-02-30', '2024-02-29T12:00:00.5+02:00', 'Thu, 01 Jan 1970 00:00:01 GMT', '2024-06-01T00:00Z', 'nonsense']
  .map((text) => new Date(text)).map((d) => (Number.isNaN(d.valueOf()) ? 'invalid' : d.toJSON())));
console.log(inspect(utc(1969, 12, 31, 23, 59, 59, 999)), +utc(1969, 12, 31, 23, 59, 59, 999), utc(-1, 1, 1).toISOString());
console.log(new Date(8.64e15).toISOString(), String(new Date(NaN)), utc(2024, 2, 29).toUTCString());
console.log(JSON.stringify({ when: utc(2000, 1, 1), nested: [utc(1999, 12, 31)] }), structuredClone({ d: utc(2001, 2, 3) }));
