// node:readline and node:readline/promises: lines of a stream. There is no terminal: what is typed arrives as it was sent.
// Start at Interface.

const {
  ArrayPrototypePush, ArrayPrototypeShift, Promise, RegExpPrototypeSymbolSplit, StringPrototypeSlice, StringPrototypeCharCodeAt,
} = internal.primordials;
const { ObjectDefineProperty, ObjectSetPrototypeOf, ReflectConstruct } = internal.primordials;
const { EventEmitter, modules, nodeError, checkArgument: check, AbortError } = internal;
const { StringDecoder } = modules["node:string_decoder"];
const LINE_END = /\r\n|\n|\r(?!$)|[\u2028\u2029]/;
const ESC = "\u001b";
const CARRIAGE_RETURN = 13;
const customPromisify = Symbol.for("nodejs.util.promisify.custom");

class InterfaceBase extends EventEmitter {
  #decoder;
  #rest = "";
  #return = false; // the text so far ended in a carriage return
  #question = null;
  #prompt = "> ";
  #onData;
  #onEnd;
  #lines = null;

  constructor(input, output, completer, terminal) {
    super();
    let options = input;
    if (input?.input === undefined || typeof input.input !== "object") options = { input, output, completer, terminal };
    check.object(options, "options");
    if (options.input === undefined || options.input === null) throw internal.invalidType("input", "an instance of Stream", options.input);
    if (options.signal) {
      check.signal(options.signal, "options.signal");
      if (options.signal.aborted) internal.nextTick(() => this.close());
      else options.signal.addEventListener("abort", () => this.close(), { once: true });
    }
    this.input = options.input;
    this.output = options.output;
    this.completer = options.completer;
    this.terminal = false;
    this.line = "";
    this.cursor = 0;
    this.closed = false;
    this.paused = false;
    this.history = [];
    this.crlfDelay = options.crlfDelay ?? 100;
    if (options.prompt !== undefined) this.#prompt = `${options.prompt}`;
    this.#decoder = new StringDecoder("utf8");
    this.#onData = (chunk) => this.#take(typeof chunk === "string" ? chunk : this.#decoder.write(chunk));
    this.#onEnd = () => {
      const last = this.#rest + this.#decoder.end();
      this.#rest = "";
      if (last !== "") this.#line(last);
      this.close();
    };
    this.input.on("error", (error) => this.emit("error", error));
    this.input.on("data", this.#onData);
    this.input.on("end", this.#onEnd);
    this.input.resume();
  }
  #take(text) {
    if (this.#return && StringPrototypeCharCodeAt(text, 0) === 10) text = StringPrototypeSlice(text, 1);
    this.#return = text !== "" && StringPrototypeCharCodeAt(text, text.length - 1) === CARRIAGE_RETURN;
    const whole = this.#return ? `${StringPrototypeSlice(text, 0, -1)}\n` : text;
    const lines = RegExpPrototypeSymbolSplit(LINE_END, this.#rest + whole);
    this.#rest = lines[lines.length - 1];
    for (let i = 0; i + 1 < lines.length; i++) this.#line(lines[i]);
  }
  #line(line) {
    if (this.#question !== null) {
      const answered = this.#question;
      this.#question = null;
      answered(line);
      return;
    }
    this.emit("line", line);
  }
  getPrompt() {
    return this.#prompt;
  }
  setPrompt(prompt) {
    this.#prompt = `${prompt}`;
  }
  prompt() {
    if (this.paused) this.resume();
    this.output?.write(this.#prompt);
  }
  question(query, options, callback) {
    const answered = typeof options === "function" ? options : callback;
    if (this.closed) throw nodeError(Error, "ERR_USE_AFTER_CLOSE", "readline was closed");
    const signal = typeof options === "object" ? options?.signal : undefined;
    if (signal?.aborted || typeof answered !== "function") return;
    if (this.#question !== null) {
      this.prompt();
      return;
    }
    this.output?.write(`${query}`);
    const aborted = () => {
      this.#question = null;
    };
    signal?.addEventListener("abort", aborted, { once: true });
    this.#question = (line) => {
      signal?.removeEventListener("abort", aborted);
      answered(line);
    };
    if (this.paused) this.resume();
  }
  pause() {
    if (this.paused) return this;
    this.input.pause();
    this.paused = true;
    this.emit("pause");
    return this;
  }
  resume() {
    if (!this.paused) return this;
    this.input.resume();
    this.paused = false;
    this.emit("resume");
    return this;
  }
  close() {
    if (this.closed) return;
    this.pause();
    this.closed = true;
    this.input.removeListener("data", this.#onData);
    this.input.removeListener("end", this.#onEnd);
    this.emit("close");
  }
  write(data) {
    if (this.closed) throw nodeError(Error, "ERR_USE_AFTER_CLOSE", "readline was closed");
    if (this.paused) this.resume();
    if (data !== undefined && data !== null) this.#take(`${data}`);
  }
  getCursorPos() {
    return { cols: 0, rows: 0 };
  }
  [Symbol.dispose]() {
    this.close();
  }
  [Symbol.asyncIterator]() {
    this.#lines ??= lines(this);
    return this.#lines;
  }
}

// The lines from now on, one after the other.
function lines(face) {
  const waiting = [];
  const queue = [];
  let error;
  let ended = face.closed;
  face.on("line", (line) => {
    if (waiting.length > 0) ArrayPrototypeShift(waiting).resolve({ value: line, done: false });
    else ArrayPrototypePush(queue, line);
  });
  const end = () => {
    ended = true;
    while (waiting.length > 0) ArrayPrototypeShift(waiting).resolve({ value: undefined, done: true });
  };
  face.on("close", end);
  face.on("error", (reason) => {
    if (waiting.length > 0) ArrayPrototypeShift(waiting).reject(reason);
    else error = { reason };
    end();
  });
  return {
    next() {
      if (queue.length > 0) return Promise.resolve({ value: ArrayPrototypeShift(queue), done: false });
      if (error !== undefined) {
        const { reason } = error;
        error = undefined;
        return Promise.reject(reason);
      }
      if (ended) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => ArrayPrototypePush(waiting, { resolve, reject }));
    },
    return() {
      face.close();
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

// Old packages call it without `new`.
function Interface(...args) {
  return ReflectConstruct(InterfaceBase, args, new.target === undefined ? Interface : new.target);
}
Interface.prototype = InterfaceBase.prototype;
ObjectSetPrototypeOf(Interface, EventEmitter);

function askLater(face, query, options) {
  const signal = options?.signal;
  if (signal?.aborted) return Promise.reject(new AbortError(undefined, { cause: signal.reason }));
  return new Promise((resolve, reject) => {
    const ask = InterfaceBase.prototype.question;
    signal?.addEventListener("abort", () => reject(new AbortError(undefined, { cause: signal.reason })), { once: true });
    try {
      internal.primordials.ReflectApply(ask, face, [query, options ?? {}, resolve]);
    } catch (error) {
      reject(error);
    }
  });
}
ObjectDefineProperty(InterfaceBase.prototype.question, customPromisify, {
  value(query, options) {
    return askLater(this, query, options);
  },
  configurable: true,
});

class PromisedInterface extends InterfaceBase {
  question(query, options) {
    return askLater(this, query, options);
  }
}

// ---- codes of the terminal ----

function send(stream, text, callback) {
  if (callback !== undefined) check.function(callback, "callback");
  if (stream === null || stream === undefined) {
    if (typeof callback === "function") internal.nextTick(callback, null);
    return true;
  }
  return stream.write(text, callback);
}

const codes = {
  clearLine: (stream, direction, callback) => send(stream, `${ESC}[${direction < 0 ? 1 : direction > 0 ? 0 : 2}K`, callback),
  clearScreenDown: (stream, callback) => send(stream, `${ESC}[0J`, callback),
  cursorTo(stream, x, y, callback) {
    if (typeof y === "function") [y, callback] = [undefined, y];
    return send(stream, typeof y === "number" ? `${ESC}[${y + 1};${x + 1}H` : `${ESC}[${x + 1}G`, callback);
  },
  moveCursor(stream, dx, dy, callback) {
    const text = `${dx < 0 ? `${ESC}[${-dx}D` : dx > 0 ? `${ESC}[${dx}C` : ""}${dy < 0 ? `${ESC}[${-dy}A` : dy > 0 ? `${ESC}[${dy}B` : ""}`;
    return send(stream, text, callback);
  },
};

class Readline {
  #stream;
  #commit;
  #text = "";
  constructor(stream, options) {
    this.#stream = stream;
    this.#commit = options?.autoCommit ?? false;
  }
  #add(name, ...args) {
    codes[name]({ write: (text) => (this.#text += text) }, ...args);
    if (this.#commit) this.commit();
    return this;
  }
  clearLine(direction) {
    return this.#add("clearLine", direction);
  }
  clearScreenDown() {
    return this.#add("clearScreenDown");
  }
  cursorTo(x, y) {
    return this.#add("cursorTo", x, y);
  }
  moveCursor(dx, dy) {
    return this.#add("moveCursor", dx, dy);
  }
  commit() {
    const text = this.#text;
    this.#text = "";
    return new Promise((resolve) => this.#stream.write(text, () => resolve()));
  }
  rollback() {
    this.#text = "";
    return this;
  }
}

const promises = {
  Interface: PromisedInterface,
  Readline,
  createInterface: (...args) => new PromisedInterface(...args),
};
modules["node:readline"] = {
  Interface,
  ...codes,
  createInterface: (...args) => new Interface(...args),
  emitKeypressEvents() {},
  promises,
};
modules["node:readline/promises"] = promises;
