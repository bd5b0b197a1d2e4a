// Intl.ListFormat, Intl.RelativeTimeFormat and Intl.DisplayNames.

const {
  REQUEST, END, MATCHERS, ask, must, receive, makeClass, getOptions, toOptions, textOption, typeOption, toLocales, resolve, about, publish, find, cut,
  toParts, numberingOf, numberText, fields, has, upper, lower, charCode, canonical, takeApart,
} = internal.intl;
const { isObject, symbolIterator } = internal.idl;
const { apply } = Reflect;

// ---- lists ----

const LISTS = { __proto__: null, conjunction: "standard", disjunction: "or", unit: "unit" };
const WIDTHS = ["long", "short", "narrow"];

function makeList(locales, given) {
  const requested = toLocales(locales);
  const options = getOptions(given);
  textOption(options, "localeMatcher", MATCHERS, "best fit", "ListFormat");
  const resolved = resolve(requested, { __proto__: null });
  const type = textOption(options, "type", ["conjunction", "disjunction", "unit"], "conjunction", "ListFormat");
  const style = textOption(options, "style", WIDTHS, "long", "ListFormat");
  const name = LISTS[type] + (style === "long" ? "" : `-${style}`);
  const patterns = fields(must(ask(REQUEST.LIST_PATTERNS, `${resolved.base}${END}${name}${END}`, 0), "Intl.ListFormat"));
  return {
    __proto__: null, locale: resolved.name, type, style, language: fields(resolved.base, "-")[0],
    start: patterns[0], middle: patterns[1], end: patterns[2], two: patterns[3],
  };
}

function toTexts(list) {
  const texts = [];
  if (list === undefined) return texts;
  const method = list[symbolIterator];
  if (typeof method !== "function") throw new TypeError(`${typeof list} is not iterable`);
  const iterator = apply(method, list, []);
  const { next } = iterator;
  for (;;) {
    const step = apply(next, iterator, []);
    if (!isObject(step)) throw new TypeError("Iterator result is not an object");
    if (step.done) return texts;
    const { value } = step;
    if (typeof value !== "string") {
      const close = iterator.return;
      if (close !== undefined && close !== null) apply(close, iterator, []);
      throw new TypeError(`Iterable yielded ${typeof value === "symbol" ? "Symbol()" : value} which is not a string`);
    }
    texts[texts.length] = value;
  }
}

// In Spanish "y" becomes "e" before the sound of i, "o" becomes "u" before that of o; in Hebrew a hyphen comes before other letters.
function suited(slots, pattern, next) {
  const word = lower(cut(next, 0, 12));
  const begins = (text) => cut(word, 0, text.length) === text;
  if (slots.language === "es") {
    if (pattern === "{0} y {1}") {
      const vowel = begins("hi") ? word[2] : word[1];
      const sounds = begins("i") || (begins("hi") && vowel !== "a" && vowel !== "e");
      if (sounds) return "{0} e {1}";
    }
    if (pattern === "{0} o {1}") {
      const after = word[2];
      const eleven = begins("11") && (after === undefined || after === " ");
      if (begins("o") || begins("ho") || begins("8") || eleven) return "{0} u {1}";
    }
  }
  if (slots.language === "he" && slots.type === "conjunction" && find(pattern, "\u05d5{1}") >= 0) {
    const code = next.length > 0 ? charCode(next, 0) : 0x5d0;
    if (code < 0x590 || code > 0x5ff) {
      const at = find(pattern, "{1}");
      return `${cut(pattern, 0, at)}-${cut(pattern, at)}`;
    }
  }
  return pattern;
}

// The texts of a pattern: before the first place, between both, behind the second.
function around(pattern) {
  const first = find(pattern, "{0}");
  const second = find(pattern, "{1}");
  return { __proto__: null, before: cut(pattern, 0, first), between: cut(pattern, first + 3, second), behind: cut(pattern, second + 3) };
}

function listParts(slots, list) {
  const texts = toTexts(list);
  const parts = [];
  const literal = (value) => {
    if (value !== "") parts[parts.length] = { type: "literal", value };
  };
  let closing = "";
  for (let i = 0; i < texts.length; i++) {
    if (i > 0) {
      const last = i === texts.length - 1;
      const pattern = texts.length === 2 ? slots.two : i === 1 && !last ? slots.start : last ? slots.end : slots.middle;
      const { before, between, behind } = around(last ? suited(slots, pattern, texts[i]) : pattern);
      if (i === 1 && before !== "") parts[1] = parts[0], parts[0] = { type: "literal", value: before };
      literal(between);
      closing = behind + closing;
    }
    parts[parts.length] = { type: "element", value: texts[i] };
  }
  literal(closing);
  return parts;
}

const ListFormat = makeClass("ListFormat", makeList, {
  resolvedOptions() {
    const { locale, type, style } = receive(this, "ListFormat", "resolvedOptions");
    return { locale, type, style };
  },
  format(list) {
    const parts = listParts(receive(this, "ListFormat", "format"), list);
    let text = "";
    for (let i = 0; i < parts.length; i++) text += parts[i].value;
    return text;
  },
  formatToParts(list) {
    return listParts(receive(this, "ListFormat", "formatToParts"), list);
  },
});
publish("ListFormat", ListFormat);

// ---- spans of time from now ----

const SPANS = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];

function makeRelative(locales, given) {
  const requested = toLocales(locales);
  const options = toOptions(given, "RelativeTimeFormat");
  textOption(options, "localeMatcher", MATCHERS, "best fit", "RelativeTimeFormat");
  const system = typeOption(options, "numberingSystem");
  const resolved = resolve(requested, { __proto__: null, nu: numberingOf(system) });
  const style = textOption(options, "style", WIDTHS, "long", "RelativeTimeFormat");
  const numeric = textOption(options, "numeric", ["always", "auto"], "always", "RelativeTimeFormat");
  const numberingSystem = resolved.values.nu ?? about(resolved.base).usual;
  return { __proto__: null, base: resolved.base, locale: resolved.name, style, numeric, numberingSystem };
}

function relative(slots, value, unit, inParts, member) {
  const number = +value;
  const wanted = `${unit}`;
  const name = wanted[wanted.length - 1] === "s" ? cut(wanted, 0, -1) : wanted;
  const what = `Intl.RelativeTimeFormat.prototype.${member}()`;
  if (!has(SPANS, name)) throw new RangeError(`Invalid unit argument for ${what} '${wanted}'`);
  if (number - number !== 0) throw new RangeError(`Value need to be finite number for ${what}`);
  const words = slots.numeric === "auto" ? "t" : "f";
  const input = `${slots.base}${END}${slots.numberingSystem}${END}${name}${END}${slots.style}${END}${words}${END}${numberText(number)}`;
  const text = must(ask(REQUEST.RELATIVE_TIME, input, inParts ? 1 : 0), "Intl.RelativeTimeFormat");
  return inParts ? toParts(text, name) : text;
}

const RelativeTimeFormat = makeClass("RelativeTimeFormat", makeRelative, {
  resolvedOptions() {
    const { locale, style, numeric, numberingSystem } = receive(this, "RelativeTimeFormat", "resolvedOptions");
    return { locale, style, numeric, numberingSystem };
  },
  format(value, unit) {
    return relative(receive(this, "RelativeTimeFormat", "format"), value, unit, false, "format");
  },
  formatToParts(value, unit) {
    return relative(receive(this, "RelativeTimeFormat", "formatToParts"), value, unit, true, "formatToParts");
  },
});
publish("RelativeTimeFormat", RelativeTimeFormat);

// ---- names ----

const NAMED = ["language", "region", "script", "currency", "calendar", "dateTimeField"];
const FIELD_NAMES = {
  __proto__: null, era: "era", year: "year", quarter: "quarter", month: "month", weekOfYear: "week", weekday: "weekday", day: "day",
  dayPeriod: "dayperiod", hour: "hour", minute: "minute", second: "second", timeZoneName: "zone",
};

function makeNames(locales, given) {
  const requested = toLocales(locales);
  if (!isObject(given)) throw new TypeError("invalid_argument");
  textOption(given, "localeMatcher", MATCHERS, "best fit", "DisplayNames");
  const style = textOption(given, "style", ["narrow", "short", "long"], "long", "DisplayNames");
  const type = textOption(given, "type", NAMED, undefined, "DisplayNames");
  if (type === undefined) throw new TypeError("invalid_argument");
  if (type === "calendar") throw new RangeError("Intl.DisplayNames: names of calendars are not supported");
  const fallback = textOption(given, "fallback", ["code", "none"], "code", "DisplayNames");
  const languageDisplay = textOption(given, "languageDisplay", ["dialect", "standard"], "dialect", "DisplayNames");
  const resolved = resolve(requested, { __proto__: null });
  return { __proto__: null, base: resolved.base, locale: resolved.name, style, type, fallback, languageDisplay };
}

const all = (text, first, last) => {
  for (let i = 0; i < text.length; i++) if (charCode(text, i) < first || charCode(text, i) > last) return false;
  return true;
};

// The code in its canonical form.
function toCode(type, value) {
  const refuse = () => {
    throw new RangeError("invalid_argument");
  };
  const small = lower(value);
  switch (type) {
    case "language": {
      let tag;
      try {
        tag = canonical(value);
      } catch {
        refuse();
      }
      return takeApart(tag).base === tag ? tag : refuse();
    }
    case "region":
      return (value.length === 2 && all(small, 97, 122)) || (value.length === 3 && all(value, 48, 57)) ? upper(value) : refuse();
    case "script":
      return value.length === 4 && all(small, 97, 122) ? upper(value[0]) + cut(small, 1) : refuse();
    case "currency":
      return value.length === 3 && all(small, 97, 122) ? upper(value) : refuse();
    default:
      return FIELD_NAMES[value] ?? refuse();
  }
}

const DisplayNames = makeClass("DisplayNames", makeNames, {
  resolvedOptions() {
    const { locale, style, type, fallback, languageDisplay } = receive(this, "DisplayNames", "resolvedOptions");
    return type === "language" ? { locale, style, type, fallback, languageDisplay } : { locale, style, type, fallback };
  },
  of(code) {
    const slots = receive(this, "DisplayNames", "of");
    const wanted = `${code}`;
    const found = toCode(slots.type, wanted);
    const kind = slots.type === "language" && slots.languageDisplay === "dialect" ? "dialect" : slots.type;
    const name = must(ask(REQUEST.DISPLAY_NAME, `${slots.base}${END}${kind}${END}${slots.style}${END}${found}`, 0), "Intl.DisplayNames");
    if (name !== "") return name;
    return slots.fallback === "code" ? found : undefined;
  },
}, { __proto__: null, length: 2 });
publish("DisplayNames", DisplayNames);
