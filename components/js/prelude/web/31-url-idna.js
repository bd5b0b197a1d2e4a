// Domain names to ASCII (UTS #46, non-transitional, as URLs use it). Start at `toASCII`.
// A domain that is all ASCII and has no label of punycode is not checked further, as the standard says.
// Limits: the engine has no IDNA tables. Mapping is done by NFKC and lower-casing, validity by Unicode categories, direction
// by script; names of real scripts come out right, some of the rare symbols that the tables treat one by one do not.

const { matches, replaceEach, splitAt } = internal.texts;
const {
  ArrayPrototypeJoin: join, ArrayPrototypePush: push, ArrayPrototypeSplice: splice, MathFloor: floor, StringFromCharCode: fromCharCode,
  StringFromCodePoint: fromCodePoint, StringPrototypeCharCodeAt: charCodeAt, StringPrototypeCodePointAt: codePointAt,
  StringPrototypeLastIndexOf: lastIndexOf, StringPrototypeNormalize: normalize, StringPrototypeSlice: slice,
  StringPrototypeStartsWith: startsWith, StringPrototypeToLowerCase: toLowerCase,
} = internal.primordials;

const IGNORED = /[\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{1d173}-\u{1d17a}\u{e0100}-\u{e01ef}]/gu;
const DISALLOWED = /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Zs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2ff0-\u2fff\ufff9-\ufffd\u{e0001}-\u{e007f}]/u;
const STARTS_WITH_MARK = /^\p{M}/u;
const VIRAMAS = "\\u094d\\u09cd\\u0a4d\\u0acd\\u0b4d\\u0bcd\\u0c4d\\u0ccd\\u0d3b\\u0d3c\\u0d4d\\u0dca\\u0e3a\\u0eba\\u0f84\\u1039\\u103a\\u1714\\u1715"
  + "\\u1734\\u17d2\\u1a60\\u1b44\\u1baa\\u1bab\\u1bf2\\u1bf3\\u2d7f\\ua806\\ua82c\\ua8c4\\ua953\\ua9c0\\uaaf6\\uabed\\u{11046}\\u{1107f}\\u{110b9}"
  + "\\u{11133}\\u{11134}\\u{111c0}\\u{11235}\\u{1134d}\\u{11442}\\u{114c2}\\u{115bf}\\u{1163f}\\u{116b6}\\u{1172b}\\u{11839}";
const JOINED = new RegExp(`(?<![${VIRAMAS}])\\u200d|(?<![${VIRAMAS}])(?<!\\p{Script=Arabic}\\p{M}*)\\u200c|(?<![${VIRAMAS}])\\u200c(?!\\p{M}*\\p{Script=Arabic})`, "u");

const RTL_SCRIPTS = ["Hebr", "Arab", "Syrc", "Thaa", "Nkoo", "Samr", "Mand", "Cprt", "Armi", "Phnx", "Lydi", "Khar", "Sarb", "Avst", "Adlm", "Mend", "Rohg",
  "Phlp", "Phli", "Prti", "Hatr", "Nbat", "Palm", "Narb", "Orkh", "Hung", "Mani", "Merc", "Mero", "Sogd", "Sogo", "Elym", "Chrs", "Yezi", "Ougr"]
  .map((script) => `\\p{Script=${script}}`).join("");
// Strongly right-to-left: not the marks, and not the digits and signs of those scripts that are weak or neutral.
const RTL_CHARACTER = `(?![\\p{M}0-9\\u0600-\\u0607\\u060c\\u060e\\u060f\\u0660-\\u0669\\u066a-\\u066c\\u06dd\\u06de\\u06e9\\u06f0-\\u06f9])[${RTL_SCRIPTS}]`;
const RTL = new RegExp(RTL_CHARACTER, "u");
const RTL_START = new RegExp(`^${RTL_CHARACTER}`, "u");
const RTL_LABEL = new RegExp(`^(?:[${RTL_SCRIPTS}]|[0-9\\p{M}\\p{S}\\p{P}\\u200c\\u200d])*$`, "u");
const RTL_END = new RegExp(`(?:${RTL_CHARACTER}|[0-9\\u06f0-\\u06f9\\u0660-\\u0669])\\p{M}*$`, "u");
const DOTTED = /[\u2024-\u2026\u2488-\u249b\ufe12\ufe19\ufe30\ufe52]/;
const EUROPEAN = /[0-9\u06f0-\u06f9]/;
const ARABIC_NUMBER = /[\u0600-\u0605\u0660-\u0669\u066b\u066c\u06dd]/;

const ASCII = /^[\x00-\x7f]*$/;
const HAS_PUNYCODE = /(?:^|\.)xn--/i;
const STARTS_WITH_DIGIT = /^[0-9]/;
const SIGMA = /\u03a3/g, SHARP_S = /\u1e9e/g, FULL_STOP = /\u3002/g;

const BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128;

function adapt(delta, points, first) {
  let k = 0;
  delta = first ? floor(delta / DAMP) : delta >> 1;
  delta += floor(delta / points);
  for (; delta > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) delta = floor(delta / (BASE - T_MIN));
  return k + floor(((BASE - T_MIN + 1) * delta) / (delta + SKEW));
}

function threshold(k, bias) {
  return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

const digit = (value) => fromCharCode(value < 26 ? value + 97 : value + 22);

function pointsOf(text) {
  const points = [];
  for (let i = 0; i < text.length; i += points[points.length - 1] > 0xffff ? 2 : 1) points[points.length] = codePointAt(text, i);
  return points;
}

function punycodeEncode(label) {
  const points = pointsOf(label);
  let out = "";
  for (let i = 0; i < points.length; i++) if (points[i] < FIRST) out += fromCharCode(points[i]);
  const basic = out.length;
  let handled = basic;
  if (basic > 0) out += "-";
  let n = FIRST, delta = 0, bias = BIAS;
  while (handled < points.length) {
    let next = Infinity;
    for (let i = 0; i < points.length; i++) if (points[i] >= n && points[i] < next) next = points[i];
    delta += (next - n) * (handled + 1);
    n = next;
    for (let i = 0; i < points.length; i++) {
      if (points[i] < n) delta++;
      if (points[i] !== n) continue;
      let q = delta;
      for (let k = BASE; ; k += BASE) {
        const t = threshold(k, bias);
        if (q < t) break;
        out += digit(t + ((q - t) % (BASE - t)));
        q = floor((q - t) / (BASE - t));
      }
      out += digit(q);
      bias = adapt(delta, handled + 1, handled === basic);
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return out;
}

// The decoded label, or null when it is not punycode.
function punycodeDecode(text) {
  const dash = lastIndexOf(text, "-");
  const points = dash > 0 ? pointsOf(slice(text, 0, dash)) : [];
  let n = FIRST, at = 0, bias = BIAS;
  let index = dash > 0 ? dash + 1 : 0;
  if (dash === 0) index = 1;
  while (index < text.length) {
    const start = at;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const code = charCodeAt(text, index++);
      const value = code >= 48 && code <= 57 ? code - 22 : code >= 97 && code <= 122 ? code - 97 : BASE;
      if (value >= BASE) return null;
      at += value * weight;
      if (at > 0x7fffffff) return null;
      const t = threshold(k, bias);
      if (value < t) break;
      weight *= BASE - t;
    }
    bias = adapt(at - start, points.length + 1, start === 0);
    n += floor(at / (points.length + 1));
    at %= points.length + 1;
    if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff)) return null;
    splice(points, at++, 0, n);
  }
  let out = "";
  for (let i = 0; i < points.length; i++) out += fromCodePoint(points[i]);
  return out;
}

// Sigma is mapped alone: lower-casing a whole string would make a final one of it.
function lower(string) {
  return toLowerCase(replaceEach(replaceEach(string, SIGMA, () => "\u03c3"), SHARP_S, () => "\xdf"));
}

function map(domain) {
  const once = lower(normalize(lower(replaceEach(domain, IGNORED, () => "")), "NFKC"));
  return normalize(replaceEach(replaceEach(once, IGNORED, () => ""), FULL_STOP, () => "."), "NFC");
}

function isValidLabel(label) {
  return label !== "" && !matches(STARTS_WITH_MARK, label) && !matches(DISALLOWED, label) && !matches(JOINED, label) && !startsWith(label, "xn--");
}

// The Bidi rule of RFC 5893, for all labels as soon as one is right-to-left.
function directionsFit(labels) {
  let some = false;
  for (let i = 0; i < labels.length; i++) some ||= matches(RTL, labels[i]);
  for (let i = 0; some && i < labels.length; i++) if (!directionFits(labels[i])) return false;
  return true;
}

function directionFits(label) {
  if (label === "") return true;
  if (!matches(RTL, label)) return !matches(STARTS_WITH_DIGIT, label) && !matches(ARABIC_NUMBER, label);
  return matches(RTL_START, label) && matches(RTL_LABEL, label) && matches(RTL_END, label) && !(matches(EUROPEAN, label) && matches(ARABIC_NUMBER, label));
}

// The ASCII form of a domain, or null when it has none.
function toASCII(domain) {
  if (matches(ASCII, domain) && !matches(HAS_PUNYCODE, domain)) return toLowerCase(domain);
  if (matches(DOTTED, domain)) return null;
  const unicode = [];
  const ascii = [];
  const labels = splitAt(map(domain), ".");
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    let form = label;
    if (startsWith(label, "xn--")) {
      form = matches(ASCII, label) ? punycodeDecode(slice(label, 4)) : null;
      if (form === null || form === "" || matches(ASCII, form) || map(form) !== form || !isValidLabel(form)) return null;
      if (punycodeEncode(form) !== slice(label, 4)) return null;
      push(ascii, label);
    } else if (matches(ASCII, label)) {
      push(ascii, label);
    } else {
      if (!isValidLabel(label)) return null;
      push(ascii, `xn--${punycodeEncode(label)}`);
    }
    push(unicode, form);
  }
  return directionsFit(unicode) ? join(ascii, ".") : null;
}

internal.domainToASCII = toASCII;
