// Locales for `Intl`: lists that programs pass, the names in them, and which of these there is data for. Start at `resolve`.

const { define } = internal;
const { REQUEST, LOCALE, END, MATCHERS, ask, must, find, cut, lower, fields, Slots, addMembers, toOptions, has, textOption } = internal.intl;
const { toDOMString } = internal.idl;
const { defineProperty } = Reflect;
const { Object } = globalThis;
const { keys: ownNames } = Object;
const { floor } = Math;

const DEFAULT_LOCALE = "en-US";

let lastTag = "";
let lastCanonical = "";

function canonical(tag) {
  if (tag === lastTag && tag !== "") return lastCanonical;
  const answer = ask(REQUEST.LOCALE, tag, LOCALE.CANONICAL);
  if (typeof answer !== "string" || answer === "und" && lower(tag) !== "und") throw new RangeError("Incorrect locale information provided");
  lastTag = tag;
  lastCanonical = answer;
  return answer;
}

function tagOf(value) {
  const slots = Slots.of(value);
  if (slots !== undefined && slots.kind === "Locale") return slots.tag;
  return canonical(toDOMString(value));
}

// CanonicalizeLocaleList.
function toLocales(locales) {
  if (locales === undefined) return [];
  if (typeof locales === "string" || Slots.of(locales)?.kind === "Locale") return [tagOf(locales)];
  if (locales === null) throw new TypeError("Cannot convert undefined or null to object");
  const list = Object(locales);
  const length = floor(+list.length) || 0;
  const found = [];
  for (let i = 0; i < length; i++) {
    if (!(i in list)) continue;
    const value = list[i];
    if (typeof value !== "string" && (typeof value !== "object" || value === null)) {
      throw new TypeError("Language ID should be string or object.");
    }
    const tag = tagOf(value);
    if (!has(found, tag)) found[found.length] = tag;
  }
  return found;
}

// A name without its extensions, and the keywords of its `-u-`.
function takeApart(tag) {
  const parts = fields(tag, "-");
  let base = parts[0];
  let at = 1;
  for (; at < parts.length && parts[at].length > 1; at++) base += `-${parts[at]}`;
  const keywords = { __proto__: null };
  for (; at < parts.length && parts[at] !== "u" && parts[at] !== "x"; at++);
  let key;
  for (at += 1; parts[at - 1] !== "x" && at < parts.length && parts[at].length > 1; at++) {
    if (parts[at].length === 2) keywords[(key = parts[at])] = "";
    else if (key !== undefined) keywords[key] += keywords[key] === "" ? parts[at] : `-${parts[at]}`;
  }
  return { __proto__: null, base, keywords };
}

const availableOf = (tag) => ask(REQUEST.LOCALE, takeApart(tag).base, LOCALE.AVAILABLE);

function supportedLocalesOf(kind) {
  return {
    supportedLocalesOf(locales) {
      const requested = toLocales(locales);
      if (arguments[1] !== undefined) textOption(toOptions(arguments[1], kind), "localeMatcher", MATCHERS, "best fit", kind);
      const found = [];
      for (let i = 0; i < requested.length; i++) if (availableOf(requested[i]) !== "") found[found.length] = requested[i];
      return found;
    },
  }.supportedLocalesOf;
}

// ResolveLocale. `wanted` has for each keyword what the options say (undefined: nothing) and whether a value is supported; answers
// the name, the name with its keywords, and the keywords' values.
function resolve(requested, wanted) {
  let base = DEFAULT_LOCALE;
  let keywords = { __proto__: null };
  for (let i = 0; i < requested.length; i++) {
    const found = takeApart(requested[i]);
    const available = ask(REQUEST.LOCALE, found.base, LOCALE.AVAILABLE);
    if (available !== "") {
      base = available;
      keywords = found.keywords;
      break;
    }
  }
  const values = { __proto__: null };
  let extension = "";
  const keys = ownNames(wanted);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const { option, supports } = wanted[key];
    let said = keywords[key];
    if (said === "") said = "true";
    if (said !== undefined && supports(said, base)) {
      values[key] = said;
      if (option === undefined || option === said) extension += said === "true" ? `-${key}` : `-${key}-${said}`;
    }
    if (option !== undefined && supports(option, base)) values[key] = option;
  }
  return { __proto__: null, base, name: extension === "" ? base : `${base}-u${extension}`, values };
}

// What a locale uses: numbering systems and hour cycles.
function about(base) {
  const found = fields(must(ask(REQUEST.LOCALE, base, LOCALE.ABOUT), "Intl"));
  return { __proto__: null, usual: found[0], native: found[1], hours: found[2] };
}

const isSystem = (name) => find(`${END}${must(ask(REQUEST.LOCALE, "numberingSystem", LOCALE.VALUES), "Intl")}`, `${END}${name}${END}`, 0) >= 0;

const Intl = {};
defineProperty(Intl, Symbol.toStringTag, { value: "Intl", configurable: true });
define(globalThis, "Intl", Intl);
const publish = (name, Class) => define(Intl, name, Class);

addMembers(Intl, {
  getCanonicalLocales(locales) {
    return toLocales(locales);
  },
  supportedValuesOf(key) {
    const kind = toDOMString(key);
    if (kind === "calendar") return ["gregory"];
    if (kind === "collation") return internal.intl.collations();
    const answer = ask(REQUEST.LOCALE, kind, LOCALE.VALUES);
    if (typeof answer !== "string") throw new RangeError(`Invalid key : ${kind}`);
    return fields(answer);
  },
}, "Intl");

internal.intl = {
  ...internal.intl, __proto__: null, canonical, toLocales, takeApart, availableOf, supportedLocalesOf, resolve, about, isSystem, publish,
};
