// performance: the monotonic clock, and User Timing's marks and measures.
// Invariant: no clock is read while the heap is prepared. `sys.nowMono` counts from the start of the program.

const { KEY, expose, illegalConstructor, need, toDOMString, toDictionary, isObject, brands, inspectors } = internal.idl;
const { DOMException, EventTarget, structuredClone } = internal;

const { nowMono: now, nowReal } = sys;
let timeOrigin;
let renewing = false;
// The moment at which the clock of `now` stood at 0.
function origin() {
  if (timeOrigin === undefined) timeOrigin = nowReal() - now();
  if (!renewing) {
    renewing = true;
    internal.renewing(() => (timeOrigin = undefined));
  }
  return timeOrigin;
}

class PerformanceEntry {
  #name;
  #startTime;
  #duration;
  constructor(key = undefined, name, startTime, duration) {
    if (key !== KEY) illegalConstructor();
    this.#name = name;
    this.#startTime = startTime;
    this.#duration = duration;
  }
  get name() { return this.#name; }
  get entryType() {
    this.#name;
    return "";
  }
  get startTime() { return this.#startTime; }
  get duration() { return this.#duration; }
  toJSON() {
    this.#name;
    const { name, entryType, startTime, duration } = this;
    return { name, entryType, startTime, duration };
  }
  static {
    brands.push((value) => isObject(value) && #name in value);
  }
}
Object.defineProperty(PerformanceEntry, "length", { value: 0, configurable: true });
expose(PerformanceEntry);

function timestamp(value, what) {
  const time = +value;
  if (!(time - time === 0)) throw new TypeError(`${what} is not a finite number`);
  if (time < 0) throw new TypeError(`${what} must not be negative`);
  return time;
}

class PerformanceMark extends PerformanceEntry {
  #detail;
  constructor(markName, markOptions = undefined) {
    need(arguments.length, 1, "PerformanceMark");
    const { detail, startTime } = toDictionary(markOptions, "PerformanceMark: markOptions") ?? {};
    super(KEY, toDOMString(markName), startTime === undefined ? now() : timestamp(startTime, "PerformanceMark: startTime"), 0);
    this.#detail = detail === undefined || detail === null ? null : structuredClone(detail);
  }
  get entryType() {
    this.#detail;
    return "mark";
  }
  get detail() { return this.#detail; }
  toJSON() {
    return { ...super.toJSON(), detail: this.#detail };
  }
}
expose(PerformanceMark);

class PerformanceMeasure extends PerformanceEntry {
  #detail;
  constructor(key = undefined, name, startTime, duration, detail) {
    super(key, name, startTime, duration);
    this.#detail = detail;
  }
  get entryType() {
    this.#detail;
    return "measure";
  }
  get detail() { return this.#detail; }
  toJSON() {
    return { ...super.toJSON(), detail: this.#detail };
  }
}
Object.defineProperty(PerformanceMeasure, "length", { value: 0, configurable: true });
expose(PerformanceMeasure);

for (const Class of [PerformanceMark, PerformanceMeasure]) {
  inspectors.set(Class.prototype, (entry, show) => show(entry, ["name", "entryType", "startTime", "duration", "detail"]));
}

class Performance extends EventTarget {
  #entries = [];
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
    super();
  }
  get timeOrigin() {
    this.#entries;
    return origin();
  }
  now() {
    this.#entries;
    return now();
  }
  mark(markName, markOptions = undefined) {
    this.#entries;
    need(arguments.length, 1, "performance.mark");
    const mark = new PerformanceMark(markName, markOptions);
    insert(this.#entries, mark);
    return mark;
  }
  measure(measureName, startOrMeasureOptions = undefined, endMark = undefined) {
    const entries = this.#entries;
    need(arguments.length, 1, "performance.measure");
    const name = toDOMString(measureName);
    const options = isObject(startOrMeasureOptions) ? checkOptions(startOrMeasureOptions, endMark) : undefined;
    const end = endTime(entries, options, endMark);
    const start = startTime(entries, options, startOrMeasureOptions);
    const detail = options?.detail === undefined || options.detail === null ? null : structuredClone(options.detail);
    const measure = new PerformanceMeasure(KEY, name, start, end - start, detail);
    insert(entries, measure);
    return measure;
  }
  clearMarks(markName = undefined) {
    this.#entries = without(this.#entries, "mark", markName);
  }
  clearMeasures(measureName = undefined) {
    this.#entries = without(this.#entries, "measure", measureName);
  }
  getEntries() {
    return [...this.#entries];
  }
  getEntriesByType(type) {
    need(arguments.length, 1, "performance.getEntriesByType");
    const wanted = toDOMString(type);
    return this.#entries.filter((entry) => entry.entryType === wanted);
  }
  getEntriesByName(name, type = undefined) {
    need(arguments.length, 1, "performance.getEntriesByName");
    const wanted = toDOMString(name);
    const kind = type === undefined ? undefined : toDOMString(type);
    return this.#entries.filter((entry) => entry.name === wanted && (kind === undefined || entry.entryType === kind));
  }
  toJSON() {
    this.#entries;
    return { timeOrigin: this.timeOrigin };
  }
}
expose(Performance);
inspectors.set(Performance.prototype, (performance, show) => show(performance, ["timeOrigin"]));

// Entries are kept in the order of their start, which is nearly always the order of arrival.
function insert(entries, entry) {
  let at = entries.length;
  while (at > 0 && entries[at - 1].startTime > entry.startTime) at--;
  entries.splice(at, 0, entry);
}

function without(entries, type, name) {
  const wanted = name === undefined ? undefined : toDOMString(name);
  return entries.filter((entry) => entry.entryType !== type || (wanted !== undefined && entry.name !== wanted));
}

function checkOptions(given, endMark) {
  const { start, end, duration, detail } = given;
  const empty = start === undefined && end === undefined && duration === undefined && detail === undefined;
  if (empty) return { start, end, duration, detail };
  if (endMark !== undefined) throw new TypeError("performance.measure: endMark and options exclude each other");
  if (start === undefined && end === undefined) throw new TypeError("performance.measure: start or end is required");
  if (start !== undefined && end !== undefined && duration !== undefined) {
    throw new TypeError("performance.measure: start, end and duration exclude each other");
  }
  return { start, end, duration, detail };
}

function resolveMark(entries, mark) {
  if (typeof mark === "number") return timestamp(mark, "performance.measure: a timestamp");
  const name = toDOMString(mark);
  for (let i = entries.length - 1; i >= 0; i--) {
    if (entries[i].entryType === "mark" && entries[i].name === name) return entries[i].startTime;
  }
  throw new DOMException(`The mark '${name}' does not exist.`, "SyntaxError");
}

function endTime(entries, options, endMark) {
  if (endMark !== undefined) return resolveMark(entries, endMark);
  if (options?.end !== undefined) return resolveMark(entries, options.end);
  if (options?.start !== undefined && options.duration !== undefined) {
    return resolveMark(entries, options.start) + resolveMark(entries, +options.duration);
  }
  return now();
}

function startTime(entries, options, startMark) {
  if (options?.start !== undefined) return resolveMark(entries, options.start);
  if (options?.duration !== undefined && options.end !== undefined) {
    return resolveMark(entries, options.end) - resolveMark(entries, +options.duration);
  }
  return options === undefined && startMark !== undefined && startMark !== null ? resolveMark(entries, startMark) : 0;
}

internal.define(globalThis, "performance", new Performance(KEY));
