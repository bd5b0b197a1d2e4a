// In which order ticks, jobs, immediates and timers run; what ends a program.
const { promisify } = require("util");
const timers = require("timers/promises");
console.log("start");
process.nextTick((a, b) => console.log("tick", a, b), 1, 2);
Promise.resolve().then(() => { console.log("job"); process.nextTick(() => console.log("tick of job")); }).then(() => console.log("job 2"));
queueMicrotask(() => console.log("microtask"));
process.nextTick(() => { console.log("tick 2"); Promise.resolve().then(() => console.log("job of tick")); process.nextTick(() => console.log("tick of tick")); });
const cleared = setTimeout(() => console.log("never"), 1);
clearTimeout(cleared);
clearImmediate(setImmediate(() => console.log("never")));
const loose = setTimeout(() => console.log("never: nobody waits"), 100000).unref();
console.log(loose.hasRef(), loose.ref().hasRef(), loose.unref().hasRef(), typeof loose, Number.isInteger(+loose));

// One thing after the other: how long each takes does not matter.
const steps = [
  (done) => setTimeout(() => {
    console.log("timeout");
    setImmediate(() => { console.log("immediate of timeout"); done(); });
    process.nextTick(() => console.log("tick of timeout"));
    Promise.resolve().then(() => console.log("job of timeout"));
  }, 2),
  (done) => setTimeout(() => { console.log("refreshed"); done(); }, 3).refresh(),
  (done) => {
    let count = 0;
    const every = setInterval(() => { console.log("interval", ++count); if (count === 3) { clearInterval(every); done(); } }, 1);
  },
  (done) => setTimeout((...args) => { console.log("args", args); done(); }, 1, "a", "b"),
  (done) => promisify(setTimeout)(1, "promised").then(console.log).then(done),
  (done) => setImmediate((...args) => { console.log("immediate", args); setImmediate(() => { console.log("next immediate"); done(); }); process.nextTick(() => console.log("tick between")); }, 1),
  async (done) => {
    console.log(await timers.setTimeout(1, "value"), await timers.setImmediate("soon"));
    let i = 0;
    for await (const value of timers.setInterval(1, "x")) if (++i === 3) { console.log(value, i); break; }
    await timers.setTimeout(10, null, { signal: AbortSignal.abort() }).catch((error) => console.log(error.name, error.code));
    done();
  },
  (done) => { setTimeout(() => { throw new Error("thrown in a timer"); }, 1); setTimeout(done, 20); },
  (done) => { setTimeout(() => Promise.reject(new Error("rejected")), 1); setTimeout(done, 20); },
  (done) => { setTimeout(() => process.nextTick(() => { throw new Error("thrown in a tick"); }), 1); setTimeout(done, 20); },
];
(async () => {
  for (const step of steps) await new Promise(step);
})();
for (const wrong of [() => setTimeout("code"), () => process.nextTick(5)]) {
  try { wrong(); } catch (error) { console.log(error.code, error.message); }
}
process.on("uncaughtException", (error, origin) => console.log("uncaught", error.message, origin));
process.on("unhandledRejection", (reason) => console.log("unhandled", reason.message));
let ends = 0;
process.on("beforeExit", (code) => { console.log("beforeExit", code); if (ends++ === 0) setTimeout(() => console.log("more"), 1); });
process.on("exit", (code) => console.log("exit", code, process.exitCode));
console.log("end");
