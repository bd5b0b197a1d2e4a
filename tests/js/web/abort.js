// AbortController, AbortSignal: abort, timeout, any, handlers.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const same = (got, want, what) => eq(JSON.stringify(got), JSON.stringify(want), what);
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };

const c = new AbortController();
eq(c.signal, c.signal, "one signal");
eq(c.signal.aborted, false, "not aborted");
eq(c.signal.reason, undefined, "no reason");
c.signal.throwIfAborted();
let count = 0;
c.signal.addEventListener("abort", (e) => { count++; eq(e.isTrusted, true, "trusted"); eq(e.target, c.signal, "target"); });
c.signal.onabort = function (e) { count += 10; eq(this, c.signal, "this"); eq(e.type, "abort", "type"); };
c.abort();
c.abort("again");
eq(count, 11, "once each");
eq(c.signal.aborted, true, "aborted");
eq(c.signal.reason.name, "AbortError", "default reason");
eq(c.signal.reason instanceof DOMException, true, "a DOMException");
throws(() => c.signal.throwIfAborted(), "AbortError", "throwIfAborted");

const own = new AbortController();
const reason = { mine: true };
own.abort(reason);
eq(own.signal.reason, reason, "own reason");
eq(AbortSignal.abort(5).reason, 5, "AbortSignal.abort");
eq(AbortSignal.abort().aborted, true, "AbortSignal.abort()");
eq(AbortSignal.abort(null).reason, null, "null is a reason");
throws(() => new AbortSignal(), "TypeError", "no constructor");
throws(() => AbortController(), "TypeError", "call without new");
throws(() => Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted").get.call(new EventTarget()), "TypeError", "brand");
eq(Object.prototype.toString.call(c.signal), "[object AbortSignal]", "tag");
eq(c.signal instanceof EventTarget, true, "a target");

{ // handlers
  const h = new AbortController();
  const log = [];
  h.signal.onabort = () => log.push("never");
  h.signal.addEventListener("abort", () => log.push("second"));
  h.signal.onabort = () => log.push("first");
  h.abort();
  same(log, ["first", "second"], "the handler keeps the place where it was set first");
  h.signal.onabort = 5;
  eq(h.signal.onabort, null, "not callable");
}

{ // any
  const a = new AbortController();
  const b = new AbortController();
  const both = AbortSignal.any([a.signal, b.signal]);
  const outer = AbortSignal.any([both]);
  const log = [];
  a.signal.addEventListener("abort", () => log.push("a", both.aborted, outer.aborted));
  both.addEventListener("abort", () => log.push("both"));
  outer.addEventListener("abort", () => log.push("outer"));
  a.abort("why");
  b.abort("no");
  same(log, ["a", true, true, "both", "outer"], "marked before any listener runs, in order");
  eq(both.reason, "why", "the first reason");
  eq(outer.reason, "why", "passed on");
  eq(AbortSignal.any([AbortSignal.abort(1), AbortSignal.abort(2)]).reason, 1, "aborted already");
  eq(AbortSignal.any([]).aborted, false, "of none");
  throws(() => AbortSignal.any([{}]), "TypeError", "of signals only");
  throws(() => AbortSignal.any(1), "TypeError", "iterable");
}

{ // timeout
  throws(() => AbortSignal.timeout(-1), "TypeError", "negative");
  throws(() => AbortSignal.timeout(NaN), "TypeError", "NaN");
  throws(() => AbortSignal.timeout(), "TypeError", "required");
  const start = performance.now();
  const signal = AbortSignal.timeout(15);
  eq(signal.aborted, false, "not yet");
  await new Promise((resolve) => {
    signal.addEventListener("abort", resolve);
    setTimeout(resolve, 2000);
  });
  eq(signal.reason.name, "TimeoutError", "reason");
  eq(performance.now() - start >= 10, true, "waited");
}
console.log("ok");
