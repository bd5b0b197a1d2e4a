// EventEmitter, once and on, AsyncLocalStorage, diagnostics_channel.
const EventEmitter = require("events");
const { once, on, errorMonitor } = EventEmitter;
const emitter = new EventEmitter();
emitter.on("newListener", (name) => console.log("new", String(name)));
emitter.on("a", function (...args) { console.log("a", args, this === emitter); });
emitter.once("a", () => console.log("once"));
emitter.prependListener("a", () => console.log("first"));
console.log(emitter.emit("a", 1, 2), emitter.emit("a"), emitter.emit("none"));
console.log(emitter.listenerCount("a"), emitter.eventNames(), emitter.listeners("a").length, emitter.rawListeners("a").length);
try { emitter.emit("error", new Error("loud")); } catch (error) { console.log("thrown", error.message); }
try { emitter.emit("error", { odd: 1 }); } catch (error) { console.log(error.code, error.message, error.context); }
emitter.on(errorMonitor, (error) => console.log("monitor", error.message));
emitter.on("error", (error) => console.log("error", error.message));
emitter.emit("error", new Error("heard"));
const self = () => { console.log("self"); emitter.off("self", self); };
emitter.on("self", self); emitter.on("self", () => console.log("after")); emitter.emit("self"); emitter.emit("self");
for (const wrong of [() => emitter.on("x", 5), () => emitter.setMaxListeners(-1), () => new EventEmitter().removeListener("x")]) {
  try { wrong(); } catch (error) { console.log(error.code, error.message); }
}
function Old() { EventEmitter.call(this); }
require("util").inherits(Old, EventEmitter);
new Old().on("x", () => console.log("old")).emit("x");
class Own extends EventEmitter { constructor() { super({ captureRejections: true }); } }
const own = new Own();
own.on("error", (error) => console.log("captured", error.message));
own.on("go", async () => { throw new Error("async"); });
own.emit("go");
(async () => {
  setTimeout(() => emitter.emit("later", 1, 2), 1);
  console.log(await once(emitter, "later"));
  const controller = new AbortController();
  const waits = once(emitter, "never", { signal: controller.signal });
  controller.abort();
  await waits.catch((error) => console.log(error.name, error.code));
  setTimeout(() => { for (let i = 0; i < 3; i++) emitter.emit("many", i); }, 1);
  for await (const [value] of on(emitter, "many")) { console.log("many", value); if (value === 2) break; }
  const target = new EventTarget();
  setTimeout(() => target.dispatchEvent(new Event("e")), 1);
  console.log((await once(target, "e"))[0].type);
  emitter.removeAllListeners();
  console.log(emitter.eventNames());
  const { AsyncLocalStorage, AsyncResource } = require("async_hooks");
  const storage = new AsyncLocalStorage();
  const other = new AsyncLocalStorage();
  const seen = [];
  await Promise.all([1, 2, 3].map((id) => storage.run(id, async () => {
    await null;
    await new Promise((resolve) => setTimeout(resolve, 3 - id));
    other.enterWith(`o${id}`);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => process.nextTick(resolve));
    await new Promise((resolve) => queueMicrotask(resolve));
    seen.push([id, storage.getStore(), other.getStore()]);
  })));
  console.log(seen.sort(), storage.getStore(), other.getStore());
  let resolveOutside;
  const outside = new Promise((resolve) => { resolveOutside = resolve; });
  const inside = storage.run("mine", () => outside.then(() => storage.getStore()));
  storage.run("theirs", resolveOutside);
  console.log(await inside, storage.run("x", () => storage.exit(() => storage.getStore())));
  const bound = storage.run("bound", () => AsyncResource.bind(() => storage.getStore()));
  const snapshot = storage.run("snap", () => AsyncLocalStorage.snapshot());
  console.log(bound(), snapshot(() => storage.getStore()));
  storage.run("emitted", () => new EventEmitter().once("x", () => console.log(storage.getStore())).emit("x"));
  const channel = require("diagnostics_channel").channel("c");
  channel.subscribe((message, name) => console.log(name, message));
  channel.publish("hi");
  channel.bindStore(storage, (data) => data.store);
  console.log(channel.runStores({ store: 9 }, () => storage.getStore()));
})();
