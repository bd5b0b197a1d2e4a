// node:async_hooks: AsyncLocalStorage and AsyncResource. Hooks are accepted and never called.
//
// The engine keeps one value along chains of promises, timers and jobs (`sys.asyncContext`). Here it is a list of frames, which are
// never changed: each says what one storage holds, and leads to the frame before. Invariant: a frame once made stays as it is.

const { ReflectApply, ObjectDefineProperty } = internal.primordials;
const { checkArgument: check, nodeError } = internal;
const { asyncContext, setAsyncContext } = sys;

// Runs a function with other frames.
function runWith(frames, fn, receiver, args) {
  const outer = asyncContext();
  setAsyncContext(frames);
  try {
    return ReflectApply(fn, receiver, args);
  } finally {
    setAsyncContext(outer);
  }
}

class AsyncLocalStorage {
  #disabled = false;

  static bind(fn) {
    return AsyncResource.bind(fn);
  }
  static snapshot() {
    const frames = asyncContext();
    return function inSnapshot(fn, ...args) {
      return runWith(frames, fn, this, args);
    };
  }
  run(store, fn, ...args) {
    this.#disabled = false;
    return runWith({ __proto__: null, storage: this, store, outer: asyncContext() }, fn, null, args);
  }
  exit(fn, ...args) {
    return this.run(undefined, fn, ...args);
  }
  enterWith(store) {
    this.#disabled = false;
    setAsyncContext({ __proto__: null, storage: this, store, outer: asyncContext() });
  }
  disable() {
    this.#disabled = true;
  }
  getStore() {
    if (this.#disabled) return undefined;
    for (let frame = asyncContext(); frame !== undefined; frame = frame.outer) if (frame.storage === this) return frame.store;
    return undefined;
  }
}

let lastId = 1;

class AsyncResource {
  #id = ++lastId;
  #trigger;
  #frames = asyncContext();

  constructor(type, options = {}) {
    check.string(type, "type");
    const trigger = typeof options === "number" ? options : options?.triggerAsyncId;
    if (trigger !== undefined && !(Number.isSafeInteger(trigger) && trigger >= -1)) {
      throw nodeError(RangeError, "ERR_INVALID_ASYNC_ID", `Invalid triggerAsyncId value: ${trigger}`);
    }
    this.#trigger = trigger ?? 1;
  }
  runInAsyncScope(fn, receiver, ...args) {
    return runWith(this.#frames, fn, receiver, args);
  }
  emitDestroy() {
    return this;
  }
  asyncId() {
    return this.#id;
  }
  triggerAsyncId() {
    return this.#trigger;
  }
  bind(fn, receiver) {
    check.function(fn, "fn");
    const resource = this;
    const bound = receiver === undefined ? function (...args) {
      return resource.runInAsyncScope(fn, this, ...args);
    } : (...args) => resource.runInAsyncScope(fn, receiver, ...args);
    ObjectDefineProperty(bound, "length", { configurable: true, enumerable: false, value: fn.length, writable: false });
    return bound;
  }
  static bind(fn, type, receiver) {
    return new AsyncResource(type || fn?.name || "bound-anonymous-fn").bind(fn, receiver);
  }
}
internal.AsyncResource = AsyncResource;

class AsyncHook {
  enable() {
    return this;
  }
  disable() {
    return this;
  }
}

const HOOKS = ["init", "before", "after", "destroy", "promiseResolve"];

internal.modules["node:async_hooks"] = {
  AsyncLocalStorage,
  createHook(hooks) {
    for (let i = 0; i < HOOKS.length; i++) {
      const name = HOOKS[i];
      if (hooks[name] !== undefined && typeof hooks[name] !== "function") {
        throw nodeError(TypeError, "ERR_ASYNC_CALLBACK", `hook.${name} must be a function`);
      }
    }
    return new AsyncHook();
  },
  executionAsyncId: () => 1,
  triggerAsyncId: () => 0,
  executionAsyncResource: () => resource,
  asyncWrapProviders: Object.freeze({ __proto__: null }),
  AsyncResource,
};
const resource = {};
