// Timers as Node.js gives them: objects, which web programs may take for numbers. node:timers and node:timers/promises.
//
// Start at Timeout. The timers themselves are the guest's; an object keeps the number of its own.

const { ReflectApply, Promise } = internal.primordials;
const { checkArgument: check, AbortError, define } = internal;
const { setTimer, clearTimer, refTimer, unrefTimer } = sys;
const customPromisify = Symbol.for("nodejs.util.promisify.custom");
const DELAY_MAX = 2 ** 31 - 1;

class Timeout {
  #id;
  #callback;
  #repeat;
  #referenced = true;

  constructor(callback, delay, repeat) {
    this.#callback = callback;
    this.#repeat = repeat;
    this._idleTimeout = delay;
    this.#id = setTimer(callback, delay, repeat);
  }
  static clear(timer) {
    if (typeof timer === "object" && timer !== null && #id in timer) clearTimer(timer.#id);
    else if (timer !== undefined && timer !== null && typeof timer !== "object") clearTimer(+timer);
  }
  ref() {
    this.#referenced = true;
    refTimer(this.#id);
    return this;
  }
  unref() {
    this.#referenced = false;
    unrefTimer(this.#id);
    return this;
  }
  hasRef() {
    return this.#referenced;
  }
  refresh() {
    clearTimer(this.#id);
    this.#id = setTimer(this.#callback, this._idleTimeout, this.#repeat);
    if (!this.#referenced) unrefTimer(this.#id);
    return this;
  }
  close() {
    clearTimer(this.#id);
    return this;
  }
  [Symbol.toPrimitive]() {
    return this.#id;
  }
  [Symbol.dispose]() {
    clearTimer(this.#id);
  }
}

class Immediate {
  #id;
  #referenced = true;

  constructor(callback) {
    this.#id = sys.setImmediate(callback);
  }
  static clear(immediate) {
    if (typeof immediate === "object" && immediate !== null && #id in immediate) clearTimer(immediate.#id);
  }
  ref() {
    this.#referenced = true;
    refTimer(this.#id);
    return this;
  }
  unref() {
    this.#referenced = false;
    unrefTimer(this.#id);
    return this;
  }
  hasRef() {
    return this.#referenced;
  }
  [Symbol.dispose]() {
    clearTimer(this.#id);
  }
}

// A delay as other engines take it: one that they cannot count is as good as none.
function delayOf(value) {
  const delay = +value;
  return delay > 0 ? (delay <= DELAY_MAX ? delay : 1) : 0;
}

function bound(callback, args) {
  if (typeof callback !== "function") throw internal.invalidType("callback", "of type function", callback);
  return args.length === 0 ? callback : () => ReflectApply(callback, undefined, args);
}

const timers = {
  setTimeout(callback, delay, ...args) {
    return new Timeout(bound(callback, args), delayOf(delay), false);
  },
  clearTimeout(timer) {
    Timeout.clear(timer);
  },
  setImmediate(callback, ...args) {
    return new Immediate(bound(callback, args));
  },
  clearImmediate(immediate) {
    Immediate.clear(immediate);
  },
  setInterval(callback, delay, ...args) {
    return new Timeout(bound(callback, args), delayOf(delay), true);
  },
  clearInterval(timer) {
    Timeout.clear(timer);
  },
  enroll: internal.refuse("timers.enroll()"),
  unenroll: internal.refuse("timers.unenroll()"),
  active: internal.refuse("timers.active()"),
};

// ---- timers/promises ----

// A promise of what `start` calls back with, given up when the signal says so.
function promised(start, stop, value, options) {
  if (options !== undefined) {
    try {
      check.object(options, "options");
      check.signal(options.signal, "options.signal");
      if (options.ref !== undefined) check.boolean(options.ref, "options.ref");
    } catch (error) {
      return Promise.reject(error);
    }
  }
  const signal = options?.signal;
  if (signal?.aborted) return Promise.reject(new AbortError(undefined, { cause: signal.reason }));
  return new Promise((resolve, reject) => {
    const aborted = () => {
      stop(timer);
      reject(new AbortError(undefined, { cause: signal.reason }));
    };
    const timer = start(() => {
      signal?.removeEventListener("abort", aborted);
      resolve(value);
    });
    if (options?.ref === false) timer.unref();
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

const later = (delay, value, options) => promised((done) => timers.setTimeout(done, delay), timers.clearTimeout, value, options);
const soon = (value, options) => promised((done) => timers.setImmediate(done), timers.clearImmediate, value, options);

async function* every(delay, value, options) {
  const signal = options?.signal;
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  let passed = 0;
  let wake;
  const tick = () => {
    passed++;
    wake?.();
  };
  const timer = timers.setInterval(tick, delay);
  if (options?.ref === false) timer.unref();
  const aborted = () => wake?.();
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    for (;;) {
      if (passed === 0 && !signal?.aborted) await new Promise((resolve) => (wake = resolve));
      wake = undefined;
      for (; passed > 0; passed--) yield value;
      if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
    }
  } finally {
    timers.clearInterval(timer);
    signal?.removeEventListener("abort", aborted);
  }
}

const promises = {
  setTimeout: (delay, value, options) => later(delay, value, options),
  setImmediate: (value, options) => soon(value, options),
  setInterval: every,
  scheduler: { wait: (delay, options) => later(delay, undefined, options), yield: () => soon() },
};
timers.promises = promises;
define(timers.setTimeout, customPromisify, promises.setTimeout);
define(timers.setImmediate, customPromisify, promises.setImmediate);
for (const name of ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"]) define(globalThis, name, timers[name]);
internal.timers = timers;
internal.modules["node:timers"] = timers;
internal.modules["node:timers/promises"] = promises;
