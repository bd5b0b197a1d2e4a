// crypto (random values), performance (clock, marks, measures), navigator.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };

{ // crypto
  for (const Type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array]) {
    const array = new Type(64);
    eq(crypto.getRandomValues(array), array, `${Type.name} is answered`);
    eq(array.some((x) => x != 0), true, `${Type.name} is filled`);
  }
  for (const Type of [Float32Array, Float64Array]) throws(() => crypto.getRandomValues(new Type(4)), "TypeMismatchError", Type.name);
  throws(() => crypto.getRandomValues(new DataView(new ArrayBuffer(4))), "TypeMismatchError", "DataView");
  throws(() => crypto.getRandomValues(new ArrayBuffer(4)), "TypeError", "ArrayBuffer");
  throws(() => crypto.getRandomValues([1]), "TypeError", "array");
  throws(() => crypto.getRandomValues(), "TypeError", "nothing");
  throws(() => crypto.getRandomValues(new Uint8Array(65537)), "QuotaExceededError", "quota");
  eq(crypto.getRandomValues(new Uint8Array(65536)).length, 65536, "the most");
  eq(crypto.getRandomValues(new Uint8Array(0)).length, 0, "none");
  const part = new Uint8Array(32);
  crypto.getRandomValues(part.subarray(8, 24));
  eq(part.subarray(0, 8).every((x) => x === 0) && part.subarray(24).every((x) => x === 0), true, "only the view");
  const ids = new Set(Array.from({ length: 50 }, () => crypto.randomUUID()));
  eq(ids.size, 50, "unique");
  for (const id of ids) eq(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), true, id);
  throws(() => new Crypto(), "TypeError", "no constructor");
  throws(() => crypto.randomUUID.call({}), "TypeError", "brand");
  eq(crypto.subtle, crypto.subtle, "one subtle");
}

{ // clock
  const a = performance.now();
  const b = performance.now();
  eq(a >= 0 && b >= a, true, "monotonic");
  eq(Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 1000, true, "timeOrigin");
  eq(JSON.stringify(performance.toJSON()), JSON.stringify({ timeOrigin: performance.timeOrigin }), "toJSON");
  eq(performance instanceof EventTarget, true, "a target");
  throws(() => new Performance(), "TypeError", "no constructor");
  throws(() => performance.now.call({}), "TypeError", "brand");
}

{ // marks and measures
  const m = performance.mark("a", { startTime: 5, detail: { x: [1] } });
  eq(m instanceof PerformanceMark && m instanceof PerformanceEntry, true, "mark");
  eq(`${m.name} ${m.entryType} ${m.startTime} ${m.duration} ${m.detail.x[0]}`, "a mark 5 0 1", "mark's parts");
  performance.mark("b", { startTime: 12 });
  performance.mark("a", { startTime: 7 });
  const whole = performance.measure("m", "a", "b");
  eq(`${whole.startTime} ${whole.duration} ${whole.entryType} ${whole.detail}`, "7 5 measure null", "the latest mark counts");
  eq(performance.measure("m", { start: "a", duration: 2 }).duration, 2, "start and duration");
  eq(performance.measure("m", { end: 20, duration: 5 }).startTime, 15, "end and duration");
  eq(performance.measure("m", { start: 1, end: 4, detail: 9 }).detail, 9, "detail");
  eq(performance.measure("n").startTime, 0, "from the origin");
  eq(performance.getEntriesByName("a").length, 2, "by name");
  eq(performance.getEntriesByName("a", "measure").length, 0, "by name and type");
  eq(performance.getEntriesByType("mark").map((e) => e.startTime).join(), "5,7,12", "by type, sorted");
  eq(performance.getEntries().length, 8, "all");
  throws(() => performance.measure("x", "nope"), "SyntaxError", "unknown mark");
  throws(() => performance.measure("x", { start: 1, end: 2, duration: 3 }), "TypeError", "too much");
  throws(() => performance.measure("x", { detail: 1 }), "TypeError", "too little");
  throws(() => performance.measure("x", { start: 1 }, "b"), "TypeError", "options and end");
  throws(() => performance.mark("x", { startTime: -1 }), "TypeError", "negative");
  throws(() => performance.mark(), "TypeError", "no name");
  eq(Object.keys(m.toJSON()).join(), "name,entryType,startTime,duration,detail", "entry's toJSON");
  performance.clearMarks("a");
  eq(performance.getEntriesByType("mark").length, 1, "clearMarks by name");
  performance.clearMarks();
  performance.clearMeasures();
  eq(performance.getEntries().length, 0, "all cleared");
}

eq(/^b8g\//.test(navigator.userAgent), true, "userAgent");
eq(navigator.hardwareConcurrency, 1, "hardwareConcurrency");
throws(() => new Navigator(), "TypeError", "no constructor");
console.log("ok");
