// Event, EventTarget and their relatives; the global object as a target; reportError.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const same = (got, want, what) => eq(JSON.stringify(got), JSON.stringify(want), what);
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };

{ // Event
  const e = new Event("x");
  same([e.type, e.bubbles, e.cancelable, e.composed, e.defaultPrevented, e.eventPhase, e.isTrusted], ["x", false, false, false, false, 0, false], "defaults");
  eq(e.target, null, "target");
  eq(e.currentTarget, null, "currentTarget");
  eq(e.srcElement, null, "srcElement");
  eq(typeof e.timeStamp, "number", "timeStamp");
  same(e.composedPath(), [], "composedPath");
  const full = new Event("y", { bubbles: true, cancelable: 1, composed: "yes" });
  same([full.bubbles, full.cancelable, full.composed], [true, true, true], "init");
  full.preventDefault();
  eq(full.defaultPrevented, true, "preventDefault");
  eq(full.returnValue, false, "returnValue");
  e.preventDefault();
  eq(e.defaultPrevented, false, "not cancelable");
  eq(e.cancelBubble, false, "cancelBubble");
  e.stopPropagation();
  eq(e.cancelBubble, true, "stopPropagation");
  e.initEvent("z", true, true);
  same([e.type, e.bubbles, e.cancelable, e.cancelBubble], ["z", true, true, false], "initEvent");
  throws(() => new Event(), "TypeError", "no type");
  throws(() => new Event("x", 1), "TypeError", "init must be an object");
  throws(() => Event("x"), "TypeError", "call without new");
  throws(() => Object.getOwnPropertyDescriptor(Event.prototype, "type").get.call({}), "TypeError", "brand");
  eq(Event.AT_TARGET, 2, "constant");
  eq(e.BUBBLING_PHASE, 3, "constant on instance");
  eq(Event.length, 1, "length");
  eq(Object.prototype.toString.call(e), "[object Event]", "tag");
  eq(new Event(null).type, "null", "type is a string");
}

{ // CustomEvent, ErrorEvent, PromiseRejectionEvent, MessageEvent
  const detail = {};
  const c = new CustomEvent("c", { detail, cancelable: true });
  eq(c.detail, detail, "detail");
  eq(c instanceof Event, true, "CustomEvent is an Event");
  eq(new CustomEvent("c").detail, null, "no detail");
  const error = new Error("e");
  const ev = new ErrorEvent("error", { message: "m", filename: "f", lineno: 3, colno: 4.9, error });
  same([ev.message, ev.filename, ev.lineno, ev.colno], ["m", "f", 3, 4], "ErrorEvent");
  eq(ev.error, error, "ErrorEvent.error");
  const promise = Promise.resolve();
  const r = new PromiseRejectionEvent("unhandledrejection", { promise, reason: 7 });
  eq(r.promise, promise, "promise");
  eq(r.reason, 7, "reason");
  throws(() => new PromiseRejectionEvent("x"), "TypeError", "no init");
  throws(() => new PromiseRejectionEvent("x", {}), "TypeError", "no promise");
  const m = new MessageEvent("message", { data: 1, origin: "o", lastEventId: "9", ports: [] });
  same([m.data, m.origin, m.lastEventId, m.ports, m.source], [1, "o", "9", [], null], "MessageEvent");
  eq(Object.isFrozen(m.ports), true, "ports are frozen");
}

{ // order, once, duplicates, removal
  const t = new EventTarget();
  const log = [];
  const a = () => log.push("a");
  t.addEventListener("x", a);
  t.addEventListener("x", a);
  t.addEventListener("x", () => log.push("once"), { once: true });
  t.addEventListener("x", () => log.push("capture"), true);
  t.addEventListener("x", () => log.push("b"), { capture: false });
  eq(t.dispatchEvent(new Event("x")), true, "dispatch result");
  same(log.splice(0), ["capture", "a", "once", "b"], "order");
  t.dispatchEvent(new Event("x"));
  same(log.splice(0), ["capture", "a", "b"], "once is gone");
  t.removeEventListener("x", a, true);
  t.dispatchEvent(new Event("x"));
  same(log.splice(0), ["capture", "a", "b"], "removal needs the same capture");
  t.removeEventListener("x", a);
  t.dispatchEvent(new Event("x"));
  same(log.splice(0), ["capture", "b"], "removed");
  t.dispatchEvent(new Event("y"));
  same(log, [], "another type");
  t.addEventListener("x", null);
  t.addEventListener("x", undefined);
  t.removeEventListener("x", null);
  throws(() => t.addEventListener("x", 1), "TypeError", "callback must be an object");
  throws(() => t.addEventListener("x"), "TypeError", "callback is required");
}

{ // changes during dispatch
  const t = new EventTarget();
  const log = [];
  const late = () => log.push("late");
  const gone = () => log.push("gone");
  t.addEventListener("x", () => {
    log.push("first");
    t.addEventListener("x", late);
    t.removeEventListener("x", gone);
  });
  t.addEventListener("x", gone);
  t.dispatchEvent(new Event("x"));
  same(log.splice(0), ["first"], "added ones wait, removed ones do not run");
  t.dispatchEvent(new Event("x"));
  same(log, ["first", "late"], "then they run");
  let depth = 0;
  const r = new EventTarget();
  r.addEventListener("r", () => { if (depth++ < 3) r.dispatchEvent(new Event("r")); });
  r.dispatchEvent(new Event("r"));
  eq(depth, 4, "nested dispatch");
}

{ // the event during dispatch
  const t = new EventTarget();
  let seen;
  t.addEventListener("x", function (e) {
    seen = [this === t, e.target === t, e.currentTarget === t, e.eventPhase, e.composedPath()[0] === t];
    throws(() => t.dispatchEvent(e), "InvalidStateError", "already being dispatched");
    e.preventDefault();
  });
  const e = new Event("x", { cancelable: true });
  eq(t.dispatchEvent(e), false, "prevented");
  same(seen, [true, true, true, 2, true], "inside");
  eq(e.target, t, "target stays");
  eq(e.currentTarget, null, "currentTarget does not");
  eq(e.eventPhase, 0, "phase");
  throws(() => t.dispatchEvent({}), "TypeError", "not an event");
  throws(() => EventTarget.prototype.dispatchEvent.call({}, new Event("x")), "TypeError", "not a target");
}

{ // stopImmediatePropagation, passive, handleEvent, signal
  const t = new EventTarget();
  const log = [];
  t.addEventListener("s", (e) => { log.push(1); e.stopImmediatePropagation(); });
  t.addEventListener("s", () => log.push(2));
  t.dispatchEvent(new Event("s"));
  same(log.splice(0), [1], "stopImmediatePropagation");
  t.addEventListener("p", (e) => { e.preventDefault(); log.push(e.defaultPrevented); }, { passive: true });
  const p = new Event("p", { cancelable: true });
  eq(t.dispatchEvent(p), true, "passive cannot prevent");
  same(log.splice(0), [false], "passive");
  const handler = { handleEvent(e) { log.push(this === handler, e.type); } };
  t.addEventListener("h", handler);
  t.dispatchEvent(new Event("h"));
  same(log.splice(0), [true, "h"], "handleEvent");
  const c = new AbortController();
  t.addEventListener("g", () => log.push("g"), { signal: c.signal });
  t.dispatchEvent(new Event("g"));
  c.abort();
  t.dispatchEvent(new Event("g"));
  same(log.splice(0), ["g"], "signal removes");
  t.addEventListener("g", () => log.push("never"), { signal: AbortSignal.abort() });
  t.dispatchEvent(new Event("g"));
  same(log, [], "aborted signal adds nothing");
  throws(() => t.addEventListener("g", () => {}, { signal: {} }), "TypeError", "signal must be one");
  class Mine extends EventTarget { constructor() { super(); this.v = 1; } }
  const mine = new Mine();
  mine.addEventListener("x", () => log.push("mine"));
  mine.dispatchEvent(new CustomEvent("x"));
  same(log.splice(0), ["mine"], "subclass");
}

{ // the global object
  const log = [];
  const f = function (e) { log.push(this === globalThis, e.target === globalThis, e.isTrusted); };
  addEventListener("thing", f);
  dispatchEvent(new Event("thing"));
  globalThis.removeEventListener("thing", f);
  globalThis.dispatchEvent(new Event("thing"));
  same(log, [true, true, false], "global target");
  eq(Object.keys(globalThis).includes("addEventListener"), false, "not enumerable");
  eq(self, globalThis, "self");
}

{ // errors of listeners and reportError reach the `error` event, and preventing it keeps the program alive
  const seen = [];
  const onError = (e) => { seen.push(e.error, e.message, e.isTrusted); e.preventDefault(); };
  addEventListener("error", onError);
  const t = new EventTarget();
  const boom = new RangeError("boom");
  let after = false;
  t.addEventListener("x", () => { throw boom; });
  t.addEventListener("x", () => { after = true; });
  t.dispatchEvent(new Event("x"));
  eq(after, true, "later listeners run");
  eq(seen[0], boom, "the error");
  eq(seen[1], "Uncaught RangeError: boom", "its message");
  eq(seen[2], true, "trusted");
  seen.length = 0;
  reportError("text");
  eq(seen[0], "text", "reportError");
  removeEventListener("error", onError);
  let args;
  globalThis.onerror = (...a) => { args = a; return true; };
  reportError(boom);
  eq(args.length, 5, "onerror has five arguments");
  eq(args[0], "Uncaught RangeError: boom", "message");
  eq(args[4], boom, "error");
  globalThis.onerror = null;
  eq(globalThis.onerror, null, "onerror is cleared");
  throws(() => reportError(), "TypeError", "an argument is required");
}
console.log("ok");
