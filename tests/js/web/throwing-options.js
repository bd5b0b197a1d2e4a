// Getters that throw, in every bag of options that the platform reads: the error is the program's own, and nothing is left half done.
const marker = new Error("from a getter");
const thrower = () => {
  throw marker;
};
const bag = new Proxy({}, { get: thrower, has: () => true, ownKeys: thrower, getOwnPropertyDescriptor: thrower });
const stream = () => new ReadableStream({ start: (controller) => controller.close() });
const bytes = new Uint8Array(16);
const { subtle } = crypto;

const calls = {
  Request: (options) => new Request("http://x.example/", options),
  fetch: (options) => (options === bag ? fetch("http://x.example/", options) : undefined),
  Response: (options) => new Response("", options),
  "Response.json": (options) => Response.json({}, options),
  Headers: (options) => new Headers(options),
  Blob: (options) => new Blob([], options),
  File: (options) => new File([], "name", options),
  Event: (options) => new Event("x", options),
  CustomEvent: (options) => new CustomEvent("x", options),
  addEventListener: (options) => new EventTarget().addEventListener("x", () => {}, options),
  removeEventListener: (options) => new EventTarget().removeEventListener("x", () => {}, options),
  structuredClone: (options) => structuredClone(1, options),
  TextDecoder: (options) => new TextDecoder("utf-8", options),
  "TextDecoder.decode": (options) => new TextDecoder().decode(bytes, options),
  URLSearchParams: (options) => new URLSearchParams(options),
  DOMException: (options) => new DOMException("", options),
  "ReadableStream's source": (options) => new ReadableStream(options),
  "ReadableStream's strategy": (options) => new ReadableStream({}, options),
  getReader: (options) => stream().getReader(options),
  "ReadableStream.values": (options) => stream().values(options),
  pipeTo: (options) => stream().pipeTo(new WritableStream(), options),
  pipeThrough: (options) => stream().pipeThrough(new TransformStream(), options),
  "WritableStream's sink": (options) => new WritableStream(options),
  "WritableStream's strategy": (options) => new WritableStream({}, options),
  "TransformStream's transformer": (options) => new TransformStream(options),
  "TransformStream's strategy": (options) => new TransformStream({}, options, {}),
  "performance.mark": (options) => performance.mark("x", options),
  "performance.measure": (options) => performance.measure("x", options),
  "JSON.stringify": (options) => JSON.stringify(options),
};
const always = {
  pair: () => stream().pipeThrough(bag),
  CountQueuingStrategy: () => new CountQueuingStrategy(bag),
  ByteLengthQueuingStrategy: () => new ByteLengthQueuingStrategy(bag),
  "ReadableStream.from": () => ReadableStream.from(bag),
  digest: () => subtle.digest(bag, bytes),
  generateKey: () => subtle.generateKey(bag, true, ["sign"]),
  "importKey's algorithm": () => subtle.importKey("raw", bytes, bag, true, ["sign"]),
  "importKey's key": () => subtle.importKey("jwk", bag, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]),
};

async function outcome(call, options) {
  try {
    await call(options);
    return "it went well";
  } catch (error) {
    return error === marker ? "the getter's error" : `${error}`;
  }
}
for (const [name, call] of Object.entries({ ...calls, ...always })) {
  const thrown = await outcome(call, bag);
  if (thrown !== "the getter's error") throw new Error(`${name}: ${thrown}`);
  if (name in always) continue;
  const usual = await outcome(call, name === "performance.measure" ? { start: 0 } : {});
  if (usual !== "it went well") throw new Error(`${name}: ${usual}`);
}
// Names and values of fields that would end their line early.
for (const call of [
  () => new Headers({ a: "b\r\nc: d" }), () => new Headers([["a\n", "b"]]), () => new Headers().append("a", "b\0"), () => new Request("http://x.example/", { headers: { a: "b\nc" } }),
  () => new Request("http://x.example/", { method: "GET\r\nX: y" }), () => new Response("", { headers: { a: "b\rc" } }), () => new Response("", { statusText: "a\r\nb" }),
]) {
  try {
    call();
  } catch (error) {
    if (error instanceof TypeError) continue;
  }
  throw new Error(`${call} went well`);
}
console.log("ok");
