// Intl.NumberFormat. Start at `make`: what the options say becomes one text of fields (NUMBER in docs/abi.md), which goes before each number.

const {
  REQUEST, END, MATCHERS, ask, must, toParts, receive, makeClass, toOptions, has, textOption, numberIn, numberOption, typeOption, toLocales, resolve,
  about, isSystem, toNumberText, publish, upper, lower, charCode, find, cut, LOCALE, put,
} = internal.intl;
const { min, max } = Math;
const { defineProperty } = Reflect;

const STYLES = ["decimal", "percent", "currency", "unit"];
const CURRENCY_DISPLAYS = ["code", "symbol", "narrowSymbol", "name"];
const CURRENCY_SIGNS = ["standard", "accounting"];
const UNIT_DISPLAYS = ["short", "narrow", "long"];
const NOTATIONS = ["standard", "scientific", "engineering", "compact"];
const COMPACT_DISPLAYS = ["short", "long"];
const SIGN_DISPLAYS = ["auto", "never", "always", "exceptZero", "negative"];
const GROUPINGS = ["min2", "auto", "always", "true", "false"];
const MODES = ["ceil", "floor", "expand", "trunc", "halfCeil", "halfFloor", "halfExpand", "halfTrunc", "halfEven"];
const PRIORITIES = ["auto", "morePrecision", "lessPrecision"];
const INCREMENTS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000];
// Letters of the ABI.
const STYLE = { __proto__: null, decimal: "d", percent: "p", currency: "c", unit: "u" };
const NOTATION = { __proto__: null, standard: "s", scientific: "n", engineering: "g" };
const SIGN = { __proto__: null, auto: "a", always: "A", never: "n", exceptZero: "e", negative: "N" };
const GROUPING = { __proto__: null, auto: "a", always: "A", min2: "m", false: "f" };
const PRIORITY = { __proto__: null, fraction: "f", significant: "s", morePrecision: "m", lessPrecision: "l" };

const WHAT = "Intl.NumberFormat";

const numberingOf = (option) => ({ __proto__: null, option, supports: isSystem });

// SetNumberFormatDigitOptions: reads how many digits there are.
function readDigits(slots, options, fractionMin, fractionMax, compact, kind) {
  slots.wholeMin = numberOption(options, "minimumIntegerDigits", 1, 21, 1);
  let leastFraction = options.minimumFractionDigits;
  let mostFraction = options.maximumFractionDigits;
  let least = options.minimumSignificantDigits;
  let most = options.maximumSignificantDigits;
  slots.increment = numberOption(options, "roundingIncrement", 1, 5000, 1);
  if (!has(INCREMENTS, slots.increment)) throw new RangeError("roundingIncrement value is out of range.");
  slots.mode = textOption(options, "roundingMode", MODES, "halfExpand", kind);
  slots.priority = textOption(options, "roundingPriority", PRIORITIES, "auto", kind);
  slots.trailing = textOption(options, "trailingZeroDisplay", ["auto", "stripIfInteger"], "auto", kind);
  if (slots.increment !== 1) fractionMax = fractionMin;
  const hasSignificant = least !== undefined || most !== undefined;
  const hasFraction = leastFraction !== undefined || mostFraction !== undefined;
  const automatic = slots.priority === "auto";
  const needsSignificant = !automatic || hasSignificant;
  const needsFraction = !automatic || (!hasSignificant && (hasFraction || !compact));
  slots.significant = undefined;
  slots.fraction = undefined;
  if (needsSignificant) {
    least = numberIn(least, "minimumSignificantDigits", 1, 21, 1);
    most = numberIn(most, "maximumSignificantDigits", least, 21, 21);
    slots.significant = { __proto__: null, least, most };
  }
  if (needsFraction) {
    leastFraction = numberIn(leastFraction, "minimumFractionDigits", 0, 100, undefined);
    mostFraction = numberIn(mostFraction, "maximumFractionDigits", 0, 100, undefined);
    if (leastFraction === undefined && mostFraction === undefined) {
      leastFraction = fractionMin;
      mostFraction = fractionMax;
    } else if (leastFraction === undefined) leastFraction = min(fractionMin, mostFraction);
    else if (mostFraction === undefined) mostFraction = max(fractionMax, leastFraction);
    else if (leastFraction > mostFraction) throw new RangeError("maximumFractionDigits value is out of range.");
    slots.fraction = { __proto__: null, least: leastFraction, most: mostFraction };
  }
  slots.how = !automatic ? slots.priority : needsSignificant ? "significant" : "fraction";
  if (!needsSignificant && !needsFraction) {
    slots.significant = { __proto__: null, least: 1, most: 2 };
    slots.fraction = { __proto__: null, least: 0, most: 0 };
    slots.how = slots.priority = "morePrecision";
  }
  if (slots.increment !== 1) {
    if (slots.how !== "fraction") throw new TypeError("roundingIncrement value is invalid.");
    if (slots.fraction.least !== slots.fraction.most) throw new RangeError("roundingIncrement value is out of range.");
  }
}

// The digits' fields.
function digitFields(slots) {
  const fraction = slots.fraction ?? { __proto__: null, least: 0, most: 0 };
  const significant = slots.significant ?? { __proto__: null, least: 0, most: 0 };
  let mode = 0;
  while (MODES[mode] !== slots.mode) mode++;
  return `${slots.wholeMin}${END}${fraction.least}${END}${fraction.most}${END}${significant.least}${END}${significant.most}${END}` +
    `${PRIORITY[slots.how]}${END}${slots.increment}${END}${mode}${END}${slots.trailing === "auto" ? "a" : "s"}${END}`;
}

function toCurrency(value) {
  let fits = value.length === 3;
  for (let i = 0; i < value.length && fits; i++) fits = (charCode(value, i) | 32) >= 97 && (charCode(value, i) | 32) <= 122 && charCode(value, i) < 128;
  if (!fits) throw new RangeError(`Invalid currency code : ${value}`);
  return upper(value);
}

let units;
// Whether ECMA-402 names a unit, or two of them with `-per-` between.
function isUnit(unit) {
  units ??= END + must(ask(REQUEST.LOCALE, "unit", LOCALE.VALUES), "Intl.NumberFormat");
  const known = (name) => name !== "" && find(name, END, 0) < 0 && find(units, `${END}${name}${END}`, 0) >= 0;
  const at = find(unit, "-per-", 0);
  return known(unit) || (at > 0 && known(cut(unit, 0, at)) && known(cut(unit, at + 5)));
}

function readUnits(slots, options) {
  slots.style = textOption(options, "style", STYLES, "decimal", "NumberFormat");
  const currency = textOption(options, "currency", undefined, undefined, "NumberFormat");
  if (currency !== undefined) slots.currency = toCurrency(currency);
  else if (slots.style === "currency") throw new TypeError("Currency code is required with currency style.");
  slots.currencyDisplay = textOption(options, "currencyDisplay", CURRENCY_DISPLAYS, "symbol", "NumberFormat");
  slots.currencySign = textOption(options, "currencySign", CURRENCY_SIGNS, "standard", "NumberFormat");
  slots.unit = textOption(options, "unit", undefined, undefined, "NumberFormat");
  if (slots.unit !== undefined && !isUnit(slots.unit)) throw new RangeError(`Invalid unit argument for Intl.NumberFormat() '${slots.unit}'`);
  if (slots.unit === undefined && slots.style === "unit") throw new TypeError("Invalid unit argument for Intl.NumberFormat() ''");
  slots.unitDisplay = textOption(options, "unitDisplay", UNIT_DISPLAYS, "short", "NumberFormat");
}

function readGrouping(options, fallback) {
  const value = options.useGrouping;
  if (value === undefined) return fallback;
  if (value === true) return "always";
  if (!value) return false;
  const text = `${value}`;
  if (text === "true" || text === "false") return fallback;
  if (!has(GROUPINGS, text)) throw new RangeError(`Value ${text} out of range for Intl.NumberFormat options property useGrouping`);
  return text;
}

function make(locales, given) {
  const requested = toLocales(locales);
  const options = toOptions(given, "NumberFormat");
  const slots = { __proto__: null };
  textOption(options, "localeMatcher", MATCHERS, "best fit", "NumberFormat");
  const system = typeOption(options, "numberingSystem");
  const resolved = resolve(requested, { __proto__: null, nu: numberingOf(system) });
  slots.locale = resolved.name;
  slots.system = resolved.values.nu ?? about(resolved.base).usual;
  readUnits(slots, options);
  slots.notation = textOption(options, "notation", NOTATIONS, "standard", "NumberFormat");
  const compact = slots.notation === "compact";
  let least = 0;
  let most = slots.style === "percent" ? 0 : 3;
  if (slots.style === "currency" && slots.notation === "standard") least = most = +must(ask(REQUEST.LOCALE, slots.currency, LOCALE.CURRENCY), WHAT);
  readDigits(slots, options, least, most, compact, "NumberFormat");
  slots.compactDisplay = textOption(options, "compactDisplay", COMPACT_DISPLAYS, "short", "NumberFormat");
  slots.grouping = readGrouping(options, compact ? "min2" : "auto");
  slots.sign = textOption(options, "signDisplay", SIGN_DISPLAYS, "auto", "NumberFormat");

  const money = slots.style === "currency";
  const of = money ? slots.currency : slots.style === "unit" ? slots.unit : "";
  const display = money ? (slots.currencyDisplay === "narrowSymbol" ? "narrow" : slots.currencyDisplay) : slots.unitDisplay;
  const notation = compact ? (slots.compactDisplay === "long" ? "C" : "c") : NOTATION[slots.notation];
  slots.fields = `${resolved.base}${END}${slots.system}${END}${STYLE[slots.style]}${END}${of}${END}${display}${END}` +
    `${slots.currencySign === "accounting" ? "a" : "s"}${END}${notation}${END}${SIGN[slots.sign]}${END}${GROUPING[slots.grouping]}${END}${digitFields(slots)}`;
  return slots;
}

function addDigits(result, slots) {
  put(result, "minimumIntegerDigits", slots.wholeMin);
  if (slots.how === "morePrecision" || slots.how === "lessPrecision" || slots.how === "significant") {
    put(result, "minimumSignificantDigits", slots.significant.least);
    put(result, "maximumSignificantDigits", slots.significant.most);
  }
  if (slots.how !== "significant") {
    put(result, "minimumFractionDigits", slots.fraction.least);
    put(result, "maximumFractionDigits", slots.fraction.most);
  }
}

const format = (slots, value) => must(ask(REQUEST.FORMAT_NUMBER, slots.fields + toNumberText(value), 0), WHAT);

const NumberFormat = makeClass("NumberFormat", make, {
  resolvedOptions() {
    const slots = receive(this, "NumberFormat", "resolvedOptions");
    const result = { locale: slots.locale, numberingSystem: slots.system, style: slots.style };
    if (slots.style === "currency") {
      put(result, "currency", slots.currency);
      put(result, "currencyDisplay", slots.currencyDisplay);
      put(result, "currencySign", slots.currencySign);
    }
    if (slots.style === "unit") {
      put(result, "unit", slots.unit);
      put(result, "unitDisplay", slots.unitDisplay);
    }
    addDigits(result, slots);
    put(result, "useGrouping", slots.grouping);
    put(result, "notation", slots.notation);
    if (slots.notation === "compact") put(result, "compactDisplay", slots.compactDisplay);
    put(result, "signDisplay", slots.sign);
    put(result, "roundingMode", slots.mode);
    put(result, "roundingIncrement", slots.increment);
    put(result, "trailingZeroDisplay", slots.trailing);
    put(result, "roundingPriority", slots.priority);
    return result;
  },
  formatToParts(value) {
    const slots = receive(this, "NumberFormat", "formatToParts");
    return toParts(must(ask(REQUEST.FORMAT_NUMBER, slots.fields + toNumberText(value), 1), WHAT));
  },
  get format() {
    const slots = receive(this, "NumberFormat", "format");
    return (slots.bound ??= nameless((value) => format(slots, value)));
  },
}, { __proto__: null, callable: true });

// The functions that `format` and `compare` give have no name.
function nameless(bound) {
  defineProperty(bound, "name", { __proto__: null, value: "", configurable: true });
  return bound;
}
publish("NumberFormat", NumberFormat);

internal.intl.numberingOf = numberingOf;
internal.intl.readDigits = readDigits;
internal.intl.digitFields = digitFields;
internal.intl.addDigits = addDigits;
internal.intl.makeNumberFormat = make;
internal.intl.formatNumber = format;
internal.intl.nameless = nameless;
