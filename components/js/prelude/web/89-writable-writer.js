// WritableStreamDefaultWriter, and WritableStreamDefaultController, which takes chunks from the queue to the sink one at a time.

const { KEY, expose, illegalConstructor, need, isObject, brands, inspectors } = internal.idl;
const { streams } = internal;
const {
  noop, upon, resolvedWith, rejectedWith, markHandled, tracked, settledDeferred, promiseCall, enqueueWithSize, dequeue, resetQueue, Queue,
} = streams;

// Stands in the queue for the end of the stream.
const CLOSE = Symbol("close");
let writerOf;
let isWriter;
let setRecord;

function released() {
  return new TypeError("The writer was released");
}

class WritableStreamDefaultWriter {
  #record;
  constructor(stream) {
    need(arguments.length, 1, "WritableStreamDefaultWriter");
    this.#record = createWriter(this, stream);
  }
  get closed() {
    return isWriter(this) ? this.#record.closed.promise : rejectedWith(new TypeError("Illegal invocation"));
  }
  get desiredSize() {
    const { stream } = this.#record;
    if (stream === null) throw released();
    return streamDesiredSize(stream);
  }
  get ready() {
    return isWriter(this) ? this.#record.ready.promise : rejectedWith(new TypeError("Illegal invocation"));
  }
  abort(reason = undefined) {
    if (!isWriter(this)) return rejectedWith(new TypeError("Illegal invocation"));
    const { stream } = this.#record;
    return stream === null ? rejectedWith(released()) : streams.abortWritable(stream, reason);
  }
  close() {
    if (!isWriter(this)) return rejectedWith(new TypeError("Illegal invocation"));
    const { stream } = this.#record;
    if (stream === null) return rejectedWith(released());
    if (streams.isClosing(stream)) return rejectedWith(new TypeError("The stream is closing already"));
    return streams.closeWritable(stream);
  }
  releaseLock() {
    if (this.#record.stream !== null) releaseWriter(this.#record);
  }
  write(chunk = undefined) {
    if (!isWriter(this)) return rejectedWith(new TypeError("Illegal invocation"));
    return this.#record.stream === null ? rejectedWith(released()) : write(this.#record, chunk);
  }
  static {
    writerOf = (writer) => writer.#record;
    isWriter = (value) => isObject(value) && #record in value;
  }
}
expose(WritableStreamDefaultWriter);
brands.push(isWriter);

function createWriter(self, value) {
  if (!streams.isWritable(value)) throw new TypeError("The argument must be a WritableStream");
  const stream = streams.writableOf(value);
  if (stream.writer !== null) throw new TypeError("The stream is locked to a writer");
  const { state, error } = stream;
  const writer = { self, stream, ready: undefined, closed: undefined };
  const waits = state === "writable" && !streams.isClosing(stream) && stream.backpressure;
  writer.ready = waits ? tracked() : settledDeferred(state === "erroring" || state === "errored", error);
  writer.closed = state === "writable" || state === "erroring" ? tracked() : settledDeferred(state === "errored", error);
  stream.writer = writer;
  return writer;
}

function streamDesiredSize(stream) {
  if (stream.state === "errored" || stream.state === "erroring") return null;
  return stream.state === "closed" ? 0 : desiredSize(stream.controller);
}

// A promise that is pending is rejected; one that was settled is replaced.
function rejectReady(writer, reason) {
  if (writer.ready.settled) {
    writer.ready = settledDeferred(true, reason);
  } else {
    writer.ready.reject(reason);
    markHandled(writer.ready.promise);
  }
}

function rejectClosed(writer, reason) {
  if (writer.closed.settled) {
    writer.closed = settledDeferred(true, reason);
  } else {
    writer.closed.reject(reason);
    markHandled(writer.closed.promise);
  }
}

function releaseWriter(writer) {
  const reason = released();
  rejectReady(writer, reason);
  rejectClosed(writer, reason);
  writer.stream.writer = null;
  writer.stream = null;
}

function write(writer, chunk) {
  const { stream } = writer;
  const { controller } = stream;
  const size = chunkSize(controller, chunk);
  // The size function may have released the writer.
  if (writer.stream !== stream) return rejectedWith(released());
  const { state } = stream;
  if (state === "errored") return rejectedWith(stream.error);
  if (streams.isClosing(stream) || state === "closed") return rejectedWith(new TypeError("The stream is closing or closed"));
  if (state === "erroring") return rejectedWith(stream.error);
  const promise = streams.addWrite(stream);
  controllerWrite(controller, chunk, size);
  return promise;
}

// For pipes: closing what is closed already counts as success.
function closeWithErrorPropagation(writer) {
  const { stream } = writer;
  if (streams.isClosing(stream) || stream.state === "closed") return resolvedWith(undefined);
  return stream.state === "errored" ? rejectedWith(stream.error) : streams.closeWritable(stream);
}

class WritableStreamDefaultController {
  #record;
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
  }
  get signal() { return this.#record.signal; }
  error(e = undefined) {
    if (this.#record.stream.state === "writable") error(this.#record, e);
  }
  static {
    setRecord = (controller, record) => { controller.#record = record; };
    brands.push((value) => isObject(value) && #record in value);
  }
}
expose(WritableStreamDefaultController);
inspectors.set(WritableStreamDefaultController.prototype, (controller, show) => show(controller, ["signal"]));

function start(stream, startSink, writeSink, closeSink, abortSink, highWaterMark, size) {
  const controller = {
    self: new WritableStreamDefaultController(KEY), stream, queue: new Queue(), total: 0, highWaterMark, size,
    writeSink, closeSink, abortSink, started: false, signal: internal.abort.create(),
    abortSteps: (reason) => {
      const result = controller.abortSink(reason);
      clear(controller);
      return result;
    },
    errorSteps: () => resetQueue(controller),
  };
  setRecord(controller.self, controller);
  stream.controller = controller;
  streams.updateBackpressure(stream, hasBackpressure(controller));
  const result = startSink(controller);
  upon(resolvedWith(result), () => {
    controller.started = true;
    advance(controller);
  }, (reason) => {
    controller.started = true;
    streams.dealWithRejection(stream, reason);
  });
}

function setUp(stream, sink, callbacks, highWaterMark, size) {
  const { start: begin, write: take, close, abort } = callbacks;
  start(
    stream,
    begin === undefined ? noop : (controller) => Reflect.apply(begin, sink, [controller.self]),
    take === undefined ? () => resolvedWith(undefined) : (chunk, controller) => promiseCall(take, sink, [chunk, controller.self]),
    close === undefined ? () => resolvedWith(undefined) : () => promiseCall(close, sink, []),
    abort === undefined ? () => resolvedWith(undefined) : (reason) => promiseCall(abort, sink, [reason]),
    highWaterMark,
    size,
  );
}

function clear(controller) {
  controller.writeSink = undefined;
  controller.closeSink = undefined;
  controller.abortSink = undefined;
  controller.size = undefined;
}

function desiredSize(controller) {
  return controller.highWaterMark - controller.total;
}

function hasBackpressure(controller) {
  return desiredSize(controller) <= 0;
}

function chunkSize(controller, chunk) {
  if (controller.size === undefined) return 1;
  try {
    return controller.size(chunk);
  } catch (reason) {
    errorIfNeeded(controller, reason);
    return 1;
  }
}

function errorIfNeeded(controller, reason) {
  if (controller.stream.state === "writable") error(controller, reason);
}

function error(controller, reason) {
  clear(controller);
  streams.startErroring(controller.stream, reason);
}

function controllerClose(controller) {
  enqueueWithSize(controller, CLOSE, 0);
  advance(controller);
}

function controllerWrite(controller, chunk, size) {
  try {
    enqueueWithSize(controller, chunk, size);
  } catch (reason) {
    errorIfNeeded(controller, reason);
    return;
  }
  const { stream } = controller;
  if (!streams.isClosing(stream) && stream.state === "writable") streams.updateBackpressure(stream, hasBackpressure(controller));
  advance(controller);
}

// Gives the sink its next piece of work, if it is free for one.
function advance(controller) {
  const { stream } = controller;
  if (!controller.started || stream.inFlightWrite !== null) return;
  if (stream.state === "erroring") {
    if (stream.inFlightClose === null) streams.finishErroring(stream);
    return;
  }
  if (stream.state !== "writable" || controller.queue.length === 0) return;
  const { value } = controller.queue.peek();
  if (value === CLOSE) processClose(controller);
  else processWrite(controller, value);
}

function processClose(controller) {
  const { stream } = controller;
  stream.inFlightClose = stream.close;
  stream.close = null;
  dequeue(controller);
  const done = controller.closeSink();
  clear(controller);
  upon(done, () => streams.finishClose(stream), (reason) => streams.finishCloseWithError(stream, reason));
}

function processWrite(controller, chunk) {
  const { stream } = controller;
  stream.inFlightWrite = stream.writes.shift();
  upon(controller.writeSink(chunk, controller), () => {
    streams.finishWrite(stream);
    dequeue(controller);
    if (!streams.isClosing(stream) && stream.state === "writable") streams.updateBackpressure(stream, hasBackpressure(controller));
    advance(controller);
  }, (reason) => {
    if (stream.state === "writable") clear(controller);
    streams.finishWriteWithError(stream, reason);
  });
}

Object.assign(streams, {
  DefaultWriter: WritableStreamDefaultWriter,
  acquireWriter: (stream) => writerOf(new WritableStreamDefaultWriter(stream.self)),
  rejectReady, releaseWriter, writeChunk: write, closeWithErrorPropagation, startWritable: start, setUpWritable: setUp,
  writableControllerClose: controllerClose, writableErrorIfNeeded: errorIfNeeded,
});
