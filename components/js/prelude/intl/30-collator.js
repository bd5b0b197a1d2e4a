// Intl.Collator and Intl.PluralRules.

const {
  REQUEST, END, MATCHERS, ask, must, receive, makeClass, toOptions, textOption, booleanOption, typeOption, toLocales, resolve, publish, has,
  nameless, put, readDigits, digitFields, addDigits, numberText, fields, handleOf,
} = internal.intl;
const { errorOf } = internal;

const WHAT = "Intl.Collator";
const SENSITIVITIES = ["base", "accent", "case", "variant"];
const SENSITIVITY = { __proto__: null, base: "b", accent: "a", case: "c", variant: "v" };
const CASES = ["upper", "lower", "false"];
const CASE = { __proto__: null, upper: "u", lower: "l", false: "-" };
// Orders beside the usual one, by language.
const COLLATIONS = {
  __proto__: null, ar: ["compat"], de: ["phonebk"], es: ["trad"], fi: ["trad"], ja: ["unihan"], ko: ["searchjl", "unihan"], sv: ["trad"], zh: ["pinyin", "stroke", "unihan", "zhuyin"],
};
internal.intl.collations = () => ["compat", "emoji", "eor", "phonebk", "pinyin", "searchjl", "stroke", "trad", "unihan", "zhuyin"];

function supportsCollation(value, base) {
  const language = fields(base, "-")[0];
  return value === "emoji" || value === "eor" || (COLLATIONS[language] !== undefined && has(COLLATIONS[language], value));
}

function makeCollator(locales, given) {
  const requested = toLocales(locales);
  const options = toOptions(given, "Collator");
  const slots = { __proto__: null };
  slots.usage = textOption(options, "usage", ["sort", "search"], "sort", "Collator");
  textOption(options, "localeMatcher", MATCHERS, "best fit", "Collator");
  const collation = typeOption(options, "collation");
  const numeric = booleanOption(options, "numeric");
  const first = textOption(options, "caseFirst", CASES, undefined, "Collator");
  const resolved = resolve(requested, {
    __proto__: null,
    co: { __proto__: null, option: slots.usage === "search" ? undefined : collation, supports: (value, base) => slots.usage !== "search" && supportsCollation(value, base) },
    kf: { __proto__: null, option: first, supports: (value) => has(CASES, value) },
    kn: { __proto__: null, option: numeric === undefined ? undefined : `${numeric}`, supports: (value) => value === "true" || value === "false" },
  });
  slots.locale = resolved.name;
  slots.collation = resolved.values.co ?? "default";
  slots.numeric = resolved.values.kn === "true";
  slots.first = resolved.values.kf ?? "false";
  slots.sensitivity = textOption(options, "sensitivity", SENSITIVITIES, "variant", "Collator");
  slots.ignores = booleanOption(options, "ignorePunctuation") ?? false;
  const order = slots.usage === "search" ? "-u-co-search" : slots.collation === "default" ? "" : `-u-co-${slots.collation}`;
  slots.fields = `${resolved.base}${order}${END}${SENSITIVITY[slots.sensitivity]}${END}${slots.numeric ? "t" : "f"}${END}` +
    `${CASE[slots.first]}${END}${slots.ignores ? "t" : "f"}${END}`;
  return slots;
}

function compare(slots, one, other) {
  if (one === other) return 0;
  const order = sys.ctl(handleOf(), REQUEST.COMPARE, slots.fields + one + other, undefined, one.length);
  if (order < -1) throw errorOf(order, WHAT);
  return order;
}

const Collator = makeClass("Collator", makeCollator, {
  get compare() {
    const slots = receive(this, "Collator", "compare");
    return (slots.bound ??= nameless((x, y) => compare(slots, `${x}`, `${y}`)));
  },
  resolvedOptions() {
    const slots = receive(this, "Collator", "resolvedOptions");
    return {
      locale: slots.locale, usage: slots.usage, sensitivity: slots.sensitivity, ignorePunctuation: slots.ignores,
      collation: slots.collation, numeric: slots.numeric, caseFirst: slots.first,
    };
  },
}, { __proto__: null, callable: true });
publish("Collator", Collator);

// ---- plural forms ----

function makePlural(locales, given) {
  const requested = toLocales(locales);
  const options = toOptions(given, "PluralRules");
  const slots = { __proto__: null };
  textOption(options, "localeMatcher", MATCHERS, "best fit", "PluralRules");
  slots.type = textOption(options, "type", ["cardinal", "ordinal"], "cardinal", "PluralRules");
  readDigits(slots, options, 0, 3, false, "PluralRules");
  const resolved = resolve(requested, { __proto__: null });
  slots.locale = resolved.name;
  slots.fields = `${slots.type === "ordinal" ? "o" : "c"}${END}${resolved.base}${END}latn${END}d${END}${END}${END}s${END}s${END}a${END}f${END}${digitFields(slots)}`;
  return slots;
}

// CLDR's order: by the alphabet, and `other` last.
const FORMS = ["few", "many", "one", "two", "zero", "other"];

const PluralRules = makeClass("PluralRules", makePlural, {
  resolvedOptions() {
    const slots = receive(this, "PluralRules", "resolvedOptions");
    const result = { locale: slots.locale, type: slots.type };
    addDigits(result, slots);
    const known = fields(must(ask(REQUEST.PLURAL_FORM, slots.fields, 0), "Intl.PluralRules"));
    const categories = [];
    for (let i = 0; i < FORMS.length; i++) if (has(known, FORMS[i])) categories[categories.length] = FORMS[i];
    put(result, "pluralCategories", categories);
    return result;
  },
  select(value) {
    const slots = receive(this, "PluralRules", "select");
    return must(ask(REQUEST.PLURAL_FORM, slots.fields + numberText(+value), 0), "Intl.PluralRules");
  },
  selectRange(start, end) {
    const slots = receive(this, "PluralRules", "selectRange");
    if (start === undefined || end === undefined) throw new TypeError("Invalid argument");
    const from = +start;
    const to = +end;
    if (from !== from || to !== to) throw new RangeError("Invalid argument");
    return must(ask(REQUEST.PLURAL_FORM, `${slots.fields}${numberText(from)}${END}${numberText(to)}`, 0), "Intl.PluralRules");
  },
});
publish("PluralRules", PluralRules);

internal.intl.makeCollator = makeCollator;
internal.intl.compare = compare;
