// node:querystring. Start at `parse` and `stringify`.

const {
  ArrayIsArray, ArrayPrototypePush, ObjectKeys, StringPrototypeCharCodeAt, StringPrototypeIndexOf, StringPrototypeReplaceAll, StringPrototypeSlice,
} = internal.primordials;
const { encodeURIComponent, decodeURIComponent, isFinite } = globalThis;
const KEYS_MAX = 1000;
const PERCENT = 37;

const isHex = (code) => (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 102);
const digit = (code) => (code <= 57 ? code - 48 : (code | 32) - 87);

// The bytes of text with %xx in it; what is no code stays.
function unescapeBuffer(text, decodeSpaces) {
  const bytes = internal.Buffer.allocUnsafe(text.length);
  let used = 0;
  for (let i = 0; i < text.length; i++) {
    let code = StringPrototypeCharCodeAt(text, i);
    if (decodeSpaces && code === 43) code = 32;
    else if (code === PERCENT && i + 2 < text.length) {
      const [high, low] = [StringPrototypeCharCodeAt(text, i + 1), StringPrototypeCharCodeAt(text, i + 2)];
      if (isHex(high) && isHex(low)) {
        code = digit(high) * 16 + digit(low);
        i += 2;
      }
    }
    bytes[used++] = code;
  }
  return internal.asBuffer(internal.bufferPart(bytes, 0, used));
}

function unescape(text, decodeSpaces) {
  try {
    return decodeURIComponent(text);
  } catch {
    return internal.encodings.utf8.decode(unescapeBuffer(text, decodeSpaces));
  }
}

function escape(value) {
  let text = value;
  if (typeof text !== "string") text = typeof text === "object" ? String(text) : `${text}`;
  try {
    return encodeURIComponent(text);
  } catch {
    throw internal.nodeError(URIError, "ERR_INVALID_URI", "URI malformed");
  }
}

function primitive(value) {
  switch (typeof value) {
    case "string": return value;
    case "number": return isFinite(value) ? `${value}` : "";
    case "bigint": return `${value}`;
    case "boolean": return value ? "true" : "false";
    default: return "";
  }
}

function stringify(object, separator, equals, options) {
  separator ||= "&";
  equals ||= "=";
  let encode = module.escape;
  if (options && typeof options.encodeURIComponent === "function") encode = options.encodeURIComponent;
  if (object === null || typeof object !== "object") return "";
  let text = "";
  const keys = ObjectKeys(object);
  for (let i = 0; i < keys.length; i++) {
    const value = object[keys[i]];
    const name = `${encode(primitive(keys[i]))}${equals}`;
    const values = ArrayIsArray(value) ? value : [value];
    for (let k = 0; k < values.length; k++) {
      if (text !== "") text += separator;
      text += `${name}${encode(primitive(values[k]))}`;
    }
  }
  return text;
}

function parse(text, separator, equals, options) {
  const found = { __proto__: null };
  if (typeof text !== "string" || text.length === 0) return found;
  separator = separator ? `${separator}` : "&";
  equals = equals ? `${equals}` : "=";
  let left = KEYS_MAX;
  if (options && typeof options.maxKeys === "number") left = options.maxKeys > 0 ? options.maxKeys : -1;
  const custom = options && typeof options.decodeURIComponent === "function" ? options.decodeURIComponent : module.unescape;
  const decode = (part) => {
    const plain = StringPrototypeReplaceAll(part, "+", " ");
    try {
      return custom(plain);
    } catch {
      return unescape(plain, true);
    }
  };
  for (let at = 0; at <= text.length && left !== 0;) {
    let end = StringPrototypeIndexOf(text, separator, at);
    if (end < 0) end = text.length;
    if (end > at) {
      const part = StringPrototypeSlice(text, at, end);
      const middle = StringPrototypeIndexOf(part, equals);
      const name = decode(middle < 0 ? part : StringPrototypeSlice(part, 0, middle));
      const value = middle < 0 ? "" : decode(StringPrototypeSlice(part, middle + equals.length));
      if (found[name] === undefined) found[name] = value;
      else if (ArrayIsArray(found[name])) ArrayPrototypePush(found[name], value);
      else found[name] = [found[name], value];
      left--;
    }
    at = end + separator.length;
  }
  return found;
}

const module = { unescapeBuffer, unescape, escape, stringify, encode: stringify, parse, decode: parse };
internal.modules["node:querystring"] = module;
