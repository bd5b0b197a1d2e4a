// Values between JavaScript and modules of wasm within: what a word of a reference stands for, functions of both sides, errors.
// Start at `toWord` and `ofWord`. Invariant: one item of a module has one object here, for ever, as the standard wants it.

const { E } = internal;
const { apply, construct, toSequence } = internal.idl;
const { ask } = internal.compute;
const { Error, TypeError, RangeError, BigInt, Map, WeakMap, Uint32Array, Uint8Array, BigUint64Array, Object, String, Number } = globalThis;
const { ArrayPrototypePush, StringPrototypeIncludes, MapPrototypeGet, MapPrototypeSet, WeakMapPrototypeGet, WeakMapPrototypeSet, StringPrototypeIndexOf, StringPrototypeSlice } =
  internal.primordials;
const { parse } = JSON;
const { defineProperty } = Reflect;
const { utf8Decode, innerFunction, innerOwn, innerWord, innerValue } = sys;

// The numbers of docs/abi.md.
const REQUEST = {
  __proto__: null, COMPILE: 160, DESCRIBE: 161, MAKE: 164, GET: 165, SET: 166, SIZE: 167, GROW: 168, DROPPED: 171,
};
const KIND = { __proto__: null, FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 };
const KINDS = ["function", "table", "memory", "global"];
const TYPES = { __proto__: null, i32: "i", i64: "I", f32: "f", f64: "F", externref: "e", anyfunc: "c", funcref: "c", v128: "v" };
const TEXT_BYTES = 4096;

// ---- errors ----

// As the language makes its own: callable without `new`, too.
function makeError(name) {
  const Made = {
    [name]: function (message, options) {
      const list = message === undefined ? [] : [`${message}`];
      if (options !== undefined) list[1] = options;
      return construct(Error, list, new.target ?? Made);
    },
  }[name];
  defineProperty(Made, "length", { value: 1 });
  Object.setPrototypeOf(Made, Error);
  Object.defineProperty(Made, "prototype", { value: Object.create(Error.prototype), writable: false });
  for (const [key, value] of [["constructor", Made], ["name", name], ["message", ""]]) internal.define(Made.prototype, key, value);
  return Made;
}
const CompileError = makeError("CompileError");
const LinkError = makeError("LinkError");
const RuntimeError = makeError("RuntimeError");

// What V8 says, which programs may look for.
const WORDS = {
  __proto__: null, "wasm `unreachable` instruction executed": "unreachable", "out of bounds memory access": "memory access out of bounds",
  "integer divide by zero": "divide by zero",
  "invalid conversion to integer": "float unrepresentable in integer range", "undefined element: out of bounds table access": "table index is out of bounds",
  "uninitialized element": "null function or function signature mismatch", "indirect call type mismatch": "null function or function signature mismatch",
  "null reference": "dereferencing a null pointer", "out of bounds array access": "array element access out of bounds",
};
// What the stack of such an error begins with: the making of it.
const OWN_FRAMES = "    at construct (native)\n    at <anonymous>\n";

// The error of a call that ended so, with the places in the module before those of the program.
sys.innerSetup((end, text) => {
  if (end === E.ARG) return new LinkError(`WebAssembly.Instance(): ${text}`);
  if (end === E.LIMIT) return new RangeError("WebAssembly: there is no room for more");
  if (end < 0) return internal.errorOf(end, "run a module of WebAssembly");
  const at = StringPrototypeIndexOf(text, "\n");
  const first = at < 0 ? text : StringPrototypeSlice(text, 0, at);
  const error = new RuntimeError(WORDS[first] ?? first);
  const own = error.stack;
  if (at >= 0 && typeof own === "string") {
    const head = `${error.name}: ${error.message}\n`;
    const rest = StringPrototypeSlice(own, StringPrototypeIndexOf(own, OWN_FRAMES) + OWN_FRAMES.length);
    internal.define(error, "stack", `${head}${StringPrototypeSlice(text, at + 1)}\n${rest}`);
  }
  return error;
});

// ---- requests ----

function checked(answer, doing) {
  if (answer === E.LIMIT || answer === E.NOMEM) throw new RangeError(`WebAssembly: there is no room to ${doing}`);
  if (answer < 0) throw internal.errorOf(answer, `${doing} of WebAssembly`);
  return answer;
}

// The text that an answer of ARG begins with.
function whyNot(bytes) {
  let end = 0;
  while (end < TEXT_BYTES && bytes[end] !== 0) end++;
  return utf8Decode(new Uint8Array(bytes.buffer, 0, end), false);
}

function describe(number, isItem) {
  const which = isItem ? number + 2 ** 32 : number;
  const length = checked(ask(REQUEST.DESCRIBE, which, null, null), "describe a module");
  const text = new Uint8Array(length);
  ask(REQUEST.DESCRIBE, which, null, text);
  return parse(utf8Decode(text, false));
}

// Words of 8 bytes as a request takes them.
const words = (...list) => {
  const made = new BigUint64Array(list.length);
  for (let i = 0; i < list.length; i++) made[i] = list[i];
  return made;
};

// ---- references ----

// Values of the program to which modules hold references, by their numbers.
const values = [];
const free = [];
let collectAt = 1024;

function keep(value) {
  if (free.length === 0 && values.length >= collectAt) {
    const gone = new Uint32Array(values.length);
    const count = checked(ask(REQUEST.DROPPED, 0, null, gone), "collect references") / 4;
    for (let i = 0; i < count; i++) {
      values[gone[i]] = undefined;
      ArrayPrototypePush(free, gone[i]);
    }
    if (count < collectAt / 2) collectAt *= 2;
  }
  const number = free.length > 0 ? free[free.length - 1] : values.length;
  if (free.length > 0) free.length--;
  values[number] = value;
  return number;
}

const functions = new Map();
const itemOf = new WeakMap();
const isReference = (type) => type === "e" || type === "c";

// A word of a reference, as a number.
function referenceWord(value, type) {
  if (value === null) return 0;
  if (type === "e") return keep(value) + 1;
  const item = typeof value === "function" ? WeakMapPrototypeGet(itemOf, value) : undefined;
  if (item === undefined) throw new TypeError("WebAssembly objects are opaque: a function reference must be null or an exported function");
  return item + 1;
}

function ofReference(word, type) {
  if (word === 0) return null;
  return type === "e" ? values[word - 1] : functionOf(word - 1);
}

const needCrossing = (types) => {
  if (StringPrototypeIncludes(types, "v") || StringPrototypeIncludes(types, "x")) {
    throw new TypeError("type incompatibility when transforming from/to JS");
  }
};

// The word, a bigint, of a value of that type.
function toWord(value, type) {
  needCrossing(type);
  return isReference(type) ? BigInt(referenceWord(value, type)) : innerWord(value, type);
}

function ofWord(word, type) {
  needCrossing(type);
  return isReference(type) ? ofReference(Number(word), type) : innerValue(word, type);
}

function anyReference(types) {
  for (let i = 0; i < types.length; i++) if (types[i] !== "i" && types[i] !== "I" && types[i] !== "f" && types[i] !== "F") return true;
  return false;
}

// ---- functions ----

// The function that an item is.
function functionOf(item, form = undefined) {
  const known = MapPrototypeGet(functions, item);
  if (known !== undefined) return known;
  const { parameters, results, index = item } = form ?? describe(item, true);
  const raw = innerFunction(item, parameters, results);
  let made = raw;
  if (anyReference(parameters) || anyReference(results)) {
    made = {
      exported(...given) {
        needCrossing(parameters);
        needCrossing(results);
        const passed = [];
        for (let i = 0; i < parameters.length; i++) passed[i] = isReference(parameters[i]) ? referenceWord(given[i], parameters[i]) : given[i];
        const got = apply(raw, undefined, passed);
        if (results.length === 1) return isReference(results) ? ofReference(got, results) : got;
        for (let i = 0; i < results.length; i++) if (isReference(results[i])) got[i] = ofReference(got[i], results[i]);
        return got;
      },
    }.exported;
    defineProperty(made, "length", { value: parameters.length });
  }
  defineProperty(made, "name", { value: String(index), configurable: true });
  MapPrototypeSet(functions, item, made);
  WeakMapPrototypeSet(itemOf, made, item);
  return made;
}

// Tokens by which modules call functions of the program: for each function by its types.
const tokens = new WeakMap();

function tokenOf(callee, { parameters, results }) {
  let known = WeakMapPrototypeGet(tokens, callee);
  if (known === undefined) WeakMapPrototypeSet(tokens, callee, (known = { __proto__: null }));
  const key = `${parameters}>${results}`;
  return (known[key] ??= innerOwn(plainly(callee, parameters, results), parameters, results));
}

// The function as it can be called with numbers only, and answers them.
function plainly(callee, parameters, results) {
  if (!anyReference(parameters) && !anyReference(results) && results.length < 2) return callee;
  return (...given) => {
    needCrossing(parameters);
    needCrossing(results);
    for (let i = 0; i < given.length; i++) if (isReference(parameters[i])) given[i] = ofReference(given[i], parameters[i]);
    const got = apply(callee, undefined, given);
    if (results.length === 0) return undefined;
    if (results.length === 1) return isReference(results) ? referenceWord(got, results) : got;
    const list = toSequence(got, "what a function with several results returns");
    if (list.length !== results.length) throw new TypeError("multi-return length mismatch");
    for (let i = 0; i < list.length; i++) if (isReference(results[i])) list[i] = referenceWord(list[i], results[i]);
    return list;
  };
}

internal.wasm = {
  __proto__: null, REQUEST, KIND, KINDS, TYPES, TEXT_BYTES, CompileError, LinkError, RuntimeError, checked, whyNot, describe, words, toWord,
  ofWord, isReference, functionOf, itemOf, tokenOf,
};
