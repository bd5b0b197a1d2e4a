// structuredClone: every cloneable kind, sharing, transfer, refusals.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const same = (got, want, what) => eq(JSON.stringify(got), JSON.stringify(want), what);
const refused = (value, what) => { try { structuredClone(value); } catch (e) { eq(e instanceof DOMException, true, what); eq(e.name, "DataCloneError", what); eq(e.code, 25, what); return; } throw new Error(`${what}: was cloned`); };
const c = structuredClone;

for (const value of [undefined, null, true, false, 0, -0, 1.5, NaN, Infinity, 10n, -(2n ** 70n), "", "a\ud800b", "😀"]) eq(c(value), value, String(value));
for (const value of [new Boolean(false), new Number(-0), new String("xy"), Object(7n)]) {
  const copy = c(value);
  eq(copy === value, false, "another object");
  eq(Object.getPrototypeOf(copy), Object.getPrototypeOf(value), "its prototype");
  eq(copy.valueOf(), value.valueOf(), "its value");
}
{
  const date = new Date(123456789);
  date.extra = 1;
  const copy = c(date);
  eq(copy instanceof Date && copy.getTime() === 123456789 && copy.extra === undefined, true, "Date");
  eq(isNaN(c(new Date(NaN))), true, "invalid Date");
  const re = /a(b)?/giu;
  re.lastIndex = 3;
  eq(`${c(re)} ${c(re).lastIndex}`, "/a(b)?/giu 0", "RegExp");
}
{ // objects and arrays
  class Point { constructor() { this.x = 1; } get y() { return 2; } }
  const copy = c(new Point());
  eq(Object.getPrototypeOf(copy), Object.prototype, "classes are lost");
  same(copy, { x: 1 }, "own properties only");
  const source = { b: 1, a: { get g() { return 5; } }, 2: "two" };
  Object.defineProperty(source, "hidden", { value: 1, enumerable: false });
  source[Symbol("s")] = 1;
  same(c(source), { 2: "two", b: 1, a: { g: 5 } }, "getters are read, hidden and symbols are left out");
  eq(Object.getOwnPropertyDescriptor(c(source).a, "g").value, 5, "as a value");
  const proto = JSON.parse('{"__proto__": {"x": 1}}');
  eq(Object.hasOwn(c(proto), "__proto__"), true, "__proto__ is a key");
  eq(Object.getPrototypeOf(c(proto)), Object.prototype, "and no prototype");
  eq(Object.getPrototypeOf(c(Object.create(null))), Object.prototype, "null prototype");
  const holes = [1, , 3];
  holes.name = "n";
  const copied = c(holes);
  eq(copied.length === 3 && !(1 in copied) && copied.name === "n" && copied[2] === 3, true, "holes and names");
  eq(c(new Array(5)).length, 5, "length");
  const deletes = { get a() { delete this.b; return 1; }, b: 2, c: 3 };
  same(c(deletes), { a: 1, c: 3 }, "deleted on the way");
}
{ // sharing and cycles
  const inner = { v: 1 };
  const source = { inner, again: inner, list: [inner] };
  source.self = source;
  source.map = new Map([[source, inner]]);
  source.set = new Set([source, inner]);
  const copy = c(source);
  eq(copy.inner === copy.again && copy.inner === copy.list[0] && copy.inner !== inner, true, "shared");
  eq(copy.self, copy, "cycle");
  eq(copy.map.get(copy), copy.inner, "in a Map");
  eq(copy.set.has(copy) && copy.set.has(copy.inner), true, "in a Set");
  const date = new Date(0);
  const dates = c([date, date]);
  eq(dates[0], dates[1], "shared Date");
}
{ // Map, Set
  const copy = c(new Map([[{ k: 1 }, [1]], ["x", new Map()]]));
  eq(copy.size === 2 && [...copy.keys()][0].k === 1 && copy.get("x") instanceof Map, true, "Map");
  eq([...c(new Set([3, "a", 3, undefined]))].length, 3, "Set");
  class MyMap extends Map {}
  eq(c(new MyMap([[1, 2]])).constructor, Map, "a subclass's class is lost");
}
{ // errors
  for (const Type of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const copy = c(new Type("m"));
    eq(copy.constructor === Type && copy.message === "m" && copy.name === Type.name, true, Type.name);
    eq(Error.isError(copy), true, "a real error");
  }
  class MyError extends RangeError { extra = 1; }
  const mine = new MyError("mine", { cause: { why: [1] } });
  const copy = c(mine);
  eq(copy.constructor, RangeError, "the nearest known class");
  eq(copy.cause.why[0], 1, "cause");
  eq(copy.extra, undefined, "nothing else");
  eq(copy.stack, mine.stack, "stack");
  const odd = new Error("x");
  odd.name = "Odd";
  eq(c(odd).name, "Error", "unknown name");
  const none = new Error();
  eq(Object.hasOwn(c(none), "message"), false, "no message");
  const dom = c(new DOMException("d", "AbortError"));
  eq(dom instanceof DOMException && dom.name === "AbortError" && dom.message === "d" && dom.code === 20, true, "DOMException");
}
{ // buffers and views
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const copy = c(bytes.buffer);
  eq(copy !== bytes.buffer && new Uint8Array(copy).join() === "1,2,3,4", true, "ArrayBuffer");
  const two = c({ a: bytes.subarray(1, 3), b: new DataView(bytes.buffer, 2, 1), c: bytes.buffer });
  eq(two.a.buffer === two.b.buffer && two.a.buffer === two.c && two.a.join() === "2,3" && two.b.getUint8(0) === 3, true, "views share their buffer");
  eq(two.a.byteOffset, 1, "offset");
  for (const Type of [Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]) {
    const view = c(new Type(3));
    eq(view.constructor === Type && view.length === 3, true, Type.name);
  }
  const resizable = new ArrayBuffer(2, { maxByteLength: 8 });
  const grown = c(resizable);
  eq(grown.resizable && grown.maxByteLength === 8 && grown.byteLength === 2, true, "resizable");
  const tracking = c(new Uint8Array(resizable));
  tracking.buffer.resize(6);
  eq(tracking.length, 6, "a view that follows the length");
}
{ // transfer
  const buffer = new Uint8Array([5, 6, 7]).buffer;
  const view = new Uint8Array(buffer, 1);
  const map = new Map([[buffer, "b"], ["v", view]]);
  const copy = c({ buffer, view, list: [buffer], map, set: new Set([view]) }, { transfer: [buffer] });
  eq(buffer.byteLength, 0, "detached");
  eq(buffer.detached, true, "detached");
  eq(new Uint8Array(copy.buffer).join(), "5,6,7", "moved");
  eq(copy.view.join(), "6,7", "views come along");
  eq(copy.view.buffer === copy.buffer && copy.list[0] === copy.buffer, true, "sharing");
  eq(copy.map.get(copy.buffer) === "b" && copy.map.get("v") === copy.view && copy.set.has(copy.view), true, "in Map and Set");
  eq(c(1, { transfer: [new ArrayBuffer(8)] }), 1, "not part of the value");
  const root = new ArrayBuffer(4);
  eq(c(root, { transfer: [root] }).byteLength, 4, "the value itself");
  const b = new ArrayBuffer(1);
  for (const [transfer, what] of [[[b, b], "twice"], [[buffer], "detached already"], [[{}], "an object"]]) {
    try { c(0, { transfer }); throw new Error(`${what}: transferred`); } catch (e) { eq(e.name, "DataCloneError", what); }
  }
  eq(b.byteLength, 1, "still there");
  refused(buffer, "a detached buffer");
  refused(view, "a view of one");
}
{ // refusals
  class Private { #p = 1; static p(x) { return x.#p; } }
  for (const [value, what] of [
    [() => {}, "function"], [class {}, "class"], [Symbol("s"), "symbol"], [Object(Symbol("s")), "symbol object"], [new WeakMap(), "WeakMap"], [new WeakSet(), "WeakSet"], [new WeakRef({}), "WeakRef"],
    [Promise.resolve(), "promise"], [new FinalizationRegistry(() => {}), "registry"], [new URL("https://x"), "URL"], [new URLSearchParams(), "URLSearchParams"], [new AbortController(), "AbortController"],
    [AbortSignal.abort(), "AbortSignal"], [new Event("x"), "Event"], [new EventTarget(), "EventTarget"], [new TextDecoder(), "TextDecoder"], [new ReadableStream(), "ReadableStream"], [new WritableStream(), "WritableStream"],
    [new TransformStream(), "TransformStream"], [new Proxy({}, {}), "proxy"], [new Proxy([], {}), "array proxy"], [{ f() {} }, "a function inside"], [new Map([[1, Symbol()]]), "a symbol inside"],
  ]) refused(value, what);
  eq(Private.p(new Private()), 1, "private fields");
  same(c(new Private()), {}, "are lost");
  const boom = new Error("boom");
  try { c({ get x() { throw boom; } }); throw new Error("no"); } catch (e) { eq(e, boom, "a getter's error passes"); }
  try { c(); throw new Error("no"); } catch (e) { eq(e instanceof TypeError, true, "an argument is required"); }
  try { c(1, { transfer: 5 }); throw new Error("no"); } catch (e) { eq(e instanceof TypeError, true, "transfer is a list"); }
  let deep = {};
  for (let i = 0; i < 200000; i++) deep = { deep };
  let name = "cloned";
  try { c(deep); } catch (e) { name = e.name; }
  eq(["cloned", "RangeError", "InternalError"].includes(name), true, `deep nesting ends well (${name})`);
}
{
  const file = new File(["ab", "c"], "name", { type: "text/x", lastModified: 5 });
  const [blob, copy] = structuredClone([new Blob(["x"], { type: "a/b" }), file]);
  eq([blob instanceof Blob, blob instanceof File, blob.type, blob.size, await blob.text()].join(), "true,false,a/b,1,x", "a Blob");
  eq([copy !== file, copy instanceof File, copy.name, copy.type, copy.lastModified, await copy.text()].join(), "true,true,name,text/x,5,abc", "a File");
}
console.log("ok");
