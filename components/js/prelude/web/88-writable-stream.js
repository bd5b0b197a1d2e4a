// WritableStream, the interface, and what happens to a stream as a whole; its writer and controller are in 89-writable-writer.js.
// A record: {self, state: "writable" | "erroring" | "errored" | "closed", error, writer, controller, backpressure, and the requests
// of the standard}. Invariant: at most one write or close is in flight at the sink.

const { KEY, expose, isObject, brands, inspectors } = internal.idl;
const { streams } = internal;
const {
  upon, resolvedWith, rejectedWith, markHandled, deferred, tracked, readStrategy, highWaterMarkOf, sizeOf, readCallbacks, optionalObject, Queue,
} = streams;

let writableOf;

class WritableStream {
  #record;
  constructor(underlyingSink = undefined, strategy = undefined) {
    this.#record = {
      self: this, state: "writable", error: undefined, writer: null, controller: null, backpressure: false, writes: new Queue(),
      inFlightWrite: null, close: null, inFlightClose: null, abort: null,
    };
    if (underlyingSink === KEY) return;
    const sink = optionalObject(underlyingSink, "WritableStream: underlyingSink");
    const plan = readStrategy(strategy);
    const callbacks = readCallbacks(sink, ["abort", "close", "start", "type", "write"]);
    if (callbacks.type !== undefined) throw new RangeError("WritableStream: the sink's type must be undefined");
    const size = sizeOf(plan);
    streams.setUpWritable(this.#record, sink, callbacks, highWaterMarkOf(plan, 1), size);
  }
  get locked() { return this.#record.writer !== null; }
  abort(reason = undefined) {
    if (!streams.isWritable(this)) return rejectedWith(new TypeError("Illegal invocation"));
    if (this.#record.writer !== null) return rejectedWith(new TypeError("The stream is locked to a writer"));
    return abort(this.#record, reason);
  }
  close() {
    if (!streams.isWritable(this)) return rejectedWith(new TypeError("Illegal invocation"));
    if (this.#record.writer !== null) return rejectedWith(new TypeError("The stream is locked to a writer"));
    if (isClosing(this.#record)) return rejectedWith(new TypeError("The stream is closing already"));
    return close(this.#record);
  }
  getWriter() {
    this.#record;
    return new streams.DefaultWriter(this);
  }
  static {
    writableOf = (stream) => stream.#record;
    streams.isWritable = (value) => isObject(value) && #record in value;
  }
}
expose(WritableStream);
brands.push(streams.isWritable);
inspectors.set(WritableStream.prototype, (stream, show) => show.entries(stream, [
  ["locked", writableOf(stream).writer !== null], ["state", writableOf(stream).state],
], ": "));

function createWritable(start, write, closed, aborted, highWaterMark, size) {
  const record = writableOf(new WritableStream(KEY));
  streams.startWritable(record, start, write, closed, aborted, highWaterMark, size);
  return record;
}

function isClosing(stream) {
  return stream.close !== null || stream.inFlightClose !== null;
}

function abort(stream, reason) {
  if (stream.state === "closed" || stream.state === "errored") return resolvedWith(undefined);
  internal.abort.abort(stream.controller.signal, reason);
  // A listener of the signal may have changed the state.
  const { state } = stream;
  if (state === "closed" || state === "errored") return resolvedWith(undefined);
  if (stream.abort !== null) return stream.abort.done.promise;
  const wasErroring = state === "erroring";
  const done = deferred();
  stream.abort = { done, reason: wasErroring ? undefined : reason, wasErroring };
  if (!wasErroring) startErroring(stream, reason);
  return done.promise;
}

function close(stream) {
  const { state, writer } = stream;
  if (state === "closed" || state === "errored") return rejectedWith(new TypeError(`The stream is ${state}`));
  stream.close = deferred();
  const { promise } = stream.close;
  if (writer !== null && stream.backpressure && state === "writable") writer.ready.resolve(undefined);
  streams.writableControllerClose(stream.controller);
  return promise;
}

function addWrite(stream) {
  const request = deferred();
  stream.writes.push(request);
  return request.promise;
}

function dealWithRejection(stream, reason) {
  if (stream.state === "writable") startErroring(stream, reason);
  else finishErroring(stream);
}

function startErroring(stream, reason) {
  stream.state = "erroring";
  stream.error = reason;
  if (stream.writer !== null) streams.rejectReady(stream.writer, reason);
  if (!hasInFlight(stream) && stream.controller.started) finishErroring(stream);
}

function hasInFlight(stream) {
  return stream.inFlightWrite !== null || stream.inFlightClose !== null;
}

function finishErroring(stream) {
  stream.state = "errored";
  stream.controller.errorSteps();
  for (const request of stream.writes.take()) request.reject(stream.error);
  const { abort: request } = stream;
  if (request === null) return rejectCloseAndClosed(stream);
  stream.abort = null;
  if (request.wasErroring) {
    request.done.reject(stream.error);
    return rejectCloseAndClosed(stream);
  }
  upon(stream.controller.abortSteps(request.reason), () => {
    request.done.resolve(undefined);
    rejectCloseAndClosed(stream);
  }, (reason) => {
    request.done.reject(reason);
    rejectCloseAndClosed(stream);
  });
}

function rejectCloseAndClosed(stream) {
  if (stream.close !== null) {
    stream.close.reject(stream.error);
    stream.close = null;
  }
  if (stream.writer === null) return;
  stream.writer.closed.reject(stream.error);
  markHandled(stream.writer.closed.promise);
}

function finishWrite(stream) {
  stream.inFlightWrite.resolve(undefined);
  stream.inFlightWrite = null;
}

function finishWriteWithError(stream, reason) {
  stream.inFlightWrite.reject(reason);
  stream.inFlightWrite = null;
  dealWithRejection(stream, reason);
}

function finishClose(stream) {
  stream.inFlightClose.resolve(undefined);
  stream.inFlightClose = null;
  if (stream.state === "erroring") {
    // A close that got through overrules the abort that came after it.
    stream.error = undefined;
    if (stream.abort !== null) {
      stream.abort.done.resolve(undefined);
      stream.abort = null;
    }
  }
  stream.state = "closed";
  if (stream.writer !== null) stream.writer.closed.resolve(undefined);
}

function finishCloseWithError(stream, reason) {
  stream.inFlightClose.reject(reason);
  stream.inFlightClose = null;
  if (stream.abort !== null) {
    stream.abort.done.reject(reason);
    stream.abort = null;
  }
  dealWithRejection(stream, reason);
}

function updateBackpressure(stream, backpressure) {
  const { writer } = stream;
  if (writer !== null && backpressure !== stream.backpressure) {
    if (backpressure) writer.ready = tracked();
    else writer.ready.resolve(undefined);
  }
  stream.backpressure = backpressure;
}

Object.assign(streams, {
  writableOf, createWritable, isClosing, abortWritable: abort, closeWritable: close, addWrite, dealWithRejection, startErroring, finishErroring,
  finishWrite, finishWriteWithError, finishClose, finishCloseWithError, updateBackpressure,
});
