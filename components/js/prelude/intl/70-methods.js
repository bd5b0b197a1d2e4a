// The language's own methods that take locales: toLocaleString and its kind. Formatters of the usual form are kept, since programs that format,
// format more than once; they are made when first needed, so that a context that needs none has none.

const { ROLE_COMPUTE, REQUEST, END, ask, must, toLocales, takeApart, fields, makeNumberFormat, formatNumber, makeDateFormat, formatDate, makeCollator, compare, has } = internal.intl;
const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { Number, BigInt, Date, String, Array, Object } = globalThis;
const { floor } = Math;
const numberOf = Number.prototype.valueOf;
const bigOf = BigInt.prototype.valueOf;
const timeOf = Date.prototype.getTime;
const toUpper = String.prototype.toUpperCase;
const toLower = String.prototype.toLowerCase;
const lengthOfTyped = getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), "length").get;

// A formatter for these arguments: the last one again, if they are a name and nothing else.
function keeper(make) {
  let name;
  let kept;
  return (locales, options) => {
    if (options !== undefined || (locales !== undefined && typeof locales !== "string")) return make(locales, options);
    if (kept === undefined || name !== locales) {
      kept = make(locales, undefined);
      name = locales;
    }
    return kept;
  };
}

const numbers = keeper((locales, options) => makeNumberFormat(locales, options));
const dates = keeper((locales, options) => makeDateFormat(locales, options, "any", "all"));
const days = keeper((locales, options) => makeDateFormat(locales, options, "date", "date"));
const times = keeper((locales, options) => makeDateFormat(locales, options, "time", "time"));
const collators = keeper((locales, options) => makeCollator(locales, options));

function formatTime(time, formatter, locales, options) {
  if (time !== time) return "Invalid Date";
  return formatDate(formatter(locales, options), time);
}

// Who was not granted to compute has the language's own methods, as long as no locale is named: their order and form is the engine's.
const isPlain = (locales, options) => locales === undefined && options === undefined && sys.handle(ROLE_COMPUTE) === 0;
const { toLocaleString: plainNumber } = Number.prototype;
const { toLocaleString: plainBig } = BigInt.prototype;
const { toLocaleString: plainDate, toLocaleDateString: plainDay, toLocaleTimeString: plainTime } = Date.prototype;
const { localeCompare: plainCompare } = String.prototype;

function patch(target, members) {
  const names = Object.keys(members);
  for (let i = 0; i < names.length; i++) {
    internal.define(target, names[i], members[names[i]]);
    Reflect.defineProperty(members[names[i]], "length", { value: names[i] === "localeCompare" ? 1 : 0, configurable: true });
  }
}

patch(Number.prototype, {
  toLocaleString(locales, options) {
    if (isPlain(locales, options)) return apply(plainNumber, this, []);
    return formatNumber(numbers(locales, options), apply(numberOf, this, []));
  },
});
patch(BigInt.prototype, {
  toLocaleString(locales, options) {
    if (isPlain(locales, options)) return apply(plainBig, this, []);
    return formatNumber(numbers(locales, options), apply(bigOf, this, []));
  },
});
patch(Date.prototype, {
  toLocaleString(locales, options) {
    if (isPlain(locales, options)) return apply(plainDate, this, []);
    return formatTime(apply(timeOf, this, []), dates, locales, options);
  },
  toLocaleDateString(locales, options) {
    if (isPlain(locales, options)) return apply(plainDay, this, []);
    return formatTime(apply(timeOf, this, []), days, locales, options);
  },
  toLocaleTimeString(locales, options) {
    if (isPlain(locales, options)) return apply(plainTime, this, []);
    return formatTime(apply(timeOf, this, []), times, locales, options);
  },
});

// Arrays that are being written, so that one that holds itself ends.
const writing = [];

function joined(array, length, locales, options) {
  if (has(writing, array)) return "";
  writing[writing.length] = array;
  try {
    let text = "";
    for (let i = 0; i < length; i++) {
      if (i > 0) text += ",";
      const value = array[i];
      if (value !== undefined && value !== null) text += `${value.toLocaleString(locales, options)}`;
    }
    return text;
  } finally {
    writing.length -= 1;
  }
}

patch(Array.prototype, {
  toLocaleString(locales, options) {
    const array = Object(this);
    return joined(array, floor(+array.length) || 0, locales, options);
  },
});
patch(getPrototypeOf(Uint8Array.prototype), {
  toLocaleString(locales, options) {
    return joined(this, apply(lengthOfTyped, this, []), locales, options);
  },
});

// The language whose letters have cases of their own; undefined for all others.
function caseLanguage(locales) {
  if (locales === undefined) return undefined;
  const requested = toLocales(locales);
  if (requested.length === 0) return undefined;
  const language = fields(takeApart(requested[0]).base, "-")[0];
  return has(["az", "el", "lt", "tr"], language) ? language : undefined;
}

function cased(text, locales, letter, native) {
  const language = caseLanguage(locales);
  return language === undefined ? apply(native, text, []) : must(ask(REQUEST.LETTER_CASE, `${letter}${END}${language}${END}${text}`, 0), "toLocaleUpperCase");
}

function textOf(value, name) {
  if (value === undefined || value === null) throw new TypeError(`String.prototype.${name} called on null or undefined`);
  return `${value}`;
}

patch(String.prototype, {
  localeCompare(that, locales, options) {
    const text = textOf(this, "localeCompare");
    const other = `${that}`;
    if (isPlain(locales, options)) return apply(plainCompare, text, [other]);
    return compare(collators(locales, options), text, other);
  },
  toLocaleUpperCase(locales) {
    return cased(textOf(this, "toLocaleUpperCase"), locales, "u", toUpper);
  },
  toLocaleLowerCase(locales) {
    return cased(textOf(this, "toLocaleLowerCase"), locales, "l", toLower);
  },
});
