// setTimeout and its family. The timers themselves are in the guest: ordered by time, then by age.

const { define } = internal;

function start(name, callback, delay, args, repeat) {
  if (typeof callback !== "function") {
    throw new TypeError(`${name}: the first argument must be a function`);
  }
  delay = Number(delay);
  return sys.setTimer(args.length ? () => callback.apply(globalThis, args) : callback, delay, repeat);
}

define(globalThis, "setTimeout", function setTimeout(callback, delay = 0, ...args) {
  return start("setTimeout", callback, delay, args, false);
});

define(globalThis, "setInterval", function setInterval(callback, delay = 0, ...args) {
  return start("setInterval", callback, delay, args, true);
});

define(globalThis, "clearTimeout", function clearTimeout(id) {
  if (id !== undefined && id !== null) sys.clearTimer(Number(id));
});

define(globalThis, "clearInterval", function clearInterval(id) {
  if (id !== undefined && id !== null) sys.clearTimer(Number(id));
});

define(globalThis, "queueMicrotask", sys.queueMicrotask);
