// ReadableStream: the interface and the operations on a stream as a whole. Start at the class; readers are in
// 82-readable-readers.js, the two controllers in 83 and 84, tee, pipeTo and iteration in 85 to 87.
// A record: {self, state: "readable" | "closed" | "errored", error, reader, controller, disturbed}. `reader` and `controller`
// are records too, or null. A controller's record has the methods cancelSteps, pullSteps and releaseSteps.

const { KEY, expose, need, toDictionary, isObject, brands, inspectors } = internal.idl;
const { streams } = internal;
const {
  then, resolvedWith, rejectedWith, markHandled, readStrategy, highWaterMarkOf, sizeOf, readCallbacks, optionalObject,
} = streams;

let readableOf;

class ReadableStream {
  #record;

  constructor(underlyingSource = undefined, strategy = undefined) {
    this.#record = { self: this, state: "readable", error: undefined, reader: null, controller: null, disturbed: false };
    if (underlyingSource === KEY) return;
    const source = optionalObject(underlyingSource, "ReadableStream: underlyingSource");
    const plan = readStrategy(strategy);
    const callbacks = readCallbacks(source, ["autoAllocateChunkSize", "cancel", "pull", "start", "type"]);
    const type = callbacks.type === undefined ? undefined : `${callbacks.type}`;
    if (type === "bytes") {
      if (plan.size !== undefined) throw new RangeError("A byte stream's strategy has no size function");
      streams.setUpByteController(this.#record, source, callbacks, highWaterMarkOf(plan, 0));
    } else if (type === undefined) {
      const size = sizeOf(plan);
      streams.setUpDefaultController(this.#record, source, callbacks, highWaterMarkOf(plan, 1), size);
    } else {
      throw new TypeError(`"${type}" is not a type of ReadableStream`);
    }
  }
  static from(asyncIterable) {
    need(arguments.length, 1, "ReadableStream.from");
    return streams.readableFrom(asyncIterable);
  }
  get locked() { return this.#record.reader !== null; }
  cancel(reason = undefined) {
    if (!streams.isReadable(this)) return rejectedWith(new TypeError("Illegal invocation"));
    if (this.#record.reader !== null) return rejectedWith(new TypeError("The stream is locked to a reader"));
    return cancel(this.#record, reason);
  }
  getReader(options = undefined) {
    this.#record;
    const mode = toDictionary(options, "ReadableStream.getReader: options")?.mode;
    if (mode === undefined) return new streams.DefaultReader(this);
    if (`${mode}` !== "byob") throw new TypeError(`"${mode}" is not a mode of ReadableStream.getReader`);
    return new streams.BYOBReader(this);
  }
  pipeThrough(transform, options = undefined) {
    this.#record;
    need(arguments.length, 1, "ReadableStream.pipeThrough");
    const { readable, writable } = readPair(transform);
    const settings = readPipeOptions(options);
    if (this.#record.reader !== null) throw new TypeError("The stream is locked to a reader");
    const destination = streams.writableOf(writable);
    if (destination.writer !== null) throw new TypeError("The writable side is locked to a writer");
    markHandled(streams.pipeTo(this.#record, destination, settings));
    return readable;
  }
  pipeTo(destination, options = undefined) {
    if (!streams.isReadable(this)) return rejectedWith(new TypeError("Illegal invocation"));
    let settings;
    try {
      need(arguments.length, 1, "ReadableStream.pipeTo");
      if (!streams.isWritable(destination)) throw new TypeError("ReadableStream.pipeTo: the destination must be a WritableStream");
      settings = readPipeOptions(options);
      if (this.#record.reader !== null) throw new TypeError("The stream is locked to a reader");
      if (streams.writableOf(destination).writer !== null) throw new TypeError("The destination is locked to a writer");
    } catch (error) {
      return rejectedWith(error);
    }
    return streams.pipeTo(this.#record, streams.writableOf(destination), settings);
  }
  tee() {
    return streams.tee(this.#record).map((record) => record.self);
  }
  values(options = undefined) {
    this.#record;
    const preventCancel = !!toDictionary(options, "ReadableStream.values: options")?.preventCancel;
    return streams.iterate(this, preventCancel);
  }

  static {
    readableOf = (stream) => stream.#record;
    streams.isReadable = (value) => isObject(value) && #record in value;
  }
}
expose(ReadableStream);
internal.define(ReadableStream.prototype, Symbol.asyncIterator, ReadableStream.prototype.values);
brands.push(streams.isReadable);
inspectors.set(ReadableStream.prototype, (stream, show) => show.entries(stream, [
  ["locked", readableOf(stream).reader !== null], ["state", readableOf(stream).state],
], ": "));

function readPair(transform) {
  if (!isObject(transform)) throw new TypeError("ReadableStream.pipeThrough: the transform must be an object");
  const { readable } = transform;
  if (!streams.isReadable(readable)) throw new TypeError("ReadableStream.pipeThrough: transform.readable must be a ReadableStream");
  const { writable } = transform;
  if (!streams.isWritable(writable)) throw new TypeError("ReadableStream.pipeThrough: transform.writable must be a WritableStream");
  return { readable, writable };
}

function readPipeOptions(given) {
  const options = toDictionary(given, "pipe options") ?? {};
  const preventAbort = !!options.preventAbort;
  const preventCancel = !!options.preventCancel;
  const preventClose = !!options.preventClose;
  const { signal } = options;
  if (signal !== undefined && !internal.abort.is(signal)) throw new TypeError("options.signal must be an AbortSignal");
  return { preventAbort, preventCancel, preventClose, signal };
}

// A stream that the platform itself feeds.
function createReadable(start, pull, cancelled, highWaterMark = 1, size = () => 1) {
  const record = readableOf(new ReadableStream(KEY));
  streams.startDefaultController(record, start, pull, cancelled, highWaterMark, size);
  return record;
}

function createReadableBytes(start, pull, cancelled) {
  const record = readableOf(new ReadableStream(KEY));
  streams.startByteController(record, start, pull, cancelled, 0, undefined);
  return record;
}

function cancel(stream, reason) {
  stream.disturbed = true;
  if (stream.state === "closed") return resolvedWith(undefined);
  if (stream.state === "errored") return rejectedWith(stream.error);
  close(stream);
  const { reader } = stream;
  if (reader !== null && reader.byob) for (const request of reader.requests.take()) request.close(undefined);
  return then(stream.controller.cancelSteps(reason), streams.noop);
}

function close(stream) {
  stream.state = "closed";
  const { reader } = stream;
  if (reader === null) return;
  reader.closed.resolve(undefined);
  if (!reader.byob) for (const request of reader.requests.take()) request.close();
}

function error(stream, reason) {
  stream.state = "errored";
  stream.error = reason;
  const { reader } = stream;
  if (reader === null) return;
  reader.closed.reject(reason);
  markHandled(reader.closed.promise);
  streams.failRequests(reader, reason);
}

// How many reads wait on a reader of this kind.
function waitingReads(stream, byob) {
  const { reader } = stream;
  return reader !== null && reader.byob === byob ? reader.requests.length : 0;
}

function fulfillRead(stream, chunk, done) {
  const request = stream.reader.requests.shift();
  if (done) request.close(chunk);
  else request.chunk(chunk);
}

Object.assign(streams, {
  readableOf, createReadable, createReadableBytes, cancelReadable: cancel, closeReadable: close, errorReadable: error, waitingReads, fulfillRead,
});
