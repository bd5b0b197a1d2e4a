// The controller of a byte stream: its interface, the queue of buffers, `pull`, and the request that shows a source the buffer to
// fill. What concerns reading into a caller's buffer is in 85-readable-pull-into.js.
// A record adds `pending` to what other controllers have: descriptors of the buffers that wait to be filled.

const { KEY, apply, expose, illegalConstructor, need, toEnforcedUnsigned, isObject, brands, inspectors } = internal.idl;
const { isDetached, isSharedBuffer, get } = internal.classify;
const { streams } = internal;
const { noop, upon, resolvedWith, promiseCall, resetQueue, Queue, viewParts } = streams;

let setController;
let setRequest;

class ReadableByteStreamController {
  #record;
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
  }
  get byobRequest() { return byobRequest(this.#record); }
  get desiredSize() { return desiredSize(this.#record); }
  close() {
    const controller = this.#record;
    if (controller.closeRequested) throw new TypeError("The stream is about to close");
    if (controller.stream.state !== "readable") throw new TypeError(`The stream is ${controller.stream.state}`);
    close(controller);
  }
  enqueue(chunk) {
    const controller = this.#record;
    need(arguments.length, 1, "ReadableByteStreamController.enqueue");
    const parts = viewParts(chunk);
    if (isSharedBuffer(parts.buffer)) throw new TypeError("The chunk must not be of a SharedArrayBuffer");
    if (parts.bytes === 0) throw new TypeError("The chunk is empty");
    if (apply(get.bufferLength, parts.buffer, []) === 0) throw new TypeError("The chunk's buffer is empty");
    if (controller.closeRequested) throw new TypeError("The stream is about to close");
    if (controller.stream.state !== "readable") throw new TypeError(`The stream is ${controller.stream.state}`);
    streams.byteEnqueue(controller, parts);
  }
  error(e = undefined) { error(this.#record, e); }
  static {
    setController = (controller, record) => { controller.#record = record; };
    brands.push((value) => isObject(value) && #record in value);
  }
}
expose(ReadableByteStreamController);
inspectors.set(ReadableByteStreamController.prototype, (controller, show) => show(controller, ["desiredSize"]));

class ReadableStreamBYOBRequest {
  #record;
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
  }
  get view() { return this.#record.view; }
  respond(bytesWritten) {
    const request = this.#record;
    need(arguments.length, 1, "ReadableStreamBYOBRequest.respond");
    const count = toEnforcedUnsigned(bytesWritten, Number.MAX_SAFE_INTEGER, "bytesWritten");
    if (request.controller === null) throw new TypeError("The request was answered or withdrawn");
    if (isDetached(viewParts(request.view).buffer)) throw new TypeError("The request's buffer is detached");
    streams.respond(request.controller, count);
  }
  respondWithNewView(view) {
    const request = this.#record;
    need(arguments.length, 1, "ReadableStreamBYOBRequest.respondWithNewView");
    const parts = viewParts(view);
    if (request.controller === null) throw new TypeError("The request was answered or withdrawn");
    if (isDetached(parts.buffer)) throw new TypeError("The view's buffer is detached");
    streams.respondWithNewView(request.controller, parts);
  }
  static {
    setRequest = (request, record) => { request.#record = record; };
    brands.push((value) => isObject(value) && #record in value);
  }
}
expose(ReadableStreamBYOBRequest);

function start(stream, startSource, pull, cancel, highWaterMark, autoAllocate) {
  const controller = {
    self: new ReadableByteStreamController(KEY),
    stream, bytes: true, queue: new Queue(), total: 0, highWaterMark, pull, cancel, autoAllocate, request: null, pending: new Queue(),
    started: false, closeRequested: false, pulling: false, pullAgain: false,
    cancelSteps: (reason) => cancelSteps(controller, reason),
    pullSteps: (request) => streams.bytePull(controller, request),
    releaseSteps: () => streams.byteRelease(controller),
  };
  setController(controller.self, controller);
  stream.controller = controller;
  const result = startSource(controller);
  upon(resolvedWith(result), () => {
    controller.started = true;
    pullIfNeeded(controller);
  }, (reason) => error(controller, reason));
}

function setUp(stream, source, callbacks, highWaterMark) {
  const { start: begin, pull, cancel } = callbacks;
  let autoAllocate = callbacks.autoAllocateChunkSize;
  if (autoAllocate !== undefined) {
    autoAllocate = toEnforcedUnsigned(autoAllocate, Number.MAX_SAFE_INTEGER, "autoAllocateChunkSize");
    if (autoAllocate === 0) throw new TypeError("autoAllocateChunkSize must be positive");
  }
  start(
    stream,
    begin === undefined ? noop : (controller) => apply(begin, source, [controller.self]),
    pull === undefined ? () => resolvedWith(undefined) : (controller) => promiseCall(pull, source, [controller.self]),
    cancel === undefined ? () => resolvedWith(undefined) : (reason) => promiseCall(cancel, source, [reason]),
    highWaterMark,
    autoAllocate,
  );
}

function clear(controller) {
  controller.pull = undefined;
  controller.cancel = undefined;
}

function desiredSize(controller) {
  const { state } = controller.stream;
  return state === "errored" ? null : state === "closed" ? 0 : controller.highWaterMark - controller.total;
}

function shouldPull(controller) {
  const { stream } = controller;
  if (stream.state !== "readable" || controller.closeRequested || !controller.started) return false;
  return streams.waitingReads(stream, false) > 0 || streams.waitingReads(stream, true) > 0 || desiredSize(controller) > 0;
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
  if (controller.closeRequested || controller.stream.state !== "readable") return;
  if (controller.total > 0) {
    controller.closeRequested = true;
    return;
  }
  const first = controller.pending.peek();
  if (first !== undefined && first.filled % first.elementSize !== 0) {
    const reason = new TypeError("The stream ends inside of an element");
    error(controller, reason);
    throw reason;
  }
  clear(controller);
  streams.closeReadable(controller.stream);
}

function error(controller, reason) {
  if (controller.stream.state !== "readable") return;
  withdrawRequest(controller);
  controller.pending = new Queue();
  resetQueue(controller);
  clear(controller);
  streams.errorReadable(controller.stream, reason);
}

function cancelSteps(controller, reason) {
  withdrawRequest(controller);
  controller.pending = new Queue();
  resetQueue(controller);
  const result = controller.cancel(reason);
  clear(controller);
  return result;
}

// The request for the first waiting buffer, as the source sees it: a view of what is still to be filled.
function byobRequest(controller) {
  const first = controller.pending.peek();
  if (controller.request === null && first !== undefined) {
    const view = new Uint8Array(first.buffer, first.offset + first.filled, first.bytes - first.filled);
    controller.request = { self: new ReadableStreamBYOBRequest(KEY), controller, view };
    setRequest(controller.request.self, controller.request);
  }
  return controller.request === null ? null : controller.request.self;
}

function withdrawRequest(controller) {
  if (controller.request === null) return;
  controller.request.controller = null;
  controller.request.view = null;
  controller.request = null;
}

// After bytes have left the queue: the stream may now close, or want more.
function afterDrain(controller) {
  if (controller.total === 0 && controller.closeRequested) {
    clear(controller);
    streams.closeReadable(controller.stream);
  } else {
    pullIfNeeded(controller);
  }
}

Object.assign(streams, {
  startByteController: start, setUpByteController: setUp, byteClose: close, byteError: error, byobRequest, withdrawRequest, afterDrain,
  bytePullIfNeeded: pullIfNeeded,
});
