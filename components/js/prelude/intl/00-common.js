// What every file of `Intl` stands on: questions to the host, options, classes. Start at `makeClass`.
//
// The host knows the languages (requests 148 and above of COMPUTE); here is what ECMA-402 says about objects and options. Invariants: nothing
// that a program can replace is called; what a program passes is read once, in the order that the standard gives; an object is made
// only after everything was read, so that a getter which throws leaves nothing half made.

const { apply, defineProperty } = Reflect;
const { define } = internal;
const { toDOMString } = internal.idl;
const { errorOf, E } = internal;
const { Object, Number, BigInt } = globalThis;
const { indexOf, slice, toLowerCase, toUpperCase, charCodeAt } = String.prototype;
const symbolToPrimitive = Symbol.toPrimitive;
const { floor } = Math;
const { keys: ownNames, is } = Object;

const ROLE_COMPUTE = 19;
// The numbers of docs/abi.md.
const REQUEST = {
  __proto__: null, LOCALE: 148, FORMAT_NUMBER: 149, DATE_PATTERN: 150, FORMAT_DATE: 151, TIME_ZONE: 152, COMPARE: 153, PLURAL_FORM: 154,
  SEGMENT: 155, LIST_PATTERNS: 156, RELATIVE_TIME: 157, DISPLAY_NAME: 158, LETTER_CASE: 159,
};
const LOCALE = { __proto__: null, CANONICAL: 0, MAXIMAL: 1, MINIMAL: 2, AVAILABLE: 3, ABOUT: 4, VALUES: 5, CURRENCY: 6 };
const END = "\x1f";

function handleOf() {
  const handle = sys.handle(ROLE_COMPUTE);
  if (handle === 0) throw errorOf(E.RIGHTS, "use Intl");
  return handle;
}

// Asks the host; answers a text, or the number of an error.
const ask = (request, input, argument) => sys.ctlText(handleOf(), request, input, argument);

// The same for what the host knows if it knows the locale: `what` says what was wanted.
function must(answer, what) {
  if (typeof answer === "string") return answer;
  if (answer === E.NOENT) throw new RangeError(`${what}: there is no data for it`);
  if (answer === E.LIMIT) throw new RangeError(`${what}: the number has too many digits`);
  if (answer === E.ARG) throw new RangeError(`${what}: the options do not fit`);
  throw errorOf(answer, what);
}

const find = (text, what, from) => apply(indexOf, text, [what, from]);
const cut = (text, from, to) => apply(slice, text, [from, to]);
const lower = (text) => apply(toLowerCase, text, []);
const upper = (text) => apply(toUpperCase, text, []);

// The fields of an answer, each of which ends with the separator.
function fields(text, separator = END) {
  const found = [];
  for (let from = 0; from < text.length; ) {
    const to = find(text, separator, from);
    found[found.length] = cut(text, from, to < 0 ? text.length : to);
    from = to < 0 ? text.length : to + 1;
  }
  return found;
}

// The array that `formatToParts` gives of an answer in parts.
function toParts(text, unit) {
  const found = fields(text);
  const parts = [];
  for (let i = 0; i + 1 < found.length; i += 2) {
    const type = found[i];
    const value = found[i + 1];
    parts[parts.length] = unit === undefined || type === "literal" ? { type, value } : { type, value, unit };
  }
  return parts;
}

// ---- objects ----

// A property that nothing which a program did to Object.prototype can take away.
const put = (object, name, value) => defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });

// Gives any object slots that only this file can see.
class Slots extends (function (object) { return object; }) {
  #slots;
  constructor(object, slots) {
    super(object);
    this.#slots = slots;
  }
  static of(object) {
    return object !== null && (typeof object === "object" || typeof object === "function") && #slots in object ? object.#slots : undefined;
  }
}

const describe = (value) =>
  typeof value === "object" && value !== null ? "#<Object>" : typeof value === "function" ? "function" : typeof value === "string" ? value : apply(symbolText, value, []);
function symbolText() {
  return typeof this === "symbol" ? "Symbol()" : `${this}`;
}

// The slots of a receiver of this kind.
function receive(object, kind, member) {
  const slots = Slots.of(object);
  if (slots === undefined || slots.kind !== kind) {
    throw new TypeError(`Method Intl.${kind}.prototype.${member} called on incompatible receiver ${describe(object)}`);
  }
  return slots;
}

// A class of `Intl`: `make(locales, options)` gives the slots, `members` has methods and getters.
function makeClass(kind, make, members, { callable = false, length = 0, locales = true } = { __proto__: null }) {
  const Class = function () {
    if (new.target === undefined) {
      if (!callable) throw new TypeError(`Constructor Intl.${kind} requires 'new'`);
      return new Class(arguments[0], arguments[1]);
    }
    const slots = make(arguments[0], arguments[1], arguments.length);
    slots.kind = kind;
    new Slots(this, slots);
  };
  defineProperty(Class, "name", { value: kind, configurable: true });
  defineProperty(Class, "length", { value: length, configurable: true });
  defineProperty(Class, "prototype", { writable: false });
  if (locales) define(Class, "supportedLocalesOf", internal.intl.supportedLocalesOf(kind));
  addMembers(Class.prototype, members, `Intl.${kind}`);
  return Class;
}

function addMembers(target, members, tag) {
  const names = ownNames(members);
  for (let i = 0; i < names.length; i++) {
    const descriptor = Object.getOwnPropertyDescriptor(members, names[i]);
    descriptor.enumerable = false;
    defineProperty(target, names[i], descriptor);
  }
  defineProperty(target, Symbol.toStringTag, { value: tag, configurable: true });
}

// ---- options ----

function toOptions(options, kind) {
  if (options === undefined) return { __proto__: null };
  if (options === null) throw new TypeError(`Intl.${kind} called on null or undefined`);
  return Object(options);
}

// Newer interfaces take no primitive for options.
function getOptions(options) {
  if (options === undefined) return { __proto__: null };
  if (options === null || (typeof options !== "object" && typeof options !== "function")) throw new TypeError("invalid_argument");
  return options;
}

function has(list, value) {
  for (let i = 0; i < list.length; i++) if (list[i] === value) return true;
  return false;
}

function textOption(options, name, values, fallback, kind) {
  const value = options[name];
  if (value === undefined) return fallback;
  const text = toDOMString(value);
  if (values !== undefined && !has(values, text)) {
    throw new RangeError(`Value ${text} out of range for Intl.${kind} options property ${name}`);
  }
  return text;
}

function booleanOption(options, name) {
  const value = options[name];
  return value === undefined ? undefined : !!value;
}

function numberIn(value, name, least, most, fallback) {
  if (value === undefined) return fallback;
  const number = +value;
  if (!(number >= least && number <= most)) throw new RangeError(`${name} value is out of range.`);
  return floor(number);
}
const numberOption = (options, name, least, most, fallback) => numberIn(options[name], name, least, most, fallback);

const isAlphanumeric = (code) => (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

// A value of a keyword of Unicode: parts of three to eight letters or digits.
function typeOption(options, name, what = name) {
  const value = options[name];
  if (value === undefined) return undefined;
  const text = toDOMString(value);
  const parts = fields(text, "-");
  let fits = parts.length > 0 && charCode(text, text.length - 1) !== 45;
  for (let i = 0; i < parts.length && fits; i++) {
    fits = parts[i].length >= 3 && parts[i].length <= 8;
    for (let j = 0; j < parts[i].length && fits; j++) fits = isAlphanumeric(charCode(parts[i], j));
  }
  if (!fits) throw new RangeError(`Invalid ${what} : ${text}`);
  return lower(text);
}
const charCode = (text, at) => apply(charCodeAt, text, [at]);

const MATCHERS = ["lookup", "best fit"];

function toPrimitive(value) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return value;
  const exotic = value[symbolToPrimitive];
  if (exotic !== undefined && exotic !== null) {
    const made = apply(exotic, value, ["number"]);
    if (made === null || (typeof made !== "object" && typeof made !== "function")) return made;
    throw new TypeError("Cannot convert object to primitive value");
  }
  for (let i = 0; i < 2; i++) {
    const method = i === 0 ? value.valueOf : value.toString;
    if (typeof method !== "function") continue;
    const made = apply(method, value, []);
    if (made === null || (typeof made !== "object" && typeof made !== "function")) return made;
  }
  throw new TypeError("Cannot convert object to primitive value");
}

const numberText = (number) => (is(number, -0) ? "-0" : `${number}`);

// Digits with a point and an exponent, as the host reads them.
function isDecimal(text) {
  let digits = 0;
  let exponent = 0;
  let at = text[0] === "-" || text[0] === "+" ? 1 : 0;
  for (let points = 0; at < text.length; at++) {
    const code = charCode(text, at);
    if (code >= 48 && code <= 57) digits++;
    else if (code !== 46 || points++ > 0) break;
  }
  if (digits === 0 || at === text.length) return digits > 0;
  if (text[at] !== "e" && text[at] !== "E") return false;
  at += text[at + 1] === "-" || text[at + 1] === "+" ? 2 : 1;
  for (; at < text.length; at++, exponent++) {
    const code = charCode(text, at);
    if (code < 48 || code > 57) return false;
  }
  return exponent > 0 && exponent < 7;
}

// ToIntlMathematicalValue, as text.
function toNumberText(value) {
  const primitive = toPrimitive(value);
  if (typeof primitive === "bigint") return `${primitive}`;
  if (typeof primitive === "string" && isDecimal(primitive)) return primitive;
  if (typeof primitive === "symbol") throw new TypeError("Cannot convert a Symbol value to a number");
  return numberText(+primitive);
}

internal.intl = {
  __proto__: null, ROLE_COMPUTE, REQUEST, LOCALE, END, MATCHERS, ask, must, find, cut, lower, upper, charCode, fields, toParts, Slots, receive, makeClass,
  addMembers, toOptions, getOptions, has, textOption, booleanOption, numberIn, numberOption, typeOption, toPrimitive, numberText, toNumberText, handleOf, put,
};
