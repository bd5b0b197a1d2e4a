// What all streams share: promises as the standard makes them, queues with sizes, strategies. Start at `internal.streams`.
// Every stream object of a guest (`self`) has one record; the abstract operations of the Streams standard work on records and
// find each other through `streams`, which guests never see.
// Invariant: promises are made and chained with the functions captured here, so patched promises cannot see a stream's state.

const { apply, expose, need, isObject, brands, inspectors } = internal.idl;
const NativePromise = Promise;
const { resolve: promiseResolve, reject: promiseReject, all: promiseAll, withResolvers } = Promise;
const promiseThen = Promise.prototype.then;
const { isView } = ArrayBuffer;
const { get } = internal.classify;

function noop() {}

function then(promise, fulfilled, rejected) {
  return apply(promiseThen, promise, [fulfilled, rejected]);
}

// Reacts to a promise without leaving a rejection unhandled. The reactions must not throw.
function upon(promise, fulfilled, rejected = noop) {
  apply(promiseThen, promise, [fulfilled, rejected]);
}

// A promise resolved with the value. The standard wants a new one even for a promise; what cannot be one is settled at once.
function resolvedWith(value) {
  if (typeof value !== "object" && typeof value !== "function") return apply(promiseResolve, NativePromise, [value]);
  return new NativePromise((resolve) => resolve(value));
}

function rejectedWith(reason) {
  return apply(promiseReject, NativePromise, [reason]);
}

function markHandled(promise) {
  apply(promiseThen, promise, [undefined, noop]);
}

function all(promises) {
  return apply(promiseAll, NativePromise, [promises]);
}

// {promise, resolve, reject}
function deferred() {
  return apply(withResolvers, NativePromise, []);
}

// One that knows whether it has been settled: {promise, settled, resolve, reject}.
class Tracked {
  constructor() {
    this.inner = deferred();
    this.promise = this.inner.promise;
    this.settled = false;
  }
  resolve(value) {
    this.settled = true;
    this.inner.resolve(value);
  }
  reject(reason) {
    this.settled = true;
    this.inner.reject(reason);
  }
}

function tracked() {
  return new Tracked();
}

function settledDeferred(rejected, value) {
  const promise = rejected ? rejectedWith(value) : resolvedWith(value);
  if (rejected) markHandled(promise);
  return { promise, resolve: noop, reject: noop, settled: true };
}

// A guest's callback that answers a promise: what it throws becomes a rejection.
function promiseCall(callback, self, args) {
  try {
    return resolvedWith(apply(callback, self, args));
  } catch (error) {
    return rejectedWith(error);
  }
}

// First in, first out, without moving the rest at every removal.
class Queue {
  items = [];
  head = 0;
  get length() { return this.items.length - this.head; }
  push(item) { this.items[this.items.length] = item; }
  peek() { return this.items[this.head]; }
  last() { return this.items[this.items.length - 1]; }
  shift() {
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
  // Empties the queue and answers what was in it.
  take() {
    const items = this.head === 0 ? this.items : this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    return items;
  }
}

function enqueueWithSize(container, value, size) {
  if (typeof size !== "number" || size !== size || size < 0 || size === Infinity) {
    throw new RangeError("The size of a chunk must be a finite, non-negative number");
  }
  container.queue.push({ value, size });
  container.total += size;
}

function dequeue(container) {
  const { value, size } = container.queue.shift();
  container.total -= size;
  // Sums of fractions may end below zero.
  if (container.total < 0) container.total = 0;
  return value;
}

function resetQueue(container) {
  container.queue = new Queue();
  container.total = 0;
}

// {highWaterMark, size} of a queuing strategy, in the order in which WebIDL reads them.
function readStrategy(strategy) {
  if (strategy === undefined || strategy === null) return { highWaterMark: undefined, size: undefined };
  if (!isObject(strategy)) throw new TypeError("A queuing strategy must be an object");
  const mark = strategy.highWaterMark;
  const highWaterMark = mark === undefined ? undefined : +mark;
  const { size } = strategy;
  if (size !== undefined && typeof size !== "function") throw new TypeError("The size of a queuing strategy must be a function");
  return { highWaterMark, size };
}

function highWaterMarkOf({ highWaterMark }, fallback) {
  if (highWaterMark === undefined) return fallback;
  if (highWaterMark !== highWaterMark || highWaterMark < 0) throw new RangeError("highWaterMark must be a non-negative number");
  return highWaterMark;
}

const one = () => 1;

function sizeOf({ size }) {
  return size === undefined ? one : (chunk) => +apply(size, undefined, [chunk]);
}

// The named members of a guest's source, sink or transformer: functions or absent.
function readCallbacks(object, names) {
  const callbacks = {};
  for (const name of names) {
    const callback = object === null || object === undefined ? undefined : object[name];
    if (callback !== undefined && typeof callback !== "function" && name !== "type" && name !== "autoAllocateChunkSize"
      && name !== "readableType" && name !== "writableType") {
      throw new TypeError(`${name} must be a function`);
    }
    callbacks[name] = callback;
  }
  return callbacks;
}

function optionalObject(value, what) {
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new TypeError(`${what} must be an object`);
  return value;
}

// Everything about a view that the byte streams need, read by the engine's own getters.
function viewParts(view) {
  if (!isView(view)) throw new TypeError("The argument must be a view of an ArrayBuffer");
  const kind = apply(get.arrayTag, view, []);
  if (kind === undefined) {
    const bytes = apply(get.viewBytes, view, []);
    return { kind: "DataView", buffer: apply(get.viewBuffer, view, []), offset: apply(get.viewOffset, view, []), bytes, length: bytes };
  }
  return {
    kind,
    buffer: apply(get.arrayBuffer, view, []),
    offset: apply(get.arrayOffset, view, []),
    bytes: apply(get.arrayBytes, view, []),
    length: apply(get.arrayLength, view, []),
  };
}

let isByteLengthStrategy;
let isCountStrategy;
const byteLengthSize = { size: (chunk) => chunk.byteLength }.size;
const countSize = { size: () => 1 }.size;

function readHighWaterMark(init, what) {
  if (!isObject(init)) throw new TypeError(`${what}: init must be an object`);
  const mark = init.highWaterMark;
  if (mark === undefined) throw new TypeError(`${what}: highWaterMark is required`);
  return +mark;
}

class ByteLengthQueuingStrategy {
  #highWaterMark;
  constructor(init) {
    need(arguments.length, 1, "ByteLengthQueuingStrategy");
    this.#highWaterMark = readHighWaterMark(init, "ByteLengthQueuingStrategy");
  }
  get highWaterMark() { return this.#highWaterMark; }
  get size() {
    this.#highWaterMark;
    return byteLengthSize;
  }
  static {
    isByteLengthStrategy = (value) => isObject(value) && #highWaterMark in value;
  }
}
expose(ByteLengthQueuingStrategy);

class CountQueuingStrategy {
  #highWaterMark;
  constructor(init) {
    need(arguments.length, 1, "CountQueuingStrategy");
    this.#highWaterMark = readHighWaterMark(init, "CountQueuingStrategy");
  }
  get highWaterMark() { return this.#highWaterMark; }
  get size() {
    this.#highWaterMark;
    return countSize;
  }
  static {
    isCountStrategy = (value) => isObject(value) && #highWaterMark in value;
  }
}
expose(CountQueuingStrategy);
brands.push(isByteLengthStrategy, isCountStrategy);
for (const Class of [ByteLengthQueuingStrategy, CountQueuingStrategy]) {
  inspectors.set(Class.prototype, (strategy, show) => show(strategy, ["highWaterMark"]));
}

internal.streams = {
  noop, then, upon, resolvedWith, rejectedWith, markHandled, all, deferred, tracked, settledDeferred, promiseCall, Queue, enqueueWithSize,
  dequeue, resetQueue, readStrategy, highWaterMarkOf, sizeOf, readCallbacks, optionalObject, viewParts,
};
