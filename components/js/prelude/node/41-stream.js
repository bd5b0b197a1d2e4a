// node:stream: the streams of Node.js itself, from the package that carries them (the file before this one, which the build makes),
// on the modules that are here. Start at `load`.

const { ObjectKeys } = internal.primordials;
const { primordials } = internal;
const { ObjectDefineProperty } = primordials;
const { EventEmitter, process, modules } = internal;
const files = internal.packages["readable-stream"];
const ROOT = "lib/";

// The names that the package takes from the language, as they were before any program ran.
const language = {
  ...primordials,
  NumberMAX_SAFE_INTEGER: Number.MAX_SAFE_INTEGER,
  NumberMIN_SAFE_INTEGER: Number.MIN_SAFE_INTEGER,
  SafeSet: Set,
  SymbolAsyncIterator: Symbol.asyncIterator,
  SymbolHasInstance: Symbol.hasInstance,
  SymbolIterator: Symbol.iterator,
  SymbolDispose: Symbol.dispose,
  SymbolAsyncDispose: Symbol.asyncDispose,
};
// Its promises may be those of a program, with a method of their own.
language.PromisePrototypeThen = (promise, ...handlers) => promise.then(...handlers);
language.PromisePrototypeCatch = (promise, handler) => promise.then(undefined, handler);

const given = {
  __proto__: null,
  buffer: modules["node:buffer"],
  events: EventEmitter,
  "string_decoder/": modules["node:string_decoder"],
  "abort-controller": { AbortController, AbortSignal },
};
const loaded = { __proto__: null, "lib/ours/primordials.js": language, "lib/internal/shims/process.js": process };

function join(from, name) {
  const parts = from.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  const path = parts.join("/");
  return path.endsWith(".js") ? path : `${path}.js`;
}

function load(path) {
  if (loaded[path] !== undefined) return loaded[path];
  const module = { exports: {} };
  loaded[path] = module.exports;
  files[path](module, module.exports, (name) => (name[0] === "." ? load(join(path, name)) : given[name]));
  loaded[path] = module.exports;
  return module.exports;
}

// Its errors keep their code where a program that walks them finds it.
const { codes } = load(`${ROOT}ours/errors.js`);
for (const code of ObjectKeys(codes)) {
  const Base = codes[code];
  codes[code] = class NodeError extends Base {
    constructor(...args) {
      super(...args);
      const { name, stack } = this;
      ObjectDefineProperty(this, "code", { value: code, writable: true, enumerable: true, configurable: true });
      if (typeof stack === "string") {
        ObjectDefineProperty(this, "stack", {
          value: `${name} [${code}]${primordials.StringPrototypeSlice(stack, name.length)}`, writable: true, enumerable: false, configurable: true,
        });
      }
    }
  };
}

const Stream = load(`${ROOT}stream.js`);
const promises = load(`${ROOT}stream/promises.js`);
delete internal.packages;
const { Readable, Writable, Duplex, finished } = Stream;
ObjectDefineProperty(Stream, "promises", { configurable: true, enumerable: true, writable: true, value: promises });

// ---- to and from the streams of the web ----

const isWebReadable = (value) => value instanceof ReadableStream;
const isWebWritable = (value) => value instanceof WritableStream;

Readable.fromWeb = function fromWeb(source, options = {}) {
  if (!isWebReadable(source)) throw internal.invalidType("readableStream", "an instance of ReadableStream", source);
  const reader = source.getReader();
  let closed = false;
  const readable = new Readable({
    objectMode: options.objectMode,
    highWaterMark: options.highWaterMark,
    encoding: options.encoding,
    signal: options.signal,
    read() {
      reader.read().then(
        ({ value, done }) => {
          if (done) closed = true;
          readable.push(done ? null : value);
        },
        (error) => {
          closed = true;
          readable.destroy(error);
        },
      );
    },
    destroy(error, callback) {
      const done = () => callback(error);
      if (closed) return internal.nextTick(done);
      closed = true;
      return reader.cancel(error ?? undefined).then(done, done);
    },
  });
  return readable;
};

Readable.toWeb = function toWeb(source, options = {}) {
  const objects = source.readableObjectMode;
  const strategy = options.strategy ?? (objects
    ? new CountQueuingStrategy({ highWaterMark: source.readableHighWaterMark })
    : { highWaterMark: source.readableHighWaterMark, size: (chunk) => chunk?.byteLength ?? 1 });
  let done = false;
  return new ReadableStream({
    start(controller) {
      source.pause();
      finished(source, { writable: false }, (error) => {
        if (done) return;
        done = true;
        if (error) controller.error(error);
        else controller.close();
      });
      source.on("data", (chunk) => {
        if (done) return;
        controller.enqueue(internal.Buffer.isBuffer(chunk) && !objects ? new Uint8Array(chunk) : chunk);
        if (controller.desiredSize <= 0) source.pause();
      });
      source.pause();
    },
    pull() {
      source.resume();
    },
    cancel(reason) {
      done = true;
      source.destroy(reason);
    },
  }, strategy);
};

Writable.fromWeb = function fromWeb(target, options = {}) {
  if (!isWebWritable(target)) throw internal.invalidType("writableStream", "an instance of WritableStream", target);
  const writer = target.getWriter();
  let closed = false;
  return new Writable({
    ...options,
    write(chunk, encoding, callback) {
      if (typeof chunk === "string" && options.decodeStrings !== false && !options.objectMode) chunk = internal.Buffer.from(chunk, encoding);
      writer.ready.then(() => writer.write(chunk)).then(() => callback(), callback);
    },
    final(callback) {
      closed = true;
      writer.close().then(() => callback(), callback);
    },
    destroy(error, callback) {
      const done = () => callback(error);
      if (closed || !error) return writer.close().then(done, done);
      closed = true;
      return writer.abort(error).then(done, done);
    },
  });
};

Writable.toWeb = function toWeb(target) {
  return new WritableStream({
    start(controller) {
      target.on("error", (error) => controller.error(error));
    },
    write(chunk) {
      return new Promise((resolve, reject) => {
        if (target.destroyed) return reject(new internal.AbortError());
        return target.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    },
    close() {
      return new Promise((resolve, reject) => target.end((error) => (error ? reject(error) : resolve())));
    },
    abort(reason) {
      target.destroy(reason);
    },
  }, { highWaterMark: target.writableObjectMode ? target.writableHighWaterMark : 1 });
};

Duplex.fromWeb = function fromWeb(pair, options = {}) {
  return Duplex.from({ readable: Readable.fromWeb(pair.readable, options), writable: Writable.fromWeb(pair.writable, options) });
};
Duplex.toWeb = function toWeb(duplex) {
  return { readable: Readable.toWeb(duplex), writable: Writable.toWeb(duplex) };
};

// ---- consumers ----

async function collect(stream, add) {
  for await (const chunk of stream) add(chunk);
}

async function bytesOf(stream) {
  const parts = [];
  await collect(stream, (chunk) => {
    parts[parts.length] = typeof chunk === "string" ? internal.Buffer.from(chunk) : new Uint8Array(chunk.buffer ?? chunk, chunk.byteOffset ?? 0, chunk.byteLength);
  });
  return internal.Buffer.concat(parts);
}

async function text(stream) {
  const decoder = new TextDecoder();
  let all = "";
  await collect(stream, (chunk) => {
    all += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  });
  return all + decoder.decode();
}

const consumers = {
  async arrayBuffer(stream) {
    return (await bytesOf(stream)).buffer;
  },
  async blob(stream) {
    if (globalThis.Blob === undefined) throw internal.unavailable("stream.consumers.blob()");
    return new globalThis.Blob([await bytesOf(stream)]);
  },
  buffer: bytesOf,
  text,
  async json(stream) {
    return primordials.JSONParse(await text(stream));
  },
};

const web = {};
for (const name of [
  "ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest", "ReadableByteStreamController",
  "ReadableStreamDefaultController", "TransformStream", "TransformStreamDefaultController", "WritableStream", "WritableStreamDefaultController",
  "WritableStreamDefaultWriter", "ByteLengthQueuingStrategy", "CountQueuingStrategy", "TextEncoderStream", "TextDecoderStream",
  "CompressionStream", "DecompressionStream",
]) {
  ObjectDefineProperty(web, name, { enumerable: true, configurable: true, get: () => globalThis[name] });
}

internal.stream = Stream;
modules["node:stream"] = Stream;
modules["node:stream/promises"] = promises;
modules["node:stream/consumers"] = consumers;
modules["node:stream/web"] = web;
