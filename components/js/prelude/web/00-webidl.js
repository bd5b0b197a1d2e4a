// What every other file of the web prelude stands on: how an interface is exposed, how arguments are converted.
// Start at `expose`. Invariant: nothing here looks up a global at call time, so a guest that overwrites one
// cannot change how a later brand check or conversion behaves.

const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { prototype: objectPrototype } = Object;
const { trunc, abs } = Math;
const isWellFormedString = String.prototype.isWellFormed;
const toWellFormedString = String.prototype.toWellFormed;
const symbolIterator = Symbol.iterator;
const symbolAsyncIterator = Symbol.asyncIterator;

// Passed to a constructor that guests may not call: they cannot obtain this value.
const KEY = Symbol("internal");

function illegalConstructor() {
  throw new TypeError("Illegal constructor");
}

// The interfaces, which the console shows as classes although their source text is not kept.
const interfaces = new Set();

// Makes what a class declares look as WebIDL wants it (members enumerable, a string tag) and publishes it.
// `hidden` leaves the interface out of the global object.
function expose(Class, { name = Class.name, hidden = false } = {}) {
  interfaces.add(Class);
  for (const holder of [Class, Class.prototype]) {
    for (const key of ownKeys(holder)) {
      const own = holder === Class ? key === "prototype" || key === "length" || key === "name" : key === "constructor";
      if (own || typeof key === "symbol") continue;
      const descriptor = getOwnPropertyDescriptor(holder, key);
      descriptor.enumerable = true;
      defineProperty(holder, key, descriptor);
    }
  }
  defineProperty(Class.prototype, Symbol.toStringTag, { value: name, writable: false, enumerable: false, configurable: true });
  if (!hidden) internal.define(globalThis, name, Class);
}

// Constants live on the interface and on its prototype, enumerable and fixed.
function constants(Class, table) {
  for (const key of ownKeys(table)) {
    const descriptor = { value: table[key], writable: false, enumerable: true, configurable: false };
    defineProperty(Class, key, descriptor);
    defineProperty(Class.prototype, key, descriptor);
  }
}

function need(present, required, what) {
  if (present < required) {
    throw new TypeError(`${what}: ${required} argument${required === 1 ? "" : "s"} required, but only ${present} present`);
  }
}

// DOMString and USVString. A template literal is the one conversion that throws for symbols and cannot be patched.
function toDOMString(value) {
  return typeof value === "string" ? value : `${value}`;
}

function toUSVString(value) {
  const string = typeof value === "string" ? value : `${value}`;
  return apply(isWellFormedString, string, []) ? string : apply(toWellFormedString, string, []);
}

function wellFormed(string) {
  return apply(toWellFormedString, string, []);
}

// [EnforceRange] unsigned long long, and the smaller unsigned types by `max`.
function toEnforcedUnsigned(value, max, what) {
  const number = +value;
  const whole = trunc(number);
  if (!(abs(number) < Infinity) || whole < 0 || whole > max) {
    throw new TypeError(`${what} is outside the accepted range`);
  }
  return whole + 0;
}

// A WebIDL dictionary: undefined and null stand for the empty one, anything but an object is refused.
function toDictionary(value, what) {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" && typeof value !== "function") throw new TypeError(`${what} must be an object`);
  return value;
}

function toCallback(value, what) {
  if (typeof value !== "function") throw new TypeError(`${what} must be a function`);
  return value;
}

function isObject(value) {
  return value !== null && (typeof value === "object" || typeof value === "function");
}

// Collects what an iterable yields, as WebIDL's sequence<any>.
function toSequence(value, what) {
  const method = isObject(value) ? value[symbolIterator] : undefined;
  if (typeof method !== "function") throw new TypeError(`${what} must be iterable`);
  const out = [];
  const iterator = apply(method, value, []);
  const next = iterator.next;
  for (;;) {
    const step = apply(next, iterator, []);
    if (!isObject(step)) throw new TypeError("Iterator result is not an object");
    if (step.done) return out;
    out[out.length] = step.value;
  }
}

// Web IDL iterators inherit from this, so `[...x]` and the helpers of Iterator.prototype work on them.
const iteratorPrototype = getPrototypeOf(getPrototypeOf([][symbolIterator]()));
const asyncIteratorPrototype = getPrototypeOf(getPrototypeOf(async function* () {}.prototype));

// Each predicate tells whether a value is an instance of one web interface; none throws.
const brands = [];
// Prototype of a web interface -> (value, inspect) => string; how the console shows its instances.
const inspectors = new Map();

internal.idl = {
  KEY, apply, construct, illegalConstructor, interfaces, expose, constants, need, toDOMString, toUSVString, wellFormed,
  toEnforcedUnsigned, toDictionary, toCallback, toSequence, isObject, iteratorPrototype, asyncIteratorPrototype,
  symbolIterator, symbolAsyncIterator, objectPrototype, brands, inspectors,
};
internal.define(globalThis, "self", globalThis);
