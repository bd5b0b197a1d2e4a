// console's arguments as one string: printf-like specifiers in a first string, everything else inspected, joined by
// spaces. Start at `format`.

const { apply } = internal.idl;
const { inspect } = internal;
const { attempt } = internal.inspectName;
const { proxyDetails } = internal.classify;
const { getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
const { hasOwn } = Object;
const jsonStringify = JSON.stringify;
const numberFrom = Number;
const { parseInt: toInteger, parseFloat: toFloat } = globalThis;
const PERCENT = 37;
const CHAIN_MAX = 100;

// Constructors of the language itself, by name: an object whose toString is theirs is better inspected.
const BUILT_IN = new Set(Reflect.ownKeys(globalThis).filter((key) => typeof key === "string" && /^[A-Z][a-zA-Z0-9]+$/.test(key)));

function numberText(value) {
  return value === 0 && 1 / value < 0 ? "-0" : `${value}`;
}

function usesBuiltInToString(value) {
  if (proxyDetails !== undefined && proxyDetails(value) !== undefined) return true;
  if (typeof value[Symbol.toPrimitive] === "function" && hasOwn(value, Symbol.toPrimitive)) return false;
  if (typeof value.toString !== "function") return true;
  if (hasOwn(value, "toString")) return false;
  let pointer = value;
  for (let i = 0; i < CHAIN_MAX; i++) {
    pointer = getPrototypeOf(pointer);
    if (pointer === null) return true;
    if (hasOwn(pointer, "toString")) break;
  }
  const constructor = getOwnPropertyDescriptor(pointer, "constructor")?.value;
  return typeof constructor === "function" && BUILT_IN.has(constructor.name);
}

function stringText(value) {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return inspect(value);
  if (typeof value !== "object" || value === null || !attempt(() => usesBuiltInToString(value), true)) {
    return attempt(() => `${value}`, undefined) ?? inspect(value, { depth: 0 });
  }
  return inspect(value, { depth: 0 });
}

function decimal(value, convert) {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return "NaN";
  return attempt(() => numberText(convert(value)), "NaN");
}

function jsonText(value) {
  try {
    return `${jsonStringify(value)}`;
  } catch (error) {
    return attempt(() => /circular/i.test(error.message), false) ? "[Circular]" : inspect(value);
  }
}

// The text for one specifier; undefined when the letter is none.
function specifier(letter, value) {
  switch (letter) {
    case "s": return stringText(value);
    case "d": return decimal(value, numberFrom);
    case "i": return decimal(value, toInteger);
    case "f": return typeof value === "symbol" ? "NaN" : attempt(() => numberText(toFloat(value)), "NaN");
    case "j": return jsonText(value);
    case "o": return inspect(value, { showHidden: true, showProxy: true, depth: 4 });
    case "O": return inspect(value);
    case "c": return "";
    default: return undefined;
  }
}

function plain(value) {
  switch (typeof value) {
    case "string": return value;
    case "number": return numberText(value);
    case "boolean":
    case "undefined": return `${value}`;
    default: return inspect(value);
  }
}

function format(args) {
  const count = args.length;
  if (count === 0) return "";
  const first = args[0];
  let text = "";
  let used = 1;
  if (typeof first === "string") {
    text = first;
    if (count > 1 && first.includes("%")) ({ text, used } = substitute(first, args));
  } else {
    text = plain(first);
  }
  for (let i = used; i < count; i++) text += ` ${plain(args[i])}`;
  return text;
}

function substitute(template, args) {
  let text = "";
  let used = 1;
  let from = 0;
  const last = template.length - 1;
  for (let at = template.indexOf("%"); at !== -1 && at < last; at = template.indexOf("%", at + 1)) {
    const letter = template[at + 1];
    let piece;
    if (template.charCodeAt(at + 1) === PERCENT) {
      piece = "%";
    } else if (used < args.length) {
      piece = specifier(letter, args[used]);
      if (piece !== undefined) used++;
    }
    if (piece === undefined) continue;
    text += template.slice(from, at) + piece;
    from = at + 2;
    at++;
  }
  return { text: text + template.slice(from), used };
}

internal.format = format;
