// Every interface of the web prelude as WebIDL describes it: names, lengths, tags, enumerable members, brands.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };

// name: [length of the constructor, parent]
const interfaces = {
  DOMException: [0, null], Event: [1, null], CustomEvent: [1, "Event"], ErrorEvent: [1, "Event"], PromiseRejectionEvent: [2, "Event"], MessageEvent: [1, "Event"], EventTarget: [0, null],
  AbortController: [0, null], AbortSignal: [0, "EventTarget"], TextEncoder: [0, null], TextDecoder: [0, null], TextEncoderStream: [0, null], TextDecoderStream: [0, null],
  Headers: [0, null], Blob: [0, null], File: [2, "Blob"], FormData: [0, null], Request: [1, null], Response: [0, null],
  URL: [1, null], URLSearchParams: [0, null], URLPattern: [0, null], Performance: [0, "EventTarget"], PerformanceEntry: [0, null], PerformanceMark: [1, "PerformanceEntry"], PerformanceMeasure: [0, "PerformanceEntry"],
  Crypto: [0, null], SubtleCrypto: [0, null], CryptoKey: [0, null], CompressionStream: [1, null], DecompressionStream: [1, null], Navigator: [0, null], ByteLengthQueuingStrategy: [1, null], CountQueuingStrategy: [1, null],
  ReadableStream: [0, null], ReadableStreamDefaultReader: [1, null], ReadableStreamBYOBReader: [1, null], ReadableStreamDefaultController: [0, null], ReadableByteStreamController: [0, null],
  ReadableStreamBYOBRequest: [0, null], WritableStream: [0, null], WritableStreamDefaultWriter: [1, null], WritableStreamDefaultController: [0, null], TransformStream: [0, null], TransformStreamDefaultController: [0, null],
};
const promised = new Set(["text", "json", "arrayBuffer", "bytes", "blob", "formData", "closed", "ready", "read", "cancel", "pipeTo", "abort", "close", "write",
  "digest", "generateKey", "importKey", "exportKey", "sign", "verify", "encrypt", "decrypt", "deriveBits", "deriveKey", "wrapKey", "unwrapKey"]);

for (const [name, [length, parent]] of Object.entries(interfaces)) {
  const Class = globalThis[name];
  eq(typeof Class, "function", name);
  const global = Object.getOwnPropertyDescriptor(globalThis, name);
  eq(global.writable && global.configurable && !global.enumerable, true, `${name} on the global object`);
  eq(Class.name, name, "name");
  eq(Class.length, length, `${name}.length`);
  eq(Object.getOwnPropertyDescriptor(Class, "prototype").writable, false, `${name}.prototype is fixed`);
  if (name !== "DOMException") {
    eq(Object.getPrototypeOf(Class.prototype), parent === null ? Object.prototype : globalThis[parent].prototype, `${name} inherits`);
    eq(Object.getPrototypeOf(Class), parent === null ? Function.prototype : globalThis[parent], `${name} inherits statics`);
  }
  const tag = Object.getOwnPropertyDescriptor(Class.prototype, Symbol.toStringTag);
  eq(tag.value === name && !tag.writable && !tag.enumerable && tag.configurable, true, `${name}'s tag`);
  let refused = false;
  try { Class(); } catch (e) { refused = e instanceof TypeError; }
  eq(refused, true, `${name} needs new`);
  for (const key of Object.getOwnPropertyNames(Class.prototype)) {
    const d = Object.getOwnPropertyDescriptor(Class.prototype, key);
    if (key === "constructor") { eq(d.enumerable, false, `${name}.constructor`); continue; }
    eq(d.enumerable, true, `${name}.${key} is enumerable`);
    for (const member of [d.get, d.set, typeof d.value === "function" ? d.value : undefined]) {
      if (member === undefined) continue;
      let outcome = "returned";
      try {
        const result = member.call({}, 1, 2);
        if (result instanceof Promise) { result.catch(() => {}); outcome = "promise"; }
      } catch (e) {
        outcome = e instanceof TypeError ? "TypeError" : e.name;
      }
      eq(outcome === "TypeError" || (outcome === "promise" && promised.has(key)), true, `${name}.${key} on another object: ${outcome}`);
    }
  }
}
for (const name of ["atob", "btoa", "structuredClone", "reportError", "addEventListener", "removeEventListener", "dispatchEvent"]) {
  const d = Object.getOwnPropertyDescriptor(globalThis, name);
  eq(typeof d.value === "function" && d.value.name === name && d.writable && d.configurable && !d.enumerable, true, name);
  let constructed = true;
  try { new d.value(); } catch { constructed = false; }
  eq(constructed, false, `${name} is no constructor`);
}
for (const name of ["AbortSignal", "Performance", "PerformanceEntry", "PerformanceMeasure", "Crypto", "SubtleCrypto", "CryptoKey", "Navigator", "ReadableStreamDefaultController", "ReadableByteStreamController", "ReadableStreamBYOBRequest",
  "WritableStreamDefaultController", "TransformStreamDefaultController"]) {
  for (const args of [[], [Symbol("internal")], [1, 2, 3, 4]]) {
    let refused = false;
    try { new globalThis[name](...args); } catch (e) { refused = e instanceof TypeError; }
    eq(refused, true, `${name} cannot be constructed`);
  }
}
eq(Object.prototype.toString.call(console), "[object console]", "console's tag");
for (const key of ["log", "error", "table", "group", "timeEnd"]) eq(Object.getOwnPropertyDescriptor(console, key).enumerable, true, `console.${key}`);
console.log("ok");
