// The two readers of a ReadableStream: chunk by chunk, and into the caller's own buffers (BYOB).
// A record: {self, byob, stream, closed: a deferred, requests: a queue of {chunk, close, error}}. Invariant: reader.stream and
// stream.reader point at each other, or are null.

const { expose, need, toDictionary, toEnforcedUnsigned, isObject, brands } = internal.idl;
const { isDetached, get } = internal.classify;
const { apply } = Reflect;
const { streams } = internal;
const { Queue, deferred, settledDeferred, rejectedWith, markHandled, viewParts } = streams;

function released() {
  return new TypeError("The reader was released");
}

function createReader(self, value, byob) {
  if (!streams.isReadable(value)) throw new TypeError("The argument must be a ReadableStream");
  const stream = streams.readableOf(value);
  if (stream.reader !== null) throw new TypeError("The stream is locked to a reader");
  if (byob && !stream.controller.bytes) throw new TypeError("Only a byte stream can be read into a buffer");
  const closed = stream.state === "readable" ? deferred() : settledDeferred(stream.state === "errored", stream.error);
  const reader = { self, byob, stream, closed, requests: new Queue() };
  stream.reader = reader;
  return reader;
}

function failRequests(reader, reason) {
  for (const request of reader.requests.take()) request.error(reason);
}

function release(reader) {
  const { stream } = reader;
  if (stream.state === "readable") {
    reader.closed.reject(released());
    markHandled(reader.closed.promise);
  } else {
    reader.closed = settledDeferred(true, released());
  }
  stream.controller.releaseSteps();
  stream.reader = null;
  reader.stream = null;
  failRequests(reader, released());
}

// Reads one chunk for the platform: `request` has the methods chunk, close and error.
function read(reader, request) {
  const { stream } = reader;
  stream.disturbed = true;
  if (stream.state === "closed") request.close();
  else if (stream.state === "errored") request.error(stream.error);
  else stream.controller.pullSteps(request);
}

function readInto(reader, view, min, request) {
  const { stream } = reader;
  stream.disturbed = true;
  if (stream.state === "errored") request.error(stream.error);
  else streams.pullInto(stream.controller, view, min, request);
}

// A read whose outcome a guest awaits.
class PromiseRequest {
  constructor() {
    this.outcome = deferred();
  }
  chunk(value) { this.outcome.resolve({ value, done: false }); }
  close(value) { this.outcome.resolve({ value, done: true }); }
  error(reason) { this.outcome.reject(reason); }
}

let defaultOf;
let byobOf;

class ReadableStreamDefaultReader {
  #record;
  constructor(stream) {
    need(arguments.length, 1, "ReadableStreamDefaultReader");
    this.#record = createReader(this, stream, false);
  }
  get closed() {
    return #record in this ? this.#record.closed.promise : rejectedWith(new TypeError("Illegal invocation"));
  }
  cancel(reason = undefined) {
    if (!isDefault(this)) return rejectedWith(new TypeError("Illegal invocation"));
    return cancelReader(this.#record, reason);
  }
  read() {
    if (!isDefault(this)) return rejectedWith(new TypeError("Illegal invocation"));
    const reader = this.#record;
    if (reader.stream === null) return rejectedWith(released());
    const request = new PromiseRequest();
    read(reader, request);
    return request.outcome.promise;
  }
  releaseLock() {
    if (this.#record.stream !== null) release(this.#record);
  }
  static {
    defaultOf = (reader) => reader.#record;
    brands.push((value) => isObject(value) && #record in value);
  }
}
const isDefault = brands[brands.length - 1];
expose(ReadableStreamDefaultReader);

class ReadableStreamBYOBReader {
  #record;
  constructor(stream) {
    need(arguments.length, 1, "ReadableStreamBYOBReader");
    this.#record = createReader(this, stream, true);
  }
  get closed() {
    return #record in this ? this.#record.closed.promise : rejectedWith(new TypeError("Illegal invocation"));
  }
  cancel(reason = undefined) {
    if (!isBYOB(this)) return rejectedWith(new TypeError("Illegal invocation"));
    return cancelReader(this.#record, reason);
  }
  read(view, options = undefined) {
    if (!isBYOB(this)) return rejectedWith(new TypeError("Illegal invocation"));
    const reader = this.#record;
    let min;
    try {
      need(arguments.length, 1, "ReadableStreamBYOBReader.read");
      min = checkView(view, options);
      if (reader.stream === null) throw released();
    } catch (error) {
      return rejectedWith(error);
    }
    const request = new PromiseRequest();
    readInto(reader, view, min, request);
    return request.outcome.promise;
  }
  releaseLock() {
    if (this.#record.stream !== null) release(this.#record);
  }
  static {
    byobOf = (reader) => reader.#record;
    brands.push((value) => isObject(value) && #record in value);
  }
}
const isBYOB = brands[brands.length - 1];
expose(ReadableStreamBYOBReader);

function cancelReader(reader, reason) {
  return reader.stream === null ? rejectedWith(released()) : streams.cancelReadable(reader.stream, reason);
}

// The view must have room; answers the least number of elements wanted.
function checkView(view, options) {
  const parts = viewParts(view);
  const given = toDictionary(options, "options")?.min;
  const min = given === undefined ? 1 : toEnforcedUnsigned(given, Number.MAX_SAFE_INTEGER, "options.min");
  if (parts.bytes === 0) throw new TypeError("The view has no room");
  if (internal.classify.isSharedBuffer(parts.buffer)) throw new TypeError("The view must not be of a SharedArrayBuffer");
  if (apply(get.bufferLength, parts.buffer, []) === 0 || isDetached(parts.buffer)) throw new TypeError("The view's buffer is detached");
  if (min === 0) throw new TypeError("options.min must be positive");
  if (min > parts.length) throw new RangeError("options.min is more than the view can hold");
  return min;
}

Object.assign(streams, {
  DefaultReader: ReadableStreamDefaultReader,
  BYOBReader: ReadableStreamBYOBReader,
  acquireReader: (stream) => defaultOf(new ReadableStreamDefaultReader(stream.self)),
  acquireBYOBReader: (stream) => byobOf(new ReadableStreamBYOBReader(stream.self)),
  failRequests, releaseReader: release, readChunk: read, readInto,
});
