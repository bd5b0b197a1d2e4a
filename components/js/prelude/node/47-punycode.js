// node:punycode, as RFC 3492 describes it. Start at `encode` and `decode`.

const { modules } = internal;
const { ArrayPrototypeJoin, RegExpPrototypeExec, StringPrototypeSplit } = internal.primordials;

const BASE = 36;
const [T_MIN, T_MAX, SKEW, DAMP, BIAS, FIRST] = [1, 26, 38, 700, 72, 128];
const MAX_INT = 2147483647;

function adapt(delta, points, first) {
  let k = 0;
  delta = first ? Math.floor(delta / DAMP) : delta >> 1;
  delta += Math.floor(delta / points);
  for (; delta > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) delta = Math.floor(delta / (BASE - T_MIN));
  return Math.floor(k + ((BASE - T_MIN + 1) * delta) / (delta + SKEW));
}
const threshold = (k, bias) => (k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias);
const digitOf = (code) => (code >= 48 && code < 58 ? 26 + (code - 48) : code >= 65 && code < 91 ? code - 65 : code >= 97 && code < 123 ? code - 97 : BASE);
const toDigit = (digit) => String.fromCharCode(digit < 26 ? digit + 97 : digit + 22);
const fault = (text) => new RangeError(text);

function ucs2decode(text) {
  const points = [];
  for (let i = 0; i < text.length;) {
    const point = text.codePointAt(i);
    points[points.length] = point;
    i += point > 0xffff ? 2 : 1;
  }
  return points;
}

function ucs2encode(points) {
  let text = "";
  for (let i = 0; i < points.length; i++) text += String.fromCodePoint(points[i]);
  return text;
}

function decode(input) {
  const output = [];
  let [i, n, bias] = [0, FIRST, BIAS];
  const basic = Math.max(0, input.lastIndexOf("-"));
  for (let j = 0; j < basic; j++) {
    if (input.charCodeAt(j) >= 0x80) throw fault("Illegal input >= 0x80 (not a basic code point)");
    output[j] = input.charCodeAt(j);
  }
  for (let at = basic > 0 ? basic + 1 : 0; at < input.length;) {
    const before = i;
    for (let w = 1, k = BASE; ; k += BASE) {
      if (at >= input.length) throw fault("Invalid input");
      const digit = digitOf(input.charCodeAt(at++));
      if (digit >= BASE) throw fault("Invalid input");
      if (digit > Math.floor((MAX_INT - i) / w)) throw fault("Overflow: input needs wider integers to process");
      i += digit * w;
      const t = threshold(k, bias);
      if (digit < t) break;
      if (w > Math.floor(MAX_INT / (BASE - t))) throw fault("Overflow: input needs wider integers to process");
      w *= BASE - t;
    }
    const size = output.length + 1;
    bias = adapt(i - before, size, before === 0);
    n += Math.floor(i / size);
    i %= size;
    for (let k = output.length; k > i; k--) output[k] = output[k - 1];
    output[i++] = n;
  }
  return ucs2encode(output);
}

function encode(text) {
  const points = ucs2decode(text);
  let output = "";
  for (let i = 0; i < points.length; i++) if (points[i] < 0x80) output += String.fromCharCode(points[i]);
  const basic = output.length;
  let handled = basic;
  if (basic > 0) output += "-";
  let [n, delta, bias] = [FIRST, 0, BIAS];
  while (handled < points.length) {
    let least = MAX_INT;
    for (let i = 0; i < points.length; i++) if (points[i] >= n && points[i] < least) least = points[i];
    if (least - n > Math.floor((MAX_INT - delta) / (handled + 1))) throw fault("Overflow: input needs wider integers to process");
    delta += (least - n) * (handled + 1);
    n = least;
    for (let i = 0; i < points.length; i++) {
      if (points[i] < n) delta++;
      if (points[i] !== n) continue;
      let q = delta;
      for (let k = BASE; ; k += BASE) {
        const t = threshold(k, bias);
        if (q < t) break;
        output += toDigit(t + ((q - t) % (BASE - t)));
        q = Math.floor((q - t) / (BASE - t));
      }
      output += toDigit(q);
      bias = adapt(delta, handled + 1, handled === basic);
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return output;
}

// Each label of a name; what is before the last @ stays as it is.
function labels(text, change) {
  const at = text.lastIndexOf("@");
  const parts = StringPrototypeSplit(text.slice(at + 1).replace(/[\u3002\uff0e\uff61]/g, "."), ".");
  for (let i = 0; i < parts.length; i++) parts[i] = change(parts[i]);
  return text.slice(0, at + 1) + ArrayPrototypeJoin(parts, ".");
}
modules["node:punycode"] = {
  version: "2.1.0",
  ucs2: { decode: ucs2decode, encode: ucs2encode },
  decode,
  encode,
  toASCII: (text) => labels(text, (label) => (RegExpPrototypeExec(/[^\0-\x7f]/, label) === null ? label : `xn--${encode(label)}`)),
  toUnicode: (text) => labels(text, (label) => (RegExpPrototypeExec(/^xn--/, label) === null ? label : decode(label.slice(4).toLowerCase()))),
};
