// Tasks: components that this program starts, with what it gives them of what it has.

const { b8g, define, defineLazy, errorOf, denied, ready, Holder, Channel, taking, newStream, StreamReader, StreamWriter, E } =
  internal;

const OP = { DUP: 1, SEND: 10, SPAWN: 21, TASK: 22, CHANNEL: 9, READ: 6 };
const CTL = { BLOB: 4, COMPILE: 96, NARROW: 97 };
const ROLE = {
  ARGS: 2, STDIN: 3, STDOUT: 4, STDERR: 5, FILES: 6, NET: 7, ENV: 8, CLOCK_REAL: 9, CLOCK_MONO: 10, RANDOM: 11,
  CHANNEL: 13, STREAM: 14, COMPILER: 15, KEYS: 16, SERVE: 17, COMPUTE: 19,
};
const VERB = { CANCEL: 1, KILL: 2, JOIN: 4, SUSPEND: 5, RESUME: 6, SNAPSHOT: 7 };
const KIND = { COMPONENT: 15 };
const LANGUAGE = { __proto__: null, wasm: 0, wat: 0, js: 1, javascript: 1, ts: 2, typescript: 2 };
const REASONS = [, "exit", "error", "timeout", "output", "trap", "memory", "policy", "cancelled"];
const READABLE = 1;
const WRITABLE = 2;
const GRACE = 1000;
const PIPE = 65536;
const ENDED_BYTES = 64;
const MESSAGE_ROOM = 4096;

const check = (result, doing, what) => {
  if (result < 0) throw errorOf(result, doing, what);
  return result;
};

// ---- components ----

// Code that can be started, or a task that was frozen.
class Component extends Holder {
  static handle(component) {
    return Holder.handle(component);
  }
}
define(Component.prototype, Symbol.toStringTag, "Component");
internal.arrived[KIND.COMPONENT] = (handle) => new Component(handle);
internal.Component = Component;

b8g.compile = function compile(source, options) {
  const name = String(options?.language ?? (typeof source === "string" ? "ts" : "wasm")).toLowerCase();
  const language = LANGUAGE[name];
  if (language === undefined) throw new TypeError('compile: language must be "js", "ts" or "wasm"');
  const compiler = sys.handle(ROLE.COMPILER);
  if (!compiler) throw errorOf(E.RIGHTS, "compile");
  const why = new Uint8Array(MESSAGE_ROOM);
  const handle = sys.ctl(compiler, CTL.COMPILE, source, why, language);
  if (handle === E.ARG && why[0] !== 0) {
    const end = why.indexOf(0);
    throw new SyntaxError(sys.utf8Decode(end < 0 ? why : why.subarray(0, end), false));
  }
  return new Component(check(handle, "compile"));
};

// ---- what a task is given ----

// A part of what this program may, as a handle of its own; all of it for `true`.
function narrowed(role, list, kind) {
  const handle = sys.handle(role);
  const own = handle ? sys.info(handle).rights : 0;
  if (list === true) return check(handle ? sys.op(OP.DUP, handle, own) : E.RIGHTS, `give ${kind}`);
  const entries = list.map((entry) => `${entry}\0`).join("");
  return check(handle ? sys.ctl(handle, CTL.NARROW, entries) : E.RIGHTS, `give ${kind}`, list.join(", "));
}

const listOf = (value, name) => {
  if (value === true || value === undefined || value === false || value === null) return value || [];
  const list = typeof value === "string" ? [value] : Array.from(value, String);
  for (const entry of list) if (entry.includes("\0")) throw new TypeError(`spawn: ${name} must not contain a NUL character`);
  return list;
};

function filesFor(read, write) {
  if (read === true && write === true) return narrowed(ROLE.FILES, true, "files");
  if (read === true || write === true) throw new TypeError("spawn: read and write are lists of paths, or both true");
  const entries = [...read.map((path) => `r${path}`), ...write.map((path) => `w${path}`)];
  return entries.length ? narrowed(ROLE.FILES, entries, "files") : 0;
}

// Collects handles for a task; gives those that are ours back if it cannot be started.
class Giving {
  #words = [];
  #made = [];
  #ours = [];
  #forgets = [];

  // A handle that was made for the task.
  made(role, handle) {
    this.#made.push(handle);
    this.#words.push(role, handle);
  }

  // A second handle to what this program has in that role, if it has that.
  own(role, other = role) {
    const handle = sys.handle(other);
    if (handle) this.made(role, check(sys.op(OP.DUP, handle, sys.info(handle).rights), "give"));
  }

  // Both ends of what is made for the task, and is of no use without it.
  ends(role, theirs, ours) {
    this.#ours.push(theirs, ours);
    this.taken(role, theirs);
    return ours;
  }

  // Something that is this program's until then.
  taken(role, resource) {
    const [handle, forget] = taking(resource);
    this.#forgets.push(forget);
    this.#words.push(role, handle);
  }

  start(component, limits) {
    const vector = new Uint32Array(this.#words);
    const task = sys.op(OP.SPAWN, component, vector, vector.length / 2, limits);
    if (task < 0) {
      this.drop();
      throw task === E.LIMIT ? errorOf(task, "start", "task: there are as many as there may be, or it is given too much") : errorOf(task, "start", "task");
    }
    for (const forget of this.#forgets) forget();
    return task;
  }

  drop() {
    for (const handle of this.#made) sys.close(handle);
    for (const end of this.#ours) end.close();
    this.#made = [];
    this.#ours = [];
  }
}

// Standard input, output or error of a task; gives our end if it is piped.
function standard(giving, role, value, isInput) {
  const name = isInput ? "stdin" : role === ROLE.STDOUT ? "stdout" : "stderr";
  if (value === "inherit") return giving.own(role), null;
  if (value === "null" || value === null) return null;
  if (value === "piped") {
    const { reader, writer } = newStream(1, PIPE);
    return isInput ? giving.ends(role, reader, writer) : giving.ends(role, writer, reader);
  }
  if (value instanceof StreamReader || value instanceof StreamWriter) return giving.taken(role, value), null;
  throw new TypeError(`spawn: ${name} must be "inherit", "piped", "null" or an end of a stream`);
}

const limit = (value, name, scale = 1) => {
  if (value === undefined || value === null) return 0n;
  if (!(value > 0)) throw new TypeError(`spawn: ${name} must be more than 0`);
  return BigInt(Math.ceil(value * scale));
};

// ---- tasks ----

// A running component. Awaiting it gives how it ended.
class Task {
  #handle;
  #status;
  #channel;
  #stdin;
  #stdout;
  #stderr;
  #asked = false;

  constructor(handle, parts) {
    this.#handle = handle;
    this.#channel = parts.channel;
    this.#stdin = parts.stdin;
    this.#stdout = parts.stdout;
    this.#stderr = parts.stderr;
  }

  static handle(task) {
    if (task.#handle < 0) throw errorOf(E.BADH, "use", "task");
    return task.#handle;
  }

  static verb(task, verb) {
    if (task.#handle >= 0) check(sys.op(OP.TASK, task.#handle, verb), "tell", "task");
  }

  // Its own channel to this program: the last of its `channels`.
  get channel() {
    this.#asked = true;
    return this.#channel;
  }
  get stdin() {
    return this.#stdin;
  }
  get stdout() {
    return this.#stdout;
  }
  get stderr() {
    return this.#stderr;
  }

  // How it ended: a promise.
  get status() {
    return (this.#status ??= this.#join());
  }

  async #join() {
    const ended = new Uint8Array(ENDED_BYTES);
    for (;;) {
      const handle = Task.handle(this);
      const joined = sys.op(OP.TASK, handle, VERB.JOIN, ended, ENDED_BYTES);
      if (joined >= 0) break;
      if (joined !== E.AGAIN) throw errorOf(joined, "wait for", "task");
      await ready(handle, READABLE);
    }
    const view = new DataView(ended.buffer);
    const word = (at) => Number(view.getBigUint64(at, true));
    const text = new Uint8Array(word(48));
    if (text.length) check(sys.op(OP.READ, Task.handle(this), text, text.length, 0), "read", "task");
    const [number, code] = [view.getUint32(0, true), view.getInt32(4, true)];
    this.close();
    return {
      success: number === 1 && code === 0,
      reason: REASONS[number] ?? "unknown",
      code,
      message: sys.utf8Decode(text, false),
      wall: word(8) / 1e6,
      cpu: word(16) / 1e6,
      memory: word(24),
      output: word(32),
      calls: word(40),
      refused: word(56),
    };
  }

  then(fulfilled, rejected) {
    return this.status.then(fulfilled, rejected);
  }
  catch(rejected) {
    return this.status.catch(rejected);
  }
  finally(settled) {
    return this.status.finally(settled);
  }

  // Asks it to stop: `cancelled` of its module "b8g" is aborted; without listeners it ends.
  cancel() {
    Task.verb(this, VERB.CANCEL);
  }
  // Stops it at once.
  kill() {
    Task.verb(this, VERB.KILL);
  }
  suspend() {
    Task.verb(this, VERB.SUSPEND);
  }
  resume() {
    Task.verb(this, VERB.RESUME);
  }

  // Freezes it where it waits; what is given can be started, as often as one likes, and goes on from there.
  async snapshot() {
    for (;;) {
      const handle = Task.handle(this);
      const made = sys.op(OP.TASK, handle, VERB.SNAPSHOT);
      if (made >= 0) return new Component(made);
      if (made !== E.AGAIN) throw errorOf(made, "freeze", "task");
      await ready(handle, WRITABLE);
    }
  }

  // Stops it, and waits until nothing of it is left.
  close() {
    if (this.#handle < 0) return;
    const handle = this.#handle;
    if (!this.#status) this.#status = Promise.reject(errorOf(E.CANCELED, "wait for", "task"));
    this.#status.catch(() => {});
    this.#handle = -1;
    sys.close(handle);
    // Nobody else could: what came over it and was not looked at is lost.
    if (!this.#asked) this.#channel.close();
  }

  [Symbol.dispose]() {
    this.close();
  }
  async [Symbol.asyncDispose]() {
    this.close();
  }
}
define(Task.prototype, Symbol.toStringTag, "Task");

// Starts a component, or a source text, as a task.
function start(what, options, serves) {
  options.signal?.throwIfAborted();
  const { signal, grace = GRACE, args = [], channels = [], streams = [], clocks = true, random = true, compute = true } = options;
  const limits = new BigUint64Array([
    limit(options.memory, "memory"), limit(options.timeout, "timeout", 1e6), limit(options.output, "output"), 0n,
  ]);
  const component = what instanceof Component ? what : b8g.compile(what, options);
  const giving = new Giving();
  const parts = {};
  let task;
  try {
    const text = Array.from(args, (arg) => `${arg}\0`).join("");
    giving.made(ROLE.ARGS, check(sys.ctl(0, CTL.BLOB, text), "give", "arguments"));
    const [read, write] = [listOf(options.read, "read"), listOf(options.write, "write")];
    const files = filesFor(read, write);
    if (files) giving.made(ROLE.FILES, files);
    for (const [role, name] of [[ROLE.NET, "net"], [ROLE.ENV, "env"]]) {
      const list = listOf(options[name], name);
      if (list === true || list.length) giving.made(role, narrowed(role, list, name));
    }
    if (clocks) for (const role of [ROLE.CLOCK_REAL, ROLE.CLOCK_MONO]) giving.own(role);
    if (random) giving.own(ROLE.RANDOM);
    if (compute) giving.own(ROLE.COMPUTE);
    if (options.tasks) giving.own(ROLE.COMPILER);
    if (options.keys) giving.own(ROLE.KEYS);
    parts.stdin = standard(giving, ROLE.STDIN, options.stdin ?? "null", true);
    parts.stdout = standard(giving, ROLE.STDOUT, options.stdout ?? "inherit", false);
    parts.stderr = standard(giving, ROLE.STDERR, options.stderr ?? "inherit", false);
    for (const channel of channels) giving.taken(ROLE.CHANNEL, channel);
    for (const stream of streams) giving.taken(ROLE.STREAM, stream);
    const [ours, theirs] = b8g.channel();
    parts.channel = giving.ends(serves ? ROLE.SERVE : ROLE.CHANNEL, theirs, ours);
    task = new Task(giving.start(Component.handle(component), limits), parts);
  } catch (error) {
    giving.drop();
    throw error;
  } finally {
    if (component !== what) component.close();
  }
  if (signal) {
    const stop = () => {
      task.cancel();
      setTimeout(() => task.kill(), grace);
    };
    signal.addEventListener("abort", stop, { once: true });
    task.status.finally(() => signal.removeEventListener("abort", stop)).catch(() => {});
  }
  return task;
}
internal.start = start;

b8g.spawn = function spawn(component, options) {
  return start(component, options ?? {}, false);
};

// ---- watching ----

// Starts a task, and again when it ends otherwise than well; resolves in how the last one ended.
b8g.supervise = async function supervise(begin, options) {
  const { restarts = Infinity, delay = 100, longest = 30000, always = false, signal, ended } = options ?? {};
  for (let count = 0, pause = delay; ; count++) {
    const began = Date.now();
    const task = begin(count);
    const stop = () => task.cancel?.();
    signal?.addEventListener("abort", stop, { once: true });
    // Whether it is a task or a promise of one: both resolve in how that ended.
    const status = await task;
    signal?.removeEventListener("abort", stop);
    ended?.(status, count);
    if (signal?.aborted || (status.success && !always) || count >= restarts) return status;
    // One that ran for a while begins anew.
    pause = Date.now() - began > longest ? delay : pause;
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (signal?.aborted) return status;
    pause = Math.min(pause * 2, longest);
  }
};

// ---- being a task ----

let cancelling = null;

defineLazy(b8g, "cancelled", () => {
  cancelling = new AbortController();
  return cancelling.signal;
});

// Called when whoever started this program asks it to stop. Without a signal that somebody holds it ends.
internal.cancelled = () => {
  if (!cancelling) return false;
  cancelling.abort();
  return true;
};
