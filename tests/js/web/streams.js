// ReadableStream, WritableStream, TransformStream, the strategies, pipes, tee, iteration.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const same = (got, want, what) => eq(JSON.stringify(got), JSON.stringify(want), what);
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };
const rejects = async (promise, want, what) => {
  let error;
  try { await promise; } catch (e) { error = e; }
  if (typeof want === "string") eq(error?.name ?? error, want, what);
  else eq(error, want, what);
};
const collect = async (stream) => { const out = []; for await (const chunk of stream) out.push(chunk); return out; };
const ticks = async (n = 20) => { for (let i = 0; i < n; i++) await null; };
const boom = new Error("boom");

{ // reading
  let pulls = 0;
  const s = new ReadableStream({ start(c) { c.enqueue("a"); }, pull(c) { if (++pulls === 3) c.close(); else c.enqueue(pulls); } });
  eq(s.locked, false, "not locked");
  const r = s.getReader();
  eq(s.locked, true, "locked");
  throws(() => s.getReader(), "TypeError", "one reader");
  same(await r.read(), { value: "a", done: false }, "first");
  same(await Promise.all([r.read(), r.read(), r.read()]), [{ value: 1, done: false }, { value: 2, done: false }, { done: true }], "queued reads");
  eq(await r.closed, undefined, "closed");
  r.releaseLock();
  eq(s.locked, false, "released");
  await rejects(r.read(), "TypeError", "a released reader");
  await rejects(r.closed, "TypeError", "and its closed");
}
{ // backpressure and sizes
  const log = [];
  const s = new ReadableStream({ pull(c) { log.push(c.desiredSize); c.enqueue("xx"); } }, { highWaterMark: 5, size: (chunk) => chunk.length });
  await ticks();
  same(log, [5, 3, 1], "pulled until full");
  const r = s.getReader();
  await r.read();
  await ticks();
  same(log, [5, 3, 1, 1], "and once more after a read");
  throws(() => new ReadableStream({}, { highWaterMark: -1 }), "RangeError", "negative mark");
  throws(() => new ReadableStream({}, { highWaterMark: NaN }), "RangeError", "NaN");
  throws(() => new ReadableStream({}, { size: 1 }), "TypeError", "size must be a function");
  throws(() => new ReadableStream({ pull: 1 }), "TypeError", "pull must be a function");
  throws(() => new ReadableStream({ type: "other" }), "TypeError", "type");
  throws(() => new ReadableStream(null), "TypeError", "null");
  throws(() => new ReadableStream({ start() { throw boom; } }), "Error", "start throws");
  let controller;
  const bad = new ReadableStream({ start(c) { controller = c; } }, { size: () => -1 });
  throws(() => controller.enqueue(1), "RangeError", "bad size");
  await rejects(bad.getReader().read(), "RangeError", "errors the stream");
}
{ // errors, cancel
  let controller;
  const s = new ReadableStream({ start(c) { controller = c; } });
  const r = s.getReader();
  const pending = r.read();
  controller.error(boom);
  await rejects(pending, boom, "a waiting read");
  await rejects(r.closed, boom, "closed");
  throws(() => controller.enqueue(1), "TypeError", "enqueue after error");
  throws(() => controller.close(), "TypeError", "close after error");
  eq(controller.desiredSize, null, "desiredSize of an errored one");
  let reason;
  const c = new ReadableStream({ cancel(x) { reason = x; return "ignored"; } });
  eq(await c.cancel("why"), undefined, "cancel");
  eq(reason, "why", "its reason");
  same(await c.getReader().read(), { done: true }, "closed by it");
  await rejects(new ReadableStream({ cancel() { throw boom; } }).cancel(), boom, "a cancel that throws");
  const locked = new ReadableStream();
  locked.getReader();
  await rejects(locked.cancel(), "TypeError", "locked");
  await rejects(new ReadableStream({ pull() { throw boom; } }).getReader().read(), boom, "a pull that throws");
  await rejects(new ReadableStream({ start: () => Promise.reject(boom) }).getReader().read(), boom, "a start that rejects");
}
{ // iteration
  same(await collect(new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); c.close(); } })), [1, 2], "for await");
  let cancelled;
  const s = new ReadableStream({ pull(c) { c.enqueue(1); }, cancel(x) { cancelled = [x]; } });
  for await (const x of s) { eq(x, 1, "chunk"); break; }
  same(cancelled, [null], "break cancels");
  eq(s.locked, false, "and releases");
  let n = 0;
  const kept = new ReadableStream({ pull(c) { c.enqueue(++n); } });
  for await (const x of kept.values({ preventCancel: true })) if (x === 2) break;
  eq((await kept.getReader().read()).value, 3, "preventCancel");
  const it = ReadableStream.from([1, 2])[Symbol.asyncIterator]();
  same(await Promise.all([it.next(), it.next(), it.next()]), [{ done: false, value: 1 }, { done: false, value: 2 }, { done: true }].map(({ done, value }) => (done ? { done } : { value, done })), "overlapping next");
  same(await it.return("v"), { value: "v", done: true }, "return");
  eq(Object.prototype.toString.call(it), "[object ReadableStream AsyncIterator]", "its tag");
  await rejects(collect(new ReadableStream({ pull(c) { c.error(boom); } })), boom, "an error ends it");
}
{ // from
  same(await collect(ReadableStream.from(["a", Promise.resolve("b")])), ["a", "b"], "values are awaited");
  same(await collect(ReadableStream.from("xyz")), ["x", "y", "z"], "string");
  same(await collect(ReadableStream.from((async function* () { yield 1; yield 2; })())), [1, 2], "async generator");
  let closed;
  const g = (function* () { try { yield 1; yield 2; } finally { closed = true; } })();
  for await (const x of ReadableStream.from(g)) { eq(x, 1, "first"); break; }
  eq(closed, true, "cancel returns the iterator");
  await rejects(collect(ReadableStream.from((function* () { throw boom; })())), boom, "a throwing generator");
  throws(() => ReadableStream.from(5), "TypeError", "not iterable");
  same(await collect(ReadableStream.from(ReadableStream.from([1]))), [1], "a stream");
}
{ // tee
  const [a, b] = ReadableStream.from([1, 2, 3]).tee();
  same([await collect(a), await collect(b)], [[1, 2, 3], [1, 2, 3]], "both get all");
  let reasons;
  const [x, y] = new ReadableStream({ cancel(r) { reasons = r; } }).tee();
  const first = x.cancel("x");
  await ticks();
  eq(reasons, undefined, "one is not enough");
  await y.cancel("y");
  await first;
  same(reasons, ["x", "y"], "both reasons");
  const [e, f] = new ReadableStream({ pull(c) { c.error(boom); } }).tee();
  await rejects(collect(e), boom, "error in one");
  await rejects(collect(f), boom, "and the other");
}
{ // writing
  const log = [];
  let controller;
  const s = new WritableStream({
    start(c) { controller = c; log.push("start"); }, async write(chunk, c) { eq(c, controller, "controller"); await ticks(2); log.push(chunk); }, close() { log.push("close"); },
  });
  const w = s.getWriter();
  throws(() => s.getWriter(), "TypeError", "one writer");
  eq(w.desiredSize, 1, "desiredSize");
  const one = w.write(1);
  eq(w.desiredSize, 0, "full");
  const two = w.write(2);
  eq(await w.ready, undefined, "ready");
  await one;
  await two;
  await w.close();
  await w.closed;
  same(log, ["start", 1, 2, "close"], "in order");
  await rejects(w.write(3), "TypeError", "closed");
  await rejects(w.close(), "TypeError", "closed twice");
  w.releaseLock();
  await rejects(w.write(3), "TypeError", "released");
  throws(() => w.desiredSize, "TypeError", "released");
  eq(await new WritableStream().close(), undefined, "closed without a writer");
  throws(() => new WritableStream({ type: "bytes" }), "RangeError", "type is reserved");
}
{ // write errors and abort
  const w = new WritableStream({ write() { throw boom; } }).getWriter();
  await rejects(w.write(1), boom, "write throws");
  await rejects(w.closed, boom, "closed");
  await rejects(w.ready, boom, "ready");
  await rejects(w.write(2), boom, "later writes");
  let aborted;
  let signal;
  const s = new WritableStream({ start(c) { signal = c.signal; }, abort(r) { aborted = r; }, write: () => new Promise(() => {}) });
  const aw = s.getWriter();
  const write = aw.write(1);
  const queued = aw.write(2);
  write.catch(() => {});
  await ticks();
  const abort = aw.abort("stop");
  eq(signal.aborted && signal.reason === "stop", true, "the signal");
  await rejects(aw.ready, "stop", "ready");
  eq(await Promise.race([abort, ticks().then(() => "waiting")]), "waiting", "waits for the write in flight");
  queued.catch(() => {});
  const quick = new WritableStream({ abort(r) { aborted = r; } });
  eq(await quick.abort("now"), undefined, "abort");
  eq(aborted, "now", "its reason");
  await rejects(quick.getWriter().closed, "now", "closed rejects");
  const ce = new WritableStream({ start(c) { c.error(boom); } });
  await rejects(ce.getWriter().write(1), boom, "controller.error");
}
{ // transforms
  const upper = () => new TransformStream({ transform(chunk, c) { c.enqueue(chunk.toUpperCase()); }, flush(c) { c.enqueue("!"); } });
  same(await collect(ReadableStream.from(["a", "b"]).pipeThrough(upper()).pipeThrough(upper())), ["A", "B", "!", "!"], "pipeThrough");
  same(await collect(ReadableStream.from([1, 2]).pipeThrough(new TransformStream())), [1, 2], "identity");
  await rejects(collect(ReadableStream.from([1]).pipeThrough(new TransformStream({ transform() { throw boom; } }))), boom, "transform throws");
  await rejects(collect(ReadableStream.from([1]).pipeThrough(new TransformStream({ flush() { throw boom; } }))), boom, "flush throws");
  const t = new TransformStream({ transform(chunk, c) { c.enqueue(chunk); if (chunk === 2) c.terminate(); } });
  same(await collect(ReadableStream.from([1, 2, 3]).pipeThrough(t)), [1, 2], "terminate");
  let reason;
  const c = new TransformStream({ cancel(r) { reason = r; } });
  await c.readable.cancel("r");
  eq(reason, "r", "cancel");
  await rejects(c.writable.getWriter().closed, "r", "and the writable side");
  throws(() => new TransformStream({ readableType: "bytes" }), "RangeError", "readableType");
  const slow = new TransformStream({}, { highWaterMark: 3 });
  eq(slow.writable.getWriter().desiredSize, 3, "writable strategy");
}
{ // pipeTo
  const sink = (log) => new WritableStream({ write(x) { log.push(x); }, close() { log.push("close"); }, abort(r) { log.push("abort", r); } });
  const source = (log, chunks = [1, 2]) => new ReadableStream({ start(c) { for (const x of chunks) c.enqueue(x); c.close(); }, cancel(r) { log.push("cancel", r); } });
  let log = [];
  eq(await source(log).pipeTo(sink(log)), undefined, "pipeTo");
  same(log, [1, 2, "close"], "all of it");
  log = [];
  const open = sink(log);
  await source(log).pipeTo(open, { preventClose: true });
  eq(open.locked, false, "released");
  await open.getWriter().write(9);
  same(log, [1, 2, 9], "preventClose");
  log = [];
  await rejects(new ReadableStream({ start(c) { c.error(boom); } }).pipeTo(sink(log)), boom, "source errors");
  eq(log[1], boom, "aborts the sink");
  log = [];
  await rejects(new ReadableStream({ start(c) { c.error(boom); } }).pipeTo(sink(log), { preventAbort: true }), boom, "preventAbort");
  same(log, [], "leaves it");
  log = [];
  const endless = () => new ReadableStream({ pull(c) { c.enqueue(1); }, cancel(r) { log.push("cancel", r); } });
  await rejects(endless().pipeTo(new WritableStream({ write() { throw boom; } })), boom, "sink errors");
  eq(log[1], boom, "cancels the source");
  log = [];
  await rejects(endless().pipeTo(new WritableStream({ write() { throw boom; } }), { preventCancel: true }), boom, "preventCancel");
  same(log, [], "leaves it");
  log = [];
  const controller = new AbortController();
  const piping = endless().pipeTo(new WritableStream({ write: (x) => { if (log.push(x) === 3) controller.abort("enough"); }, abort(r) { log.push("abort", r); } }), { signal: controller.signal });
  await rejects(piping, "enough", "signal");
  same(log.slice(-4), ["abort", "enough", "cancel", "enough"], "ends both sides");
  await rejects(endless().pipeTo(sink([]), { signal: AbortSignal.abort(boom) }), boom, "aborted before");
  await rejects(endless().pipeTo({}), "TypeError", "not a stream");
  const busy = sink([]);
  busy.getWriter();
  await rejects(endless().pipeTo(busy), "TypeError", "locked");
  throws(() => endless().pipeThrough({}), "TypeError", "not a transform");
}
{ // byte streams
  const s = new ReadableStream({ type: "bytes", autoAllocateChunkSize: 4, pull(c) { const { view } = c.byobRequest; view[0] = 1; view[1] = 2; c.byobRequest.respond(2); } });
  const r = s.getReader();
  eq((await r.read()).value.join(), "1,2", "autoAllocateChunkSize");
  r.releaseLock();
  const b = s.getReader({ mode: "byob" });
  const mine = new Uint8Array(8);
  const { value } = await b.read(mine);
  eq(value.join(), "1,2", "into a buffer");
  eq(value.buffer.byteLength === 8 && mine.byteLength === 0, true, "which is transferred");
  eq((await b.read(new Uint16Array(2))).value.join(), "513", "whole elements");
  eq((await b.read(new Uint8Array(8), { min: 5 })).value.length, 6, "min");
  await rejects(b.read(new Uint8Array(0)), "TypeError", "no room");
  await rejects(b.read(new Uint8Array(2), { min: 3 }), "RangeError", "min too large");
  await rejects(b.read({}), "TypeError", "not a view");
  let controller;
  const q = new ReadableStream({ type: "bytes", start(c) { controller = c; } });
  controller.enqueue(new Uint8Array([1, 2, 3, 4, 5]));
  eq(controller.desiredSize, -5, "bytes count");
  const qr = q.getReader({ mode: "byob" });
  eq((await qr.read(new Uint8Array(2))).value.join(), "1,2", "part of the queue");
  eq((await qr.read(new DataView(new ArrayBuffer(2)))).value.byteLength, 2, "DataView");
  const waiting = qr.read(new Uint8Array(10));
  eq((await waiting).value.join(), "5", "the rest");
  const last = qr.read(new Uint8Array(3));
  eq(controller.byobRequest.view.byteLength, 3, "byobRequest");
  controller.close();
  controller.byobRequest.respond(0);
  const end = await last;
  eq(end.done && end.value.byteLength === 0, true, "the end gives the buffer back");
  throws(() => controller.enqueue(new Uint8Array(1)), "TypeError", "closed");
  throws(() => new ReadableStream({ type: "bytes" }, { size: () => 1 }), "RangeError", "no size function");
  throws(() => new ReadableStream({ type: "bytes", autoAllocateChunkSize: 0 }), "TypeError", "autoAllocateChunkSize 0");
  throws(() => new ReadableStream().getReader({ mode: "byob" }), "TypeError", "not a byte stream");
  const [t1, t2] = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint8Array([1, 2])); c.enqueue(new Uint8Array([3])); c.close(); } }).tee();
  const one = await collect(t1);
  one[0][0] = 99;
  eq((await collect(t2)).map((x) => x.join()).join(";"), "1,2;3", "tee gives each branch its own bytes");
}
{ // strategies, and patched globals
  eq(new CountQueuingStrategy({ highWaterMark: 3 }).size("abc"), 1, "count");
  eq(new ByteLengthQueuingStrategy({ highWaterMark: 3 }).size(new Uint8Array(7)), 7, "byte length");
  eq(new CountQueuingStrategy({ highWaterMark: 3 }).highWaterMark, 3, "mark");
  throws(() => new CountQueuingStrategy({}), "TypeError", "required");
  throws(() => new ByteLengthQueuingStrategy(), "TypeError", "required");
  const then = Promise.prototype.then;
  const seen = [];
  Promise.prototype.then = function (...args) { seen.push(this); return then.apply(this, args); };
  const log = [];
  const done = ReadableStream.from([1, 2]).pipeTo(new WritableStream({ write(x) { log.push(x); } }));
  Promise.prototype.then = then;
  await done;
  same(log, [1, 2], "a patched then does not matter");
  const many = [];
  let n = 0;
  for await (const x of new ReadableStream({ pull(c) { if (n === 20000) c.close(); else c.enqueue(n++); } }, { highWaterMark: 5000 })) many.push(x);
  eq(many.length === 20000 && many[19999] === 19999, true, "many chunks");
}
console.log("ok");
