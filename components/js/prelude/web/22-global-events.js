// The global object as an event target: reportError, the `error` and `unhandledrejection` events, and the two hooks
// through which the core reports what nobody caught. Start at `reportException`.
// Contract with the core: `internal.fatal(error)`, if the core defines it, ends the program with that error.

const { apply, need } = internal.idl;
const { EventTarget, ErrorEvent, PromiseRejectionEvent, fireEvent, defineHandler, hasListeners } = internal;

for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
  internal.define(globalThis, name, EventTarget.prototype[name]);
}
internal.globalTarget = globalThis;

// Reading a guest's error may run its getters and proxies; none of them may break the report.
function describe(error) {
  try {
    if (Error.isError?.(error) ?? error instanceof Error) {
      const { name, message } = error;
      return `Uncaught ${name}${message === "" ? "" : `: ${message}`}`;
    }
    return `Uncaught ${typeof error === "string" ? error : internal.inspect(error, { depth: 0 })}`;
  } catch {
    return "Uncaught exception";
  }
}

const STACK_MAX = 1024;

// The first frame of a stack: "at f (name:line:column)" or "at name:line:column".
function location(error) {
  try {
    const stack = `${error.stack}`.slice(0, STACK_MAX);
    const match = /\(?([^\s()]+):(\d+):(\d+)\)?\s*(?:\n|$)/.exec(stack);
    if (match !== null) return { filename: match[1], lineno: +match[2], colno: +match[3] };
  } catch {}
  return { filename: "", lineno: 0, colno: 0 };
}

let reporting = false;

// Offers an uncaught exception to the guest's `error` listeners. True when one of them prevented the default.
internal.dispatchException = function (error) {
  if (reporting || !hasListeners(globalThis, "error")) return false;
  reporting = true;
  try {
    const event = new ErrorEvent("error", { cancelable: true, message: describe(error), error, ...location(error) });
    return !fireEvent(globalThis, event);
  } finally {
    reporting = false;
  }
};

// The same for a promise that was rejected and has no handler.
internal.dispatchRejection = function (promise, reason) {
  if (!hasListeners(globalThis, "unhandledrejection")) return false;
  return !fireEvent(globalThis, new PromiseRejectionEvent("unhandledrejection", { cancelable: true, promise, reason }));
};

// And for one that got its handler after it had been reported.
internal.dispatchRejectionHandled = function (promise, reason) {
  if (!hasListeners(globalThis, "rejectionhandled")) return;
  fireEvent(globalThis, new PromiseRejectionEvent("rejectionhandled", { promise, reason }));
};

// HTML's "report an exception": to the listeners first, and to the core when none of them took it.
internal.reportException = function (error) {
  if (internal.dispatchException(error)) return;
  if (typeof internal.fatal === "function") return internal.fatal(error);
  sys.queueMicrotask(() => { throw error; });
};

// As the one legacy handler, `onerror` gets the parts as arguments and prevents the default by returning true.
function callErrorHandler(handler, target, event) {
  if (apply(handler, target, [event.message, event.filename, event.lineno, event.colno, event.error]) === true) event.preventDefault();
}
defineHandler(globalThis, "error", callErrorHandler);
defineHandler(globalThis, "unhandledrejection");
defineHandler(globalThis, "rejectionhandled");

const functions = {
  reportError(e) {
    need(arguments.length, 1, "reportError");
    internal.reportException(e);
  },
};
internal.define(globalThis, "reportError", functions.reportError);
