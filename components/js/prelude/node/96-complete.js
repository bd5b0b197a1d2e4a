// What a cell of a session can go on with: the names that fit behind `console.lo`. Start at `complete`.
//
// Invariant: nothing of the program runs for it but the traps of a proxy: its getters are not called, and no method that it
// can replace is used.

const { apply, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { attempt } = internal.inspectName;
const NAMES_MAX = 1000;
const PROTOTYPES_MAX = 100;

// The platform's own getters: to call them is harmless.
const ours = new Set();
const has = Set.prototype.has;

function know(holder) {
  for (const key of ownKeys(holder)) {
    const { get, value } = getOwnPropertyDescriptor(holder, key);
    if (get !== undefined) ours.add(get);
    if (holder === globalThis && typeof value === "function" && typeof value.prototype === "object") know(value.prototype);
  }
}
know(globalThis);

const isDigit = (c) => c >= "0" && c <= "9";
const isLetter = (c) => (c >= "a" && c <= "z") || (c >= "A" && c <= "Z") || c === "_" || c === "$" || c > "\x7f";

function isName(text) {
  if (text === "" || isDigit(text[0])) return false;
  for (let i = 0; i < text.length; i++) if (!isLetter(text[i]) && !isDigit(text[i])) return false;
  return true;
}

// The names that a text ends with, last first: `f(a?.b.c` has c, b, a. The last may be empty; undefined if it ends with none.
function chain(text) {
  const names = [];
  let end = text.length;
  while (true) {
    let start = end;
    while (start > 0 && (isLetter(text[start - 1]) || isDigit(text[start - 1]))) start--;
    let name = "";
    for (let i = start; i < end; i++) name += text[i];
    if (names.length > 0 && !isName(name)) return undefined;
    names[names.length] = name;
    if (start === 0 || text[start - 1] !== ".") return names;
    if (start > 1 && text[start - 2] === ".") return names.length === 1 ? names : undefined; // ...spread
    end = start - (start > 1 && text[start - 2] === "?" ? 2 : 1);
  }
}

// The value of a property, found without calling what the program defined; undefined if it cannot be had so.
function read(value, name) {
  for (let holder = Object(value), i = 0; holder !== null && i < PROTOTYPES_MAX; holder = getPrototypeOf(holder), i++) {
    const found = getOwnPropertyDescriptor(holder, name);
    if (found === undefined) continue;
    return found.get !== undefined && apply(has, ours, [found.get]) ? apply(found.get, value, []) : found.value;
  }
  return undefined;
}

function add(names, holder, prefix) {
  const keys = ownKeys(holder);
  for (let i = 0; i < keys.length && names.count < NAMES_MAX; i++) {
    const key = keys[i];
    if (typeof key !== "string" || key in names.seen || !isName(key) || key.length < prefix.length) continue;
    let fits = true;
    for (let at = 0; fits && at < prefix.length; at++) fits = key[at] === prefix[at];
    if (!fits) continue;
    names.seen[key] = true;
    names.list[names.count++] = key;
  }
}

// The names that `text`, which ends at the cursor, can go on with. `lexicals` is what was declared beside the global object.
internal.complete = (text, lexicals) => {
  const names = { seen: { __proto__: null }, list: [], count: 0 };
  const words = chain(text);
  if (words === undefined || (words[0] === "" && words.length === 1)) return names.list;
  const prefix = words[0];
  attempt(() => {
    if (words.length === 1) {
      add(names, lexicals, prefix);
      for (let holder = globalThis; holder !== null; holder = getPrototypeOf(holder)) add(names, holder, prefix);
      return undefined;
    }
    const root = words[words.length - 1];
    let value = getOwnPropertyDescriptor(lexicals, root) ? lexicals[root] : read(globalThis, root);
    for (let i = words.length - 2; i > 0 && value !== undefined && value !== null; i--) value = read(value, words[i]);
    if (value === undefined || value === null) return undefined;
    for (let holder = Object(value), i = 0; holder !== null && i < PROTOTYPES_MAX; holder = getPrototypeOf(holder), i++) {
      add(names, holder, prefix);
    }
    return undefined;
  }, undefined);
  return names.list;
};
