// Intl.Locale.

const {
  REQUEST, LOCALE, ask, must, receive, makeClass, toOptions, textOption, booleanOption, typeOption, canonical, takeApart, publish, has, fields,
  lower, upper, charCode, Slots, about, cut, availableOf,
} = internal.intl;
const { isObject } = internal.idl;
const { keys } = Object;

const isBetween = (text, first, last) => {
  for (let i = 0; i < text.length; i++) if (charCode(text, i) < first || charCode(text, i) > last) return false;
  return true;
};
const isAlpha = (text) => isBetween(lower(text), 97, 122);
const isDigits = (text) => isBetween(text, 48, 57);

// Language, script, region and the rest of a name without extensions.
function subtags(base) {
  const parts = fields(base, "-");
  const found = { __proto__: null, language: parts[0], script: undefined, region: undefined, variants: "" };
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i];
    if (i === 1 && part.length === 4 && isAlpha(part)) found.script = part;
    else if (found.variants === "" && found.region === undefined && ((part.length === 2 && isAlpha(part)) || (part.length === 3 && isDigits(part)))) found.region = part;
    else found.variants += `-${part}`;
  }
  return found;
}

function subtagOption(options, name, fits) {
  const value = options[name];
  if (value === undefined) return undefined;
  const text = `${value}`;
  if (!fits(text)) throw new RangeError("Incorrect locale information provided");
  return text;
}

const HOURS = ["h11", "h12", "h23", "h24"];

function make(tag, given, count) {
  if (count === 0) throw new TypeError("First argument to Intl.Locale constructor can't be empty or missing");
  if (typeof tag !== "string" && !isObject(tag)) throw new TypeError("Incorrect locale information provided");
  const known = Slots.of(tag);
  const name = known !== undefined && known.kind === "Locale" ? known.tag : `${tag}`;
  const options = toOptions(given, "Locale");
  const taken = takeApart(canonical(name));
  const found = subtags(taken.base);
  const language = subtagOption(options, "language", (text) => isAlpha(text) && text.length >= 2 && text.length <= 8 && text.length !== 4);
  const script = subtagOption(options, "script", (text) => isAlpha(text) && text.length === 4);
  const region = subtagOption(options, "region", (text) => (isAlpha(text) && text.length === 2) || (isDigits(text) && text.length === 3));
  let base = language ?? found.language;
  if ((script ?? found.script) !== undefined) base += `-${script ?? found.script}`;
  if ((region ?? found.region) !== undefined) base += `-${region ?? found.region}`;
  base += found.variants;
  const said = taken.keywords;
  const put = (key, value) => {
    if (value !== undefined) said[key] = value;
  };
  put("ca", typeOption(options, "calendar"));
  put("co", typeOption(options, "collation"));
  put("hc", textOption(options, "hourCycle", HOURS, undefined, "Locale"));
  put("kf", textOption(options, "caseFirst", ["upper", "lower", "false"], undefined, "Locale"));
  const numeric = booleanOption(options, "numeric");
  put("kn", numeric === undefined ? undefined : numeric ? "" : "false");
  put("nu", typeOption(options, "numberingSystem"));
  // What is no keyword of Unicode stays behind the names.
  const rest = others(canonical(name));
  let extension = "";
  const names = keys(said);
  for (let i = 0; i < names.length; i++) extension += said[names[i]] === "" || said[names[i]] === "true" ? `-${names[i]}` : `-${names[i]}-${said[names[i]]}`;
  const whole = canonical(base + rest.before + (extension === "" ? "" : `-u${extension}`) + rest.behind);
  const again = takeApart(whole);
  return { __proto__: null, tag: whole, base: again.base, keywords: again.keywords };
}

// Extensions other than -u-, which come before it or behind it.
function others(tag) {
  const parts = fields(tag, "-");
  const rest = { __proto__: null, before: "", behind: "" };
  let singleton = "";
  for (let i = 1; i < parts.length; i++) {
    if (parts[i].length === 1 && singleton !== "x") singleton = parts[i];
    if (singleton === "" || singleton === "u") continue;
    if (singleton < "u") rest.before += `-${parts[i]}`;
    else rest.behind += `-${parts[i]}`;
  }
  return rest;
}

const self = (object, member) => receive(object, "Locale", `get ${member}`);
const keyword = (object, member, key) => self(object, member).keywords[key];

function likely(object, what, member) {
  const slots = receive(object, "Locale", member);
  const base = must(ask(REQUEST.LOCALE, slots.base, what), "Intl.Locale");
  return new Locale(base + cut(slots.tag, slots.base.length));
}

const HOUR = { __proto__: null, h: "h12", H: "h23", K: "h11", k: "h24" };

const Locale = makeClass("Locale", make, {
  maximize() {
    return likely(this, LOCALE.MAXIMAL, "maximize");
  },
  minimize() {
    return likely(this, LOCALE.MINIMAL, "minimize");
  },
  toString() {
    return receive(this, "Locale", "toString").tag;
  },
  get language() {
    return subtags(self(this, "language").base).language;
  },
  get script() {
    return subtags(self(this, "script").base).script;
  },
  get region() {
    return subtags(self(this, "region").base).region;
  },
  get baseName() {
    return self(this, "baseName").base;
  },
  get calendar() {
    return keyword(this, "calendar", "ca");
  },
  get caseFirst() {
    return keyword(this, "caseFirst", "kf");
  },
  get collation() {
    return keyword(this, "collation", "co");
  },
  get hourCycle() {
    return keyword(this, "hourCycle", "hc");
  },
  get numeric() {
    const said = keyword(this, "numeric", "kn");
    return said === "" || said === "true";
  },
  get numberingSystem() {
    return keyword(this, "numberingSystem", "nu");
  },
  get hourCycles() {
    const slots = self(this, "hourCycles");
    return [slots.keywords.hc ?? HOUR[about(slots.base).hours[0]]];
  },
  get numberingSystems() {
    const slots = self(this, "numberingSystems");
    return [slots.keywords.nu ?? about(slots.base).usual];
  },
  get textInfo() {
    const script = subtags(must(ask(REQUEST.LOCALE, self(this, "textInfo").base, LOCALE.MAXIMAL), "Intl.Locale")).script;
    return { direction: has(["Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg", "Samr", "Mand"], script) ? "rtl" : "ltr" };
  },
}, { __proto__: null, length: 1, locales: false });
publish("Locale", Locale);
