// What happens to a process: ticks, its end, and errors that nobody caught. Start at `nextTick`, `end`, and the hooks for the guest.

const { NumberIsInteger, ReflectApply, ObjectDefineProperty } = internal.primordials;
const { process, checkArgument: check, invalidType, nodeError } = internal;
const { asyncContext, setAsyncContext } = sys;

// ---- ticks: what runs before the jobs of promises ----

// A list whose beginning was run already; it is made anew when it is empty.
let queue = [];
let at = 0;

function nextTick(callback, ...args) {
  check.function(callback, "callback");
  if (process._exiting) return;
  if (queue.length === at) {
    queue = [];
    at = 0;
    sys.wantTicks();
  }
  queue[queue.length] = { __proto__: null, callback, args, context: asyncContext() };
}
internal.nextTick = nextTick;
process.nextTick = nextTick;

// Runs what waits; what it throws is uncaught, and the rest follows.
internal.runTicks = () => {
  try {
    while (at < queue.length) {
      const tick = queue[at];
      queue[at++] = undefined;
      setAsyncContext(tick.context);
      ReflectApply(tick.callback, undefined, tick.args);
    }
  } finally {
    setAsyncContext(undefined);
    if (at < queue.length) sys.wantTicks();
  }
};

// ---- the end ----

const UNSETTLED = 13;
let exitCode;
let failing = false;

function checkCode(code, name) {
  if (code === undefined || code === null) return code;
  const number = typeof code === "string" && code !== "" ? +code : code;
  if (typeof number !== "number") throw invalidType(name, "of type number", code);
  if (!NumberIsInteger(number)) throw internal.outOfRange(name, "an integer", code);
  return number;
}

ObjectDefineProperty(process, "exitCode", {
  enumerable: true,
  configurable: true,
  get: () => exitCode,
  set(code) {
    exitCode = checkCode(code, "code");
    sys.wantEnd();
  },
});

function emitExit() {
  if (process._exiting) return;
  process._exiting = true;
  process.emit("exit", exitCode || 0);
}

process.exit = function exit(code) {
  if (code !== undefined) exitCode = checkCode(code, "code");
  if (failing) return;
  emitExit();
  process.reallyExit(exitCode || 0);
};
process.reallyExit = (code = 0) => sys.exit(code & 0xff);

process.on("newListener", (name) => {
  if (name === "exit" || name === "beforeExit") sys.wantEnd();
});

// Nothing is left to do: listeners may begin something.
internal.beforeEnd = () => {
  if (!process._exiting) process.emit("beforeExit", exitCode || 0);
};

internal.atEnd = (unsettled) => {
  if (unsettled) exitCode ??= UNSETTLED;
  emitExit();
  if (exitCode && !unsettled) sys.exit(exitCode & 0xff);
};

// ---- what nobody caught ----

const onError = internal.dispatchException;
const onRejection = internal.dispatchRejection;
const onHandled = internal.dispatchRejectionHandled;
let capture = null;

// Offers an error to the listeners of the process. False: the program ends, and hears of it.
function offer(error, origin) {
  process.emit("uncaughtExceptionMonitor", error, origin);
  if (capture !== null) {
    capture(error);
    return true;
  }
  if (process.listenerCount("uncaughtException") > 0) {
    process.emit("uncaughtException", error, origin);
    return true;
  }
  failing = true;
  exitCode = 1;
  try {
    emitExit();
  } finally {
    failing = false;
  }
  return false;
}

internal.dispatchException = (error) => onError(error) || offer(error, "uncaughtException");

internal.dispatchRejection = (promise, reason) => {
  if (onRejection(promise, reason)) return true;
  if (process.listenerCount("unhandledRejection") > 0) {
    process.emit("unhandledRejection", reason, promise);
    return true;
  }
  if (capture === null && process.listenerCount("uncaughtException") === 0) return offer(reason, "unhandledRejection");
  const error = reason instanceof Error ? reason : nodeError(Error, "ERR_UNHANDLED_REJECTION",
    "This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled "
    + `with .catch(). The promise rejected with the reason "${internal.inspect(reason)}".`);
  return offer(error, "unhandledRejection");
};

internal.dispatchRejectionHandled = (promise, reason) => {
  onHandled(promise, reason);
  if (process.listenerCount("rejectionHandled") > 0) process.emit("rejectionHandled", promise);
};

process.setUncaughtExceptionCaptureCallback = (fn) => {
  if (fn !== null) check.function(fn, "fn");
  if (fn !== null && capture !== null) {
    throw nodeError(Error, "ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET", "`process.setupUncaughtExceptionCapture()` was called while a capture callback was already active");
  }
  capture = fn;
};
process.hasUncaughtExceptionCaptureCallback = () => capture !== null;

// The context was told to end: as a signal, if the program listens for one.
const onCancel = internal.cancelled;
internal.cancelled = () => {
  if (onCancel?.()) return true;
  const name = process.listenerCount("SIGTERM") > 0 ? "SIGTERM" : "SIGINT";
  return process.emit(name, name);
};
