// TransformStream: a writable side whose chunks come out, changed, at a readable side. Start at `setUp`.
// A record: {readable, writable, controller, backpressure, change: a deferred that the next change of backpressure resolves}.

const { KEY, expose, illegalConstructor, isObject, brands, inspectors } = internal.idl;
const { streams } = internal;
const {
  then, upon, resolvedWith, rejectedWith, deferred, promiseCall, readStrategy, highWaterMarkOf, sizeOf, readCallbacks, optionalObject,
} = streams;

let setRecord;

class TransformStream {
  #record;
  constructor(transformer = undefined, writableStrategy = undefined, readableStrategy = undefined) {
    if (transformer === KEY) return;
    const source = optionalObject(transformer, "TransformStream: transformer");
    const writablePlan = readStrategy(writableStrategy);
    const readablePlan = readStrategy(readableStrategy);
    const callbacks = readCallbacks(source, ["cancel", "flush", "readableType", "start", "transform", "writableType"]);
    if (callbacks.readableType !== undefined) throw new RangeError("TransformStream: readableType must be undefined");
    if (callbacks.writableType !== undefined) throw new RangeError("TransformStream: writableType must be undefined");
    const plan = {
      readableMark: highWaterMarkOf(readablePlan, 0), readableSize: sizeOf(readablePlan),
      writableMark: highWaterMarkOf(writablePlan, 1), writableSize: sizeOf(writablePlan),
    };
    const started = deferred();
    const record = initialize(started.promise, plan);
    this.#record = record;
    setUp(record, source, callbacks);
    const { start } = callbacks;
    started.resolve(start === undefined ? undefined : Reflect.apply(start, source, [record.controller.self]));
  }
  get readable() { return this.#record.readable.self; }
  get writable() { return this.#record.writable.self; }
  static {
    setRecord = (stream, record) => { stream.#record = record; };
    brands.push((value) => isObject(value) && #record in value);
  }
}
expose(TransformStream);
inspectors.set(TransformStream.prototype, (stream, show) => show(stream, ["readable", "writable"]));

let setController;

class TransformStreamDefaultController {
  #record;
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
  }
  get desiredSize() { return streams.defaultDesiredSize(this.#record.stream.readable.controller); }
  enqueue(chunk = undefined) { enqueue(this.#record, chunk); }
  error(reason = undefined) { error(this.#record.stream, reason); }
  terminate() { terminate(this.#record); }
  static {
    setController = (controller, record) => { controller.#record = record; };
    brands.push((value) => isObject(value) && #record in value);
  }
}
expose(TransformStreamDefaultController);
inspectors.set(TransformStreamDefaultController.prototype, (controller, show) => show(controller, ["desiredSize"]));

function initialize(startPromise, plan) {
  const stream = { readable: null, writable: null, controller: null, backpressure: undefined, change: null };
  const start = () => startPromise;
  stream.writable = streams.createWritable(
    start,
    (chunk) => sinkWrite(stream, chunk),
    () => sinkClose(stream),
    (reason) => sinkAbort(stream, reason),
    plan.writableMark,
    plan.writableSize,
  );
  stream.readable = streams.createReadable(
    start,
    () => {
      setBackpressure(stream, false);
      return stream.change.promise;
    },
    (reason) => sourceCancel(stream, reason),
    plan.readableMark,
    plan.readableSize,
  );
  setBackpressure(stream, true);
  return stream;
}

function createController(stream) {
  const controller = { self: new TransformStreamDefaultController(KEY), stream, transform: null, flush: null, cancel: null, finish: null };
  setController(controller.self, controller);
  stream.controller = controller;
  return controller;
}

function passThrough(controller, chunk) {
  try {
    enqueue(controller, chunk);
    return resolvedWith(undefined);
  } catch (reason) {
    return rejectedWith(reason);
  }
}

function setUp(stream, transformer, { transform, flush, cancel }) {
  const controller = createController(stream);
  const { self } = controller;
  const nothing = () => resolvedWith(undefined);
  controller.transform = transform === undefined
    ? (chunk) => passThrough(controller, chunk)
    : (chunk) => promiseCall(transform, transformer, [chunk, self]);
  controller.flush = flush === undefined ? nothing : () => promiseCall(flush, transformer, [self]);
  controller.cancel = cancel === undefined ? nothing : (reason) => promiseCall(cancel, transformer, [reason]);
}

function clear(controller) {
  controller.transform = undefined;
  controller.flush = undefined;
  controller.cancel = undefined;
}

function setBackpressure(stream, backpressure) {
  if (stream.change !== null) stream.change.resolve(undefined);
  stream.change = deferred();
  stream.backpressure = backpressure;
}

function unblockWrite(stream) {
  if (stream.backpressure) setBackpressure(stream, false);
}

function error(stream, reason) {
  streams.defaultError(stream.readable.controller, reason);
  errorWritable(stream, reason);
}

function errorWritable(stream, reason) {
  clear(stream.controller);
  streams.writableErrorIfNeeded(stream.writable.controller, reason);
  unblockWrite(stream);
}

function enqueue(controller, chunk) {
  const { stream } = controller;
  const readable = stream.readable.controller;
  if (!streams.defaultCanEnqueue(readable)) throw new TypeError("The readable side is closed, errored or about to close");
  try {
    streams.defaultEnqueue(readable, chunk);
  } catch (reason) {
    errorWritable(stream, reason);
    throw stream.readable.error;
  }
  const backpressure = streams.defaultHasBackpressure(readable);
  if (backpressure !== stream.backpressure) setBackpressure(stream, true);
}

function terminate(controller) {
  const { stream } = controller;
  streams.defaultClose(stream.readable.controller);
  errorWritable(stream, new TypeError("The transform was terminated"));
}

function transformChunk(controller, chunk) {
  return then(controller.transform(chunk), undefined, (reason) => {
    error(controller.stream, reason);
    throw reason;
  });
}

function sinkWrite(stream, chunk) {
  const { controller } = stream;
  if (!stream.backpressure) return transformChunk(controller, chunk);
  return then(stream.change.promise, () => {
    if (stream.writable.state === "erroring") throw stream.writable.error;
    return transformChunk(controller, chunk);
  });
}

// However the stream ends first (closed, aborted, cancelled), its last callback runs once; the others wait for it.
function finishOnce(stream, run, fulfilled, rejected) {
  const { controller } = stream;
  if (controller.finish !== null) return controller.finish.promise;
  controller.finish = deferred();
  const result = run(controller);
  clear(controller);
  upon(result, () => fulfilled(controller.finish), (reason) => rejected(controller.finish, reason));
  return controller.finish.promise;
}

function sinkAbort(stream, reason) {
  const { readable } = stream;
  return finishOnce(stream, (controller) => controller.cancel(reason), (finish) => {
    if (readable.state === "errored") return finish.reject(readable.error);
    streams.defaultError(readable.controller, reason);
    finish.resolve(undefined);
  }, (finish, failure) => {
    streams.defaultError(readable.controller, failure);
    finish.reject(failure);
  });
}

function sinkClose(stream) {
  const { readable } = stream;
  return finishOnce(stream, (controller) => controller.flush(), (finish) => {
    if (readable.state === "errored") return finish.reject(readable.error);
    streams.defaultClose(readable.controller);
    finish.resolve(undefined);
  }, (finish, failure) => {
    streams.defaultError(readable.controller, failure);
    finish.reject(failure);
  });
}

function sourceCancel(stream, reason) {
  const { writable } = stream;
  return finishOnce(stream, (controller) => controller.cancel(reason), (finish) => {
    if (writable.state === "errored") return finish.reject(writable.error);
    streams.writableErrorIfNeeded(writable.controller, reason);
    unblockWrite(stream);
    finish.resolve(undefined);
  }, (finish, failure) => {
    streams.writableErrorIfNeeded(writable.controller, failure);
    unblockWrite(stream);
    finish.reject(failure);
  });
}

// A transform of the platform's own: `transform(chunk, enqueue, room)` and `flush(enqueue, room)` may throw, or give a promise; `room()`
// gives one that waits until something is wanted, or nothing if it is already. `cancel` is told when there will be no end.
function createTransform(transform, flush, cancel = undefined) {
  const plan = { readableMark: 0, readableSize: () => 1, writableMark: 1, writableSize: () => 1 };
  const stream = initialize(resolvedWith(undefined), plan);
  const controller = createController(stream);
  const out = (chunk) => enqueue(controller, chunk);
  const room = () => (stream.backpressure ? stream.change.promise : undefined);
  controller.transform = (chunk) => promiseCall(transform, undefined, [chunk, out, room]);
  controller.flush = () => promiseCall(flush, undefined, [out, room]);
  controller.cancel = () => (cancel === undefined ? resolvedWith(undefined) : promiseCall(cancel, undefined, []));
  const self = new TransformStream(KEY);
  setRecord(self, stream);
  return self;
}

streams.createTransform = createTransform;
