// Intl.DateTimeFormat. Start at `make`: what the options ask for becomes a skeleton in CLDR's letters, for which the host finds the locale's
// pattern; with that pattern it writes each date. What the pattern shows is what `resolvedOptions` tells.

const {
  REQUEST, END, MATCHERS, ask, must, toParts, receive, makeClass, textOption, booleanOption, numberOption, typeOption, toLocales, resolve,
  about, publish, find, cut, numberingOf, nameless, fields, has, put,
} = internal.intl;
const { abs, trunc } = Math;
const { now } = Date;
const { create } = Object;

const NAMES = ["narrow", "short", "long"];
const NUMBERS = ["2-digit", "numeric"];
const CYCLES = ["h11", "h12", "h23", "h24"];
const LETTER = { __proto__: null, h11: "K", h12: "h", h23: "H", h24: "k" };
const CYCLE = { __proto__: null, K: "h11", h: "h12", H: "h23", k: "h24" };
const ZONE_NAMES = { __proto__: null, short: "z", long: "zzzz", shortOffset: "O", longOffset: "OOOO", shortGeneric: "v", longGeneric: "vvvv" };
const STYLES = ["full", "long", "medium", "short"];
const CALENDARS = [
  "buddhist", "chinese", "coptic", "dangi", "ethioaa", "ethiopic", "hebrew", "indian", "islamic", "islamic-civil", "islamic-rgsa",
  "islamic-tbla", "islamic-umalqura", "iso8601", "japanese", "persian", "roc",
];
const named = (letter) => ({ __proto__: null, narrow: letter + letter + letter + letter + letter, long: letter + letter + letter + letter, short: letter });
const numbered = (letter) => ({ __proto__: null, numeric: letter, "2-digit": letter + letter });
// Fields in the order in which the standard reads them, their values, and the letters that stand for these.
const FIELDS = [
  { __proto__: null, name: "weekday", values: NAMES, letters: { ...named("E"), __proto__: null, short: "EEE" } },
  { __proto__: null, name: "era", values: NAMES, letters: { ...named("G"), __proto__: null, short: "GGG" } },
  { __proto__: null, name: "year", values: NUMBERS, letters: numbered("y") },
  { __proto__: null, name: "month", values: ["2-digit", "numeric", "narrow", "short", "long"], letters: { ...named("M"), ...numbered("M"), __proto__: null, short: "MMM" } },
  { __proto__: null, name: "day", values: NUMBERS, letters: numbered("d") },
  { __proto__: null, name: "dayPeriod", values: NAMES, letters: named("B") },
  { __proto__: null, name: "hour", values: NUMBERS, letters: null },
  { __proto__: null, name: "minute", values: NUMBERS, letters: numbered("m") },
  { __proto__: null, name: "second", values: NUMBERS, letters: numbered("s") },
];
const WHAT = "Intl.DateTimeFormat";

function repeat(letter, count) {
  let text = "";
  for (let i = 0; i < count; i++) text += letter;
  return text;
}

// Which hour cycle is meant, undefined for the locale's own.
function cycleOf(hour12, asked, base) {
  if (hour12 === undefined) return asked;
  const usual = CYCLE[about(base).hours[0]];
  const half = usual === "h11" || usual === "h12";
  if (hour12) return half ? usual : cut(base, base.length - 3) === "-JP" || base === "ja" ? "h11" : "h12";
  return half ? "h23" : usual;
}

function readCalendar(options) {
  const calendar = typeOption(options, "calendar");
  if (calendar !== undefined && has(CALENDARS, calendar)) throw new RangeError(`Intl.DateTimeFormat: the calendar ${calendar} is not supported`);
  return calendar;
}

function toZone(value) {
  const name = value === undefined ? "UTC" : `${value}`;
  const found = find(name, END) < 0 ? ask(REQUEST.TIME_ZONE, name, 0) : undefined;
  if (typeof found !== "string") throw new RangeError(`Invalid time zone specified: ${name}`);
  return found;
}

// ToDateTimeOptions and InitializeDateTimeFormat: `required` and `defaults` are "date", "time", "any" and "all".
function make(locales, given, required, defaults) {
  const requested = toLocales(locales);
  if (given === null) throw new TypeError("Cannot convert undefined or null to object");
  const options = given === undefined ? create(null) : Object(given);
  const slots = { __proto__: null, asked: { __proto__: null } };
  textOption(options, "localeMatcher", MATCHERS, "best fit", "DateTimeFormat");
  const calendar = readCalendar(options);
  const system = typeOption(options, "numberingSystem");
  const hour12 = booleanOption(options, "hour12");
  let cycle = textOption(options, "hourCycle", CYCLES, undefined, "DateTimeFormat");
  if (hour12 !== undefined) cycle = undefined;
  const resolved = resolve(requested, {
    __proto__: null,
    ca: { __proto__: null, option: calendar, supports: (value) => value === "gregory" },
    hc: { __proto__: null, option: hour12 === undefined ? cycle : "none", supports: (value) => has(CYCLES, value) },
    nu: numberingOf(system),
  });
  slots.locale = resolved.name;
  slots.system = resolved.values.nu ?? about(resolved.base).usual;
  slots.cycle = cycleOf(hour12, hour12 === undefined ? resolved.values.hc : undefined, resolved.base);
  slots.zone = toZone(options.timeZone);
  let explicit;
  for (let i = 0; i < FIELDS.length; i++) {
    const { name, values } = FIELDS[i];
    slots.asked[name] = textOption(options, name, values, undefined, "DateTimeFormat");
    if (slots.asked[name] !== undefined) explicit ??= name;
    if (name !== "second") continue;
    slots.fraction = numberOption(options, "fractionalSecondDigits", 1, 3, undefined);
    if (slots.fraction !== undefined) explicit ??= "fractionalSecondDigits";
    slots.zoneName = textOption(options, "timeZoneName", ["short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric"], undefined, "DateTimeFormat");
    if (slots.zoneName !== undefined) explicit ??= "timeZoneName";
  }
  textOption(options, "formatMatcher", ["basic", "best fit"], "best fit", "DateTimeFormat");
  slots.dateStyle = textOption(options, "dateStyle", STYLES, undefined, "DateTimeFormat");
  slots.timeStyle = textOption(options, "timeStyle", STYLES, undefined, "DateTimeFormat");
  const styled = slots.dateStyle !== undefined || slots.timeStyle !== undefined;
  if (styled) {
    if (explicit !== undefined) throw new TypeError(`Can't set option ${explicit} when ${slots.dateStyle !== undefined ? "dateStyle" : "timeStyle"} is used`);
    if (required === "date" && slots.timeStyle !== undefined) throw new TypeError("Invalid option : timeStyle");
    if (required === "time" && slots.dateStyle !== undefined) throw new TypeError("Invalid option : dateStyle");
  } else addDefaults(slots, required, defaults);
  choosePattern(slots, resolved.base, styled);
  slots.base = resolved.base;
  slots.fields = `${resolved.base}${END}${slots.system}${END}${slots.zone}${END}${slots.pattern}${END}`;
  return slots;
}

function addDefaults(slots, required, defaults) {
  const { asked } = slots;
  const any = (names) => {
    for (let i = 0; i < names.length; i++) if (asked[names[i]] !== undefined) return true;
    return false;
  };
  if (required !== "time" && any(["weekday", "year", "month", "day"])) return;
  if (required !== "date" && (any(["dayPeriod", "hour", "minute", "second"]) || slots.fraction !== undefined)) return;
  if (defaults !== "time") asked.year = asked.month = asked.day = "numeric";
  if (defaults !== "date") asked.hour = asked.minute = asked.second = "numeric";
}

function choosePattern(slots, base, styled) {
  let skeleton = "";
  const letter = slots.cycle === undefined ? about(base).hours[0] : LETTER[slots.cycle];
  if (!styled) {
    for (let i = 0; i < FIELDS.length; i++) {
      const { name, letters } = FIELDS[i];
      const value = slots.asked[name];
      if (value === undefined) continue;
      skeleton += letters !== null ? letters[value] : value === "2-digit" ? letter + letter : letter;
    }
    skeleton += repeat("S", slots.fraction ?? 0);
    if (slots.zoneName !== undefined) skeleton += ZONE_NAMES[slots.zoneName];
  }
  const hour = styled && slots.cycle === undefined ? "" : letter;
  const input = `${base}${END}${hour}${END}${skeleton}${END}${slots.dateStyle ?? ""}${END}${slots.timeStyle ?? ""}${END}`;
  slots.pattern = must(ask(REQUEST.DATE_PATTERN, input, 0), WHAT);
}

// ---- what a pattern shows ----

// The letters of a pattern in rows, without its texts.
function rows(pattern) {
  const found = [];
  let quoted = false;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === "'") quoted = !quoted;
    else if (!quoted && ((c >= "a" && c <= "z") || (c >= "A" && c <= "Z"))) {
      const last = found[found.length - 1];
      if (i > 0 && pattern[i - 1] === c && last !== undefined && last[0] === c) found[found.length - 1] += c;
      else found[found.length] = c;
    }
  }
  return found;
}

const wordWidth = (count) => (count === 5 ? "narrow" : count === 4 ? "long" : "short");
const numberWidth = (count) => (count === 2 ? "2-digit" : "numeric");

function shown(pattern) {
  const result = { __proto__: null };
  const found = rows(pattern);
  for (let i = 0; i < found.length; i++) {
    const { length } = found[i];
    switch (found[i][0]) {
      case "E": case "c": case "e": result.weekday = wordWidth(length); break;
      case "G": result.era = wordWidth(length); break;
      case "y": result.year = numberWidth(length); break;
      case "M": case "L": result.month = length < 3 ? numberWidth(length) : wordWidth(length); break;
      case "d": result.day = numberWidth(length); break;
      case "B": result.dayPeriod = wordWidth(length); break;
      case "h": case "H": case "K": case "k":
        result.hour = numberWidth(length);
        result.cycle = CYCLE[found[i][0]];
        break;
      case "m": result.minute = numberWidth(length); break;
      case "s": result.second = numberWidth(length); break;
      case "S": result.fractionalSecondDigits = length; break;
      case "z": result.timeZoneName = length === 4 ? "long" : "short"; break;
      case "O": result.timeZoneName = length === 4 ? "longOffset" : "shortOffset"; break;
      case "v": result.timeZoneName = length === 4 ? "longGeneric" : "shortGeneric"; break;
    }
  }
  return result;
}

const SHOWN = ["weekday", "era", "year", "month", "day", "dayPeriod", "hour", "minute", "second", "fractionalSecondDigits", "timeZoneName"];

// TimeClip, as text for the host.
function toTime(value) {
  const time = value === undefined ? now() : trunc(+value);
  if (!(abs(time) <= 8.64e15)) throw new RangeError("Invalid time value");
  return `${time + 0}`;
}

const format = (slots, value) => must(ask(REQUEST.FORMAT_DATE, slots.fields + toTime(value), 0), WHAT);

// ---- ranges ----

// Whether both ends look the same.
function isOne(parts) {
  for (let i = 0; i < parts.length; i++) if (parts[i].source !== "shared") return false;
  return true;
}

const joinedText = (parts) => {
  let text = "";
  for (let i = 0; i < parts.length; i++) text += parts[i].value;
  return text;
};

function rangeParts(slots, start, end, member) {
  if (start === undefined || end === undefined) throw new TypeError("Invalid time value");
  const times = `${toTime(start)}${END}${toTime(end)}`;
  const found = fields(must(ask(REQUEST.FORMAT_DATE, slots.fields + times, 2), `${WHAT}.prototype.${member}`));
  const parts = [];
  for (let i = 0; i + 2 < found.length; i += 3) parts[parts.length] = { type: found[i + 1], value: found[i + 2], source: found[i] };
  return parts;
}

const DateTimeFormat = makeClass("DateTimeFormat", (locales, options) => make(locales, options, "any", "date"), {
  resolvedOptions() {
    const slots = receive(this, "DateTimeFormat", "resolvedOptions");
    const result = { locale: slots.locale, calendar: "gregory", numberingSystem: slots.system, timeZone: slots.zone };
    const visible = shown(slots.pattern);
    if (visible.cycle !== undefined) {
      put(result, "hourCycle", visible.cycle);
      put(result, "hour12", visible.cycle === "h11" || visible.cycle === "h12");
    }
    if (slots.dateStyle !== undefined) put(result, "dateStyle", slots.dateStyle);
    if (slots.timeStyle !== undefined) put(result, "timeStyle", slots.timeStyle);
    if (slots.dateStyle !== undefined || slots.timeStyle !== undefined) return result;
    for (let i = 0; i < SHOWN.length; i++) if (visible[SHOWN[i]] !== undefined) put(result, SHOWN[i], visible[SHOWN[i]]);
    return result;
  },
  formatToParts(date) {
    const slots = receive(this, "DateTimeFormat", "formatToParts");
    return toParts(must(ask(REQUEST.FORMAT_DATE, slots.fields + toTime(date), 1), WHAT));
  },
  get format() {
    const slots = receive(this, "DateTimeFormat", "format");
    return (slots.bound ??= nameless((date) => format(slots, date)));
  },
  formatRange(startDate, endDate) {
    const slots = receive(this, "DateTimeFormat", "formatRange");
    const parts = rangeParts(slots, startDate, endDate, "formatRange");
    return isOne(parts) ? format(slots, startDate) : joinedText(parts);
  },
  formatRangeToParts(startDate, endDate) {
    return rangeParts(receive(this, "DateTimeFormat", "formatRangeToParts"), startDate, endDate, "formatRangeToParts");
  },
}, { __proto__: null, callable: true });
publish("DateTimeFormat", DateTimeFormat);

internal.intl.makeDateFormat = make;
internal.intl.formatDate = format;
