// What the prelude takes from the language before any program runs: its methods as functions of their receiver, under the names
// that Node.js gives them (`ArrayPrototypePush(array, value)`). A program may replace methods; these stay.
//
// Start at `expose`. Iterators are not safe so: arrays are walked by index, sets and maps by `forEach`.

const { bind, call } = Function.prototype;
const uncurry = bind.bind(call);
const { getOwnPropertyDescriptor } = Object;
const ownKeys = Reflect.ownKeys;

const primordials = { __proto__: null, uncurryThis: uncurry };

const titled = (name) => `${name[0].toUpperCase()}${name.slice(1)}`;
const keyTitle = (key) => (typeof key === "symbol" ? `Symbol${titled(key.description.slice("Symbol.".length))}` : titled(key));

function expose(name, holder) {
  for (const key of ownKeys(holder.prototype)) {
    const { value, get } = getOwnPropertyDescriptor(holder.prototype, key);
    if (typeof value === "function" && key !== "constructor") primordials[`${name}Prototype${keyTitle(key)}`] = uncurry(value);
    if (get !== undefined) primordials[`${name}PrototypeGet${keyTitle(key)}`] = uncurry(get);
  }
  for (const key of ownKeys(holder)) {
    const { value } = getOwnPropertyDescriptor(holder, key);
    if (typeof value === "function" && typeof key === "string" && key !== "prototype") primordials[`${name}${titled(key)}`] = value.bind(holder);
  }
  primordials[name] = holder;
}

for (const name of [
  "Array", "String", "Number", "BigInt", "Boolean", "Symbol", "RegExp", "Date", "Map", "Set", "WeakMap", "WeakSet", "WeakRef",
  "Promise", "ArrayBuffer", "DataView", "Uint8Array", "Error", "Function", "Object", "FinalizationRegistry",
]) {
  expose(name, globalThis[name]);
}
expose("TypedArray", Object.getPrototypeOf(Uint8Array));
for (const name of ["TypeError", "RangeError", "SyntaxError", "AggregateError", "Proxy"]) primordials[name] = globalThis[name];
for (const space of ["JSON", "Math", "Reflect"]) {
  for (const key of ownKeys(globalThis[space])) {
    if (typeof globalThis[space][key] === "function") primordials[`${space}${titled(key)}`] = globalThis[space][key];
  }
}
internal.primordials = primordials;

// ---- texts ----

// An expression's own methods, and those of strings that take expressions, call methods that a program may replace; `exec` does not.
const { RegExpPrototypeExec, StringPrototypeSlice, StringPrototypeIndexOf } = primordials;

const matches = (pattern, string) => RegExpPrototypeExec(pattern, string) !== null;

// Where the first match begins, or -1.
function searchFirst(string, pattern) {
  const match = RegExpPrototypeExec(pattern, string);
  return match === null ? -1 : match.index;
}

// With what `make` gives for each match of an expression that is global and matches nothing empty.
function replaceEach(string, pattern, make) {
  let out = "";
  let from = 0;
  pattern.lastIndex = 0;
  for (let match; (match = RegExpPrototypeExec(pattern, string)) !== null;) {
    out += StringPrototypeSlice(string, from, match.index) + make(match[0]);
    from = match.index + match[0].length;
  }
  return from === 0 ? string : out + StringPrototypeSlice(string, from);
}

// The parts of a string between separators.
function splitAt(string, separator) {
  const parts = [];
  let from = 0;
  let count = 0;
  for (let at; (at = StringPrototypeIndexOf(string, separator, from)) !== -1; from = at + separator.length) {
    parts[count++] = StringPrototypeSlice(string, from, at);
  }
  parts[count] = StringPrototypeSlice(string, from);
  return parts;
}

internal.texts = { matches, searchFirst, replaceEach, splitAt };
