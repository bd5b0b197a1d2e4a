// node:events. Start at EventEmitter.
//
// Listeners are kept as Node.js keeps them, in `_events`: a function, or an array of them that is copied before it is changed
// while it may be walked. Packages look at these fields.

const {
  ReflectApply, ReflectOwnKeys, ArrayPrototypePush, ArrayPrototypeShift,
  FunctionPrototypeBind, Promise,
} = internal.primordials;
const { ObjectAssign, ObjectDefineProperty, ObjectGetPrototypeOf, ObjectKeys } = internal.primordials;
const { checkArgument: check, nodeError, invalidType, outOfRange, AbortError } = internal;

const errorMonitor = Symbol("events.errorMonitor");
const captureRejection = Symbol.for("nodejs.rejection");
const kCapture = Symbol("kCapture");
let defaultMaxListeners = 10;

function EventEmitter(options) {
  ReflectApply(EventEmitter.init, this, [options]);
}
const prototype = EventEmitter.prototype;
prototype._events = undefined;
prototype._eventsCount = 0;
prototype._maxListeners = undefined;
ObjectDefineProperty(prototype, kCapture, { value: false, writable: true, enumerable: false, configurable: true });

EventEmitter.init = function init(options) {
  if (this._events === undefined || this._events === ObjectGetPrototypeOf(this)?._events) {
    this._events = { __proto__: null };
    this._eventsCount = 0;
  }
  this._maxListeners = this._maxListeners || undefined;
  if (options?.captureRejections) {
    check.boolean(options.captureRejections, "options.captureRejections");
    this[kCapture] = true;
  } else if (EventEmitter.captureRejections) {
    this[kCapture] = true;
  }
};

const maxOf = (emitter) => (emitter._maxListeners === undefined ? defaultMaxListeners : emitter._maxListeners);

function checkListener(listener) {
  check.function(listener, "listener");
}

const methods = {
  setMaxListeners(n) {
    if (typeof n !== "number" || n < 0 || n !== n) throw outOfRange("setMaxListeners", ">= 0", n);
    this._maxListeners = n;
    return this;
  },
  getMaxListeners() {
    return maxOf(this);
  },
  emit(type, ...args) {
    const events = this._events;
    if (type === "error") {
      if (events?.[errorMonitor] !== undefined) ReflectApply(methods.emit, this, [errorMonitor, ...args]);
      if (events?.error === undefined) throw unhandled(args[0]);
    }
    const handler = events?.[type];
    if (handler === undefined) return false;
    if (typeof handler === "function") {
      const result = ReflectApply(handler, this, args);
      if (result !== undefined && result !== null && this[kCapture]) watch(this, result, type, args);
      return true;
    }
    const listeners = copy(handler);
    for (let i = 0; i < listeners.length; i++) {
      const result = ReflectApply(listeners[i], this, args);
      if (result !== undefined && result !== null && this[kCapture]) watch(this, result, type, args);
    }
    return true;
  },
  addListener(type, listener) {
    return add(this, type, listener, false);
  },
  prependListener(type, listener) {
    return add(this, type, listener, true);
  },
  once(type, listener) {
    checkListener(listener);
    return this.on(type, wrapOnce(this, type, listener));
  },
  prependOnceListener(type, listener) {
    checkListener(listener);
    return this.prependListener(type, wrapOnce(this, type, listener));
  },
  removeListener(type, listener) {
    checkListener(listener);
    const events = this._events;
    const list = events?.[type];
    if (list === undefined) return this;
    if (list === listener || list.listener === listener) {
      this._eventsCount -= 1;
      if (this._eventsCount === 0) this._events = { __proto__: null };
      else delete events[type];
      if (events.removeListener) this.emit("removeListener", type, list.listener || listener);
    } else if (typeof list !== "function") {
      let at = list.length - 1;
      while (at >= 0 && list[at] !== listener && list[at].listener !== listener) at--;
      if (at < 0) return this;
      if (at === 0) ArrayPrototypeShift(list);
      else {
        for (; at + 1 < list.length; at++) list[at] = list[at + 1];
        list.length -= 1;
      }
      if (list.length === 1) events[type] = list[0];
      if (events.removeListener !== undefined) this.emit("removeListener", type, listener);
    }
    return this;
  },
  removeAllListeners(type) {
    const events = this._events;
    if (events === undefined) return this;
    if (events.removeListener === undefined) {
      if (arguments.length === 0) {
        this._events = { __proto__: null };
        this._eventsCount = 0;
      } else if (events[type] !== undefined) {
        if (--this._eventsCount === 0) this._events = { __proto__: null };
        else delete events[type];
      }
      return this;
    }
    if (arguments.length === 0) {
      const keys = ReflectOwnKeys(events);
      for (let i = 0; i < keys.length; i++) if (keys[i] !== "removeListener") this.removeAllListeners(keys[i]);
      this.removeAllListeners("removeListener");
      this._events = { __proto__: null };
      this._eventsCount = 0;
      return this;
    }
    const listeners = events[type];
    if (typeof listeners === "function") this.removeListener(type, listeners);
    else if (listeners !== undefined) for (let i = listeners.length - 1; i >= 0; i--) this.removeListener(type, listeners[i]);
    return this;
  },
  listeners(type) {
    return list(this, type, true);
  },
  rawListeners(type) {
    return list(this, type, false);
  },
  listenerCount(type, listener) {
    const found = this._events?.[type];
    if (found === undefined) return 0;
    if (typeof listener === "function") {
      const all = list(this, type, false);
      let count = 0;
      for (let i = 0; i < all.length; i++) if (all[i] === listener || all[i].listener === listener) count++;
      return count;
    }
    return typeof found === "function" ? 1 : found.length;
  },
  eventNames() {
    return this._eventsCount > 0 ? ReflectOwnKeys(this._events) : [];
  },
};
for (const name of ObjectKeys(methods)) prototype[name] = methods[name];
prototype.on = prototype.addListener;
prototype.off = prototype.removeListener;

function copy(array) {
  const made = [];
  for (let i = 0; i < array.length; i++) made[i] = array[i];
  return made;
}

function list(emitter, type, unwrap) {
  const found = emitter._events?.[type];
  if (found === undefined) return [];
  if (typeof found === "function") return [unwrap ? found.listener || found : found];
  const made = copy(found);
  if (unwrap) for (let i = 0; i < made.length; i++) made[i] = made[i].listener || made[i];
  return made;
}

// What is thrown when nobody listens for errors.
function unhandled(error) {
  if (error instanceof Error) return error;
  let shown;
  try {
    shown = internal.inspect(error);
  } catch {
    shown = error;
  }
  const made = nodeError(Error, "ERR_UNHANDLED_ERROR", `Unhandled error. (${shown})`);
  made.context = error;
  return made;
}

// A listener's promise was rejected: the emitter takes it as an error.
function watch(emitter, promise, type, args) {
  try {
    const then = promise.then;
    if (typeof then !== "function") return;
    ReflectApply(then, promise, [undefined, (error) => internal.nextTick(() => {
      if (typeof emitter[captureRejection] === "function") {
        emitter[captureRejection](error, type, ...args);
        return;
      }
      const before = emitter[kCapture];
      try {
        emitter[kCapture] = false;
        emitter.emit("error", error);
      } finally {
        emitter[kCapture] = before;
      }
    })]);
  } catch (error) {
    emitter.emit("error", error);
  }
}

function add(target, type, listener, first) {
  checkListener(listener);
  let events = target._events;
  let existing;
  if (events === undefined) {
    events = target._events = { __proto__: null };
    target._eventsCount = 0;
  } else {
    if (events.newListener !== undefined) {
      target.emit("newListener", type, listener.listener ?? listener);
      events = target._events;
    }
    existing = events[type];
  }
  if (existing === undefined) {
    events[type] = listener;
    ++target._eventsCount;
    return target;
  }
  if (typeof existing === "function") {
    existing = events[type] = first ? [listener, existing] : [existing, listener];
  } else if (first) {
    for (let i = existing.length; i > 0; i--) existing[i] = existing[i - 1];
    existing[0] = listener;
  } else {
    existing[existing.length] = listener;
  }
  const max = maxOf(target);
  if (max > 0 && existing.length > max && !existing.warned) {
    existing.warned = true;
    const shown = internal.inspect(target, { depth: -1 });
    const warning = new Error(`Possible EventEmitter memory leak detected. ${existing.length} ${String(type)} listeners added to ${shown}. `
      + `MaxListeners is ${max}. Use emitter.setMaxListeners() to increase limit`);
    warning.name = "MaxListenersExceededWarning";
    warning.emitter = target;
    warning.type = type;
    warning.count = existing.length;
    internal.emitWarning?.(warning);
  }
  return target;
}

function onceWrapper() {
  if (this.fired) return undefined;
  this.target.removeListener(this.type, this.wrapFn);
  this.fired = true;
  return arguments.length === 0 ? FunctionCall(this.listener, this.target) : ReflectApply(this.listener, this.target, arguments);
}
const FunctionCall = internal.primordials.FunctionPrototypeCall;

function wrapOnce(target, type, listener) {
  const state = { fired: false, wrapFn: undefined, target, type, listener };
  const wrapped = FunctionPrototypeBind(onceWrapper, state);
  wrapped.listener = listener;
  state.wrapFn = wrapped;
  return wrapped;
}

// ---- once, on ----

const isTarget = (value) => typeof value?.addEventListener === "function";

function listen(emitter, name, listener, options) {
  if (typeof emitter.on === "function") {
    if (options?.once) emitter.once(name, listener);
    else emitter.on(name, listener);
  } else if (isTarget(emitter)) {
    emitter.addEventListener(name, listener, options);
  } else {
    throw invalidType("emitter", "an instance of EventEmitter", emitter);
  }
}

function unlisten(emitter, name, listener) {
  if (typeof emitter.removeListener === "function") emitter.removeListener(name, listener);
  else emitter.removeEventListener?.(name, listener);
}

async function once(emitter, name, options = {}) {
  const signal = options?.signal;
  check.signal(signal, "options.signal");
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  return new Promise((resolve, reject) => {
    const failed = (error) => {
      unlisten(emitter, name, happened);
      signal?.removeEventListener("abort", aborted);
      reject(error);
    };
    const happened = (...args) => {
      if (typeof emitter.removeListener === "function") emitter.removeListener("error", failed);
      signal?.removeEventListener("abort", aborted);
      resolve(args);
    };
    const aborted = () => {
      unlisten(emitter, name, happened);
      unlisten(emitter, "error", failed);
      reject(new AbortError(undefined, { cause: signal.reason }));
    };
    listen(emitter, name, happened, { once: true });
    if (name !== "error" && typeof emitter.once === "function") emitter.once("error", failed);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

function on(emitter, name, options = {}) {
  const signal = options?.signal;
  check.signal(signal, "options.signal");
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  const events = [];
  const waiting = [];
  let error;
  let finished = false;

  const happened = (...args) => {
    if (waiting.length > 0) ArrayPrototypeShift(waiting).resolve({ value: args, done: false });
    else ArrayPrototypePush(events, args);
  };
  const failed = (reason) => {
    if (waiting.length > 0) ArrayPrototypeShift(waiting).reject(reason);
    else error = { reason };
    iterator.return();
  };
  const aborted = () => failed(new AbortError(undefined, { cause: signal.reason }));
  const end = () => iterator.return();

  const iterator = {
    __proto__: ObjectGetPrototypeOf(ObjectGetPrototypeOf(async function* () {}).prototype),
    next() {
      if (events.length > 0) return Promise.resolve({ value: ArrayPrototypeShift(events), done: false });
      if (error) {
        const { reason } = error;
        error = undefined;
        return Promise.reject(reason);
      }
      if (finished) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => ArrayPrototypePush(waiting, { resolve, reject }));
    },
    return() {
      unlisten(emitter, name, happened);
      unlisten(emitter, "error", failed);
      signal?.removeEventListener("abort", aborted);
      finished = true;
      while (waiting.length > 0) ArrayPrototypeShift(waiting).resolve({ value: undefined, done: true });
      return Promise.resolve({ value: undefined, done: true });
    },
    throw(reason) {
      if (!(reason instanceof Error)) throw invalidType("EventEmitter.AsyncIterator", "an instance of Error", reason);
      failed(reason);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  listen(emitter, name, happened);
  if (name !== "error" && typeof emitter.on === "function") emitter.on("error", failed);
  signal?.addEventListener("abort", aborted, { once: true });
  const closes = options?.close;
  if (closes) for (let i = 0; i < closes.length; i++) listen(emitter, closes[i], end);
  return iterator;
}

class EventEmitterAsyncResource extends EventEmitter {
  #resource;
  constructor(options = undefined) {
    super(typeof options === "string" ? undefined : options);
    this.#resource = new internal.AsyncResource(typeof options === "string" ? options : options?.name ?? new.target.name);
  }
  emit(...args) {
    return this.#resource.runInAsyncScope(super.emit, this, ...args);
  }
  emitDestroy() {
    return this.#resource.emitDestroy();
  }
  get asyncId() {
    return this.#resource.asyncId();
  }
  get triggerAsyncId() {
    return this.#resource.triggerAsyncId();
  }
  get asyncResource() {
    return this.#resource;
  }
}

function addAbortListener(signal, listener) {
  check.signal(signal ?? null, "signal");
  check.function(listener, "listener");
  if (signal.aborted) sys.queueMicrotask(() => listener());
  else signal.addEventListener("abort", listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
}

ObjectAssign(EventEmitter, {
  once,
  on,
  getEventListeners(target, type) {
    if (typeof target?.listeners === "function") return target.listeners(type);
    return internal.eventListeners?.(target, type) ?? [];
  },
  getMaxListeners: (target) => (typeof target?.getMaxListeners === "function" ? target.getMaxListeners() : defaultMaxListeners),
  EventEmitter,
  usingDomains: false,
  captureRejectionSymbol: captureRejection,
  captureRejections: false,
  EventEmitterAsyncResource,
  errorMonitor,
  listenerCount: (emitter, type) => emitter.listenerCount(type),
  setMaxListeners(n = defaultMaxListeners, ...targets) {
    if (typeof n !== "number" || n < 0 || n !== n) throw outOfRange("setMaxListeners", ">= 0", n);
    if (targets.length === 0) defaultMaxListeners = n;
    for (let i = 0; i < targets.length; i++) targets[i].setMaxListeners?.(n);
  },
  addAbortListener,
});
ObjectDefineProperty(EventEmitter, "defaultMaxListeners", {
  enumerable: true,
  get: () => defaultMaxListeners,
  set(n) {
    if (typeof n !== "number" || n < 0 || n !== n) throw outOfRange("defaultMaxListeners", ">= 0", n);
    defaultMaxListeners = n;
  },
});
internal.EventEmitter = EventEmitter;
internal.modules["node:events"] = EventEmitter;
