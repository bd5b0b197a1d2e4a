// console. Start at `write`.
// Invariants: one write for each call; the methods need no `this`; no value that is shown makes one throw (a label is converted
// by the guest's own toString, which may), but a full disk does; logging one string outside of a group costs one
// concatenation and the write.

const { toDOMString } = internal.idl;
const { inspect, format } = internal;
const { attempt } = internal.inspectName;
const captureStackTrace = Error.captureStackTrace;
const STDOUT = 4;
const STDERR = 5;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// The number of the first error that is the system's own: a full disk, say.
const SYSTEM_ERROR = -256;

let indent = "";
const counts = new Map();
const timers = new Map();

// What a program prints must not get lost in silence; that it was granted no output is no error, and neither is what
// cannot be written to standard error: there is nowhere to tell of it.
function print(role, text) {
  const result = sys.print(role, text);
  if (result <= SYSTEM_ERROR && role === STDOUT) throw internal.errorOf(result, "write to standard output");
}

function write(role, text) {
  if (indent !== "") text = `${indent}${text.includes("\n") ? text.replaceAll("\n", `\n${indent}`) : text}`;
  print(role, `${text}\n`);
}

function writeAll(role, args) {
  write(role, format(args));
}

function pad(value) {
  return `${value}`.padStart(2, "0");
}

// 12.3ms, 1.234s, 2:03.456 (m:ss.mmm)
function duration(ms) {
  if (ms < SECOND) return `${+ms.toFixed(3)}ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(3)}s`;
  const hours = Math.floor(ms / HOUR);
  const minutes = Math.floor((ms % HOUR) / MINUTE);
  const [seconds, fraction] = ((ms % MINUTE) / SECOND).toFixed(3).split(".");
  return `${hours > 0 ? `${hours}:${pad(minutes)}` : minutes}:${pad(seconds)}.${fraction} (${hours > 0 ? "h:m" : ""}m:ss.mmm)`;
}

function logTime(name, label, data) {
  const started = timers.get(label);
  if (started === undefined) {
    write(STDERR, `Warning: No such label '${label}' for ${name}`);
    return;
  }
  const text = `${label}: ${duration(sys.nowMono() - started)}`;
  write(STDOUT, data.length === 0 ? text : `${text} ${data.map((item) => format([item])).join(" ")}`);
}

const methods = {
  debug(...data) { writeAll(STDOUT, data); },
  error(...data) { writeAll(STDERR, data); },
  info(...data) { writeAll(STDOUT, data); },
  log(...data) {
    if (data.length === 1 && indent === "" && typeof data[0] === "string") print(STDOUT, data[0] + "\n");
    else write(STDOUT, format(data));
  },
  warn(...data) { writeAll(STDERR, data); },
  trace(...data) {
    const holder = {};
    captureStackTrace(holder, methods.trace);
    const message = format(data);
    // Engines differ in whether the stack begins with a heading of its own.
    const frames = attempt(() => `${holder.stack}`, "").replace(/^(?!\s*at ).*\n/, "").trimEnd();
    write(STDERR, `Trace${message === "" ? "" : `: ${message}`}${frames === "" ? "" : `\n${frames}`}`);
  },
  assert(condition = false, ...data) {
    if (condition) return;
    if (data.length > 0 && typeof data[0] === "string") data[0] = `Assertion failed: ${data[0]}`;
    else data.unshift(data.length > 0 ? "Assertion failed:" : "Assertion failed");
    writeAll(STDERR, data);
  },
  dir(item = undefined, options = undefined) {
    const given = typeof options === "object" ? options : undefined;
    write(STDOUT, attempt(() => inspect(item, { customInspect: false, ...given }), "[Inspection failed]"));
  },
  dirxml(...data) { writeAll(STDOUT, data); },
  table(tabularData = undefined, properties = undefined) {
    const text = attempt(() => internal.tableText(tabularData, properties), undefined);
    write(STDOUT, text ?? format([tabularData]));
  },
  group(...data) {
    if (data.length > 0) writeAll(STDOUT, data);
    indent += "  ";
  },
  groupCollapsed(...data) { methods.group(...data); },
  groupEnd() { indent = indent.slice(2); },
  count(label = "default") {
    const name = toDOMString(label);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    write(STDOUT, `${name}: ${count}`);
  },
  countReset(label = "default") {
    const name = toDOMString(label);
    if (!counts.delete(name)) write(STDERR, `Warning: Count for '${name}' does not exist`);
  },
  time(label = "default") {
    const name = toDOMString(label);
    if (timers.has(name)) write(STDERR, `Warning: Label '${name}' already exists for console.time()`);
    else timers.set(name, sys.nowMono());
  },
  timeLog(label = "default", ...data) {
    logTime("console.timeLog()", toDOMString(label), data);
  },
  timeEnd(label = "default") {
    const name = toDOMString(label);
    logTime("console.timeEnd()", name, []);
    timers.delete(name);
  },
};

const console = Object.create({});
for (const key of Object.keys(methods)) console[key] = methods[key];
Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
internal.define(globalThis, "console", console);
