// The controller of an ordinary ReadableStream: a queue of chunks with sizes, filled by the source's `pull`.
// Invariant: `pull` runs once at a time; being wanted meanwhile is remembered in `pullAgain`.

const { KEY, expose, illegalConstructor, isObject, brands, inspectors } = internal.idl;
const { streams } = internal;
const { noop, upon, resolvedWith, promiseCall, enqueueWithSize, dequeue, resetQueue, Queue } = streams;

let recordOf;

class ReadableStreamDefaultController {
  #record;
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
  }
  get desiredSize() { return desiredSize(this.#record); }
  close() {
    const controller = this.#record;
    if (!canEnqueue(controller)) throw new TypeError("The stream is closed, errored or about to close");
    close(controller);
  }
  enqueue(chunk = undefined) {
    const controller = this.#record;
    if (!canEnqueue(controller)) throw new TypeError("The stream is closed, errored or about to close");
    enqueue(controller, chunk);
  }
  error(e = undefined) { error(this.#record, e); }
  static {
    recordOf = (controller, record) => { controller.#record = record; };
    brands.push((value) => isObject(value) && #record in value);
  }
}
expose(ReadableStreamDefaultController);
inspectors.set(ReadableStreamDefaultController.prototype, (controller, show) => show(controller, ["desiredSize"]));

function start(stream, startSource, pull, cancel, highWaterMark, size) {
  const controller = {
    self: new ReadableStreamDefaultController(KEY),
    stream, bytes: false, queue: new Queue(), total: 0, highWaterMark, size, pull, cancel,
    started: false, closeRequested: false, pulling: false, pullAgain: false,
    cancelSteps: (reason) => cancelSteps(controller, reason),
    pullSteps: (request) => pullSteps(controller, request),
    releaseSteps: noop,
  };
  recordOf(controller.self, controller);
  stream.controller = controller;
  const result = startSource(controller);
  upon(resolvedWith(result), () => {
    controller.started = true;
    pullIfNeeded(controller);
  }, (reason) => error(controller, reason));
}

function setUp(stream, source, callbacks, highWaterMark, size) {
  const { start: begin, pull, cancel } = callbacks;
  start(
    stream,
    begin === undefined ? noop : (controller) => Reflect.apply(begin, source, [controller.self]),
    pull === undefined ? () => resolvedWith(undefined) : (controller) => promiseCall(pull, source, [controller.self]),
    cancel === undefined ? () => resolvedWith(undefined) : (reason) => promiseCall(cancel, source, [reason]),
    highWaterMark,
    size,
  );
}

function clear(controller) {
  controller.pull = undefined;
  controller.cancel = undefined;
  controller.size = undefined;
}

function canEnqueue(controller) {
  return !controller.closeRequested && controller.stream.state === "readable";
}

function desiredSize(controller) {
  const { state } = controller.stream;
  return state === "errored" ? null : state === "closed" ? 0 : controller.highWaterMark - controller.total;
}

function shouldPull(controller) {
  if (!controller.started || !canEnqueue(controller)) return false;
  return streams.waitingReads(controller.stream, false) > 0 || desiredSize(controller) > 0;
}

function pullIfNeeded(controller) {
  if (!shouldPull(controller)) return;
  if (controller.pulling) {
    controller.pullAgain = true;
    return;
  }
  controller.pulling = true;
  upon(controller.pull(controller), () => {
    controller.pulling = false;
    if (!controller.pullAgain) return;
    controller.pullAgain = false;
    pullIfNeeded(controller);
  }, (reason) => error(controller, reason));
}

function close(controller) {
  if (!canEnqueue(controller)) return;
  controller.closeRequested = true;
  if (controller.queue.length > 0) return;
  clear(controller);
  streams.closeReadable(controller.stream);
}

function enqueue(controller, chunk) {
  if (!canEnqueue(controller)) return;
  const { stream } = controller;
  if (streams.waitingReads(stream, false) > 0) {
    streams.fulfillRead(stream, chunk, false);
  } else {
    try {
      // The size function may itself have errored the stream, which takes it away.
      const size = controller.size(chunk);
      enqueueWithSize(controller, chunk, size);
    } catch (reason) {
      error(controller, reason);
      throw reason;
    }
  }
  pullIfNeeded(controller);
}

function error(controller, reason) {
  if (controller.stream.state !== "readable") return;
  resetQueue(controller);
  clear(controller);
  streams.errorReadable(controller.stream, reason);
}

function cancelSteps(controller, reason) {
  resetQueue(controller);
  const result = controller.cancel(reason);
  clear(controller);
  return result;
}

function pullSteps(controller, request) {
  const { stream, queue } = controller;
  if (queue.length === 0) {
    stream.reader.requests.push(request);
    pullIfNeeded(controller);
    return;
  }
  const chunk = dequeue(controller);
  if (controller.closeRequested && queue.length === 0) {
    clear(controller);
    streams.closeReadable(stream);
  } else {
    pullIfNeeded(controller);
  }
  request.chunk(chunk);
}

Object.assign(streams, {
  startDefaultController: start, setUpDefaultController: setUp, defaultEnqueue: enqueue, defaultClose: close, defaultError: error,
  defaultCanEnqueue: canEnqueue, defaultDesiredSize: desiredSize,
  defaultHasBackpressure: (controller) => !shouldPull(controller),
});
