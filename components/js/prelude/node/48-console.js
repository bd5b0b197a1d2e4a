// node:console: the console that is there, and Console, which writes to streams of the program.

const { ObjectDefineProperty, ObjectKeys } = internal.primordials;
const { modules } = internal;

// A console that writes to streams of the program.
const METHODS = { log: 0, info: 0, debug: 0, dirxml: 0, error: 1, warn: 1, trace: 1 };

class Console {
  #stdout;
  #stderr;
  #options;
  #indent = "";
  #counts = new Map();
  #times = new Map();

  constructor(options, stderr) {
    const given = typeof options?.write === "function" ? { stdout: options, stderr } : options ?? {};
    if (typeof given.stdout?.write !== "function") throw internal.nodeError(TypeError, "ERR_CONSOLE_WRITABLE_STREAM", "Console expects a writable stream instance for stdout");
    this.#stdout = given.stdout;
    this.#stderr = given.stderr ?? given.stdout;
    this.#options = given.inspectOptions;
    const names = Object.getOwnPropertyNames(Console.prototype);
    for (let i = 0; i < names.length; i++) if (names[i] !== "constructor") this[names[i]] = this[names[i]].bind(this);
  }
  static write(target, stderr, args) {
    let text = target.#options === undefined ? internal.format(args) : internal.util.formatWithOptions(target.#options, ...args);
    if (target.#indent !== "") text = `${target.#indent}${text.replaceAll("\n", `\n${target.#indent}`)}`;
    (stderr ? target.#stderr : target.#stdout).write(`${text}\n`);
  }
  assert(condition, ...args) {
    if (condition) return;
    if (typeof args[0] === "string") args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift("Assertion failed");
    this.warn(...args);
  }
  dir(value, options) {
    Console.write(this, false, [internal.inspect(value, { customInspect: false, ...options })]);
  }
  table(data, columns) {
    Console.write(this, false, [internal.tableText(data, columns) ?? data]);
  }
  group(...args) {
    if (args.length > 0) this.log(...args);
    this.#indent += "  ";
  }
  groupCollapsed(...args) {
    this.group(...args);
  }
  groupEnd() {
    this.#indent = this.#indent.slice(2);
  }
  count(label = "default") {
    const count = (this.#counts.get(`${label}`) ?? 0) + 1;
    this.#counts.set(`${label}`, count);
    this.log(`${label}: ${count}`);
  }
  countReset(label = "default") {
    this.#counts.delete(`${label}`);
  }
  time(label = "default") {
    this.#times.set(`${label}`, sys.nowMono());
  }
  timeLog(label = "default", ...data) {
    const start = this.#times.get(`${label}`);
    if (start !== undefined) this.log(`${label}: ${(sys.nowMono() - start).toFixed(3)}ms`, ...data);
  }
  timeEnd(label = "default") {
    this.timeLog(label);
    this.#times.delete(`${label}`);
  }
  clear() {}
}
for (const name of ObjectKeys(METHODS)) {
  internal.define(Console.prototype, name, { [name](...args) {
    Console.write(this, METHODS[name] === 1, args);
  } }[name]);
}
const global = globalThis.console;
internal.define(global, "Console", Console);
modules["node:console"] = global;
ObjectDefineProperty(global, "Console", { enumerable: true });
