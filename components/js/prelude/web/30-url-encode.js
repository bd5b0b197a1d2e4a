// Percent-encoding: the sets of the URL standard, decoding, and application/x-www-form-urlencoded.
// Invariant: every string here is well-formed UTF-16, so the engine's own encodeURIComponent never throws.

const { utf8Encode, utf8Decode } = sys;
const { encodeURIComponent: encodeComponent, decodeURIComponent: decodeComponent } = globalThis;
const { matches, replaceEach, splitAt } = internal.texts;
const {
  StringPrototypeCharCodeAt: codeAt, StringPrototypeSlice: slice, StringPrototypeIndexOf: indexOf, StringPrototypeIncludes: includes,
  TypedArrayPrototypeSubarray: subarray,
} = internal.primordials;

// Each set as an expression for the characters that it encodes: one to test with, one to replace with.
function encodeSet(characters) {
  return { test: new RegExp(`[${characters}]`, "u"), all: new RegExp(`[${characters}]+`, "gu") };
}
const C0 = "\\x00-\\x1f\\x7f-\\u{10ffff}";
const QUERY = `${C0} "#<>`;
const PATH = `${QUERY}?\\^\`{}`;
const sets = {
  c0: encodeSet(C0),
  fragment: encodeSet(`${C0} "<>\``),
  query: encodeSet(QUERY),
  specialQuery: encodeSet(`${QUERY}'`),
  path: encodeSet(PATH),
  userinfo: encodeSet(`${PATH}\\/:;=@\\[\\\\\\]\\|`),
};

const HEX = "0123456789ABCDEF";

// What lies above ASCII has to be encoded in every set, so a run of it is encoded at once.
function encodeRun(run) {
  let out = "";
  for (let i = 0; i < run.length;) {
    const code = codeAt(run, i);
    let end = i + 1;
    if (code < 0x80) {
      out += `%${HEX[code >> 4]}${HEX[code & 15]}`;
    } else {
      while (end < run.length && codeAt(run, end) >= 0x80) end++;
      out += encodeComponent(slice(run, i, end));
    }
    i = end;
  }
  return out;
}

function percentEncode(string, set) {
  return matches(set.test, string) ? replaceEach(string, set.all, encodeRun) : string;
}

function hexValue(byte) {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function decodeBytes(string) {
  const bytes = utf8Encode(string);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i];
    if (byte === 37 && i + 2 < bytes.length) {
      const high = hexValue(bytes[i + 1]);
      const low = hexValue(bytes[i + 2]);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        i += 2;
      }
    }
    bytes[length++] = byte;
  }
  return utf8Decode(subarray(bytes, 0, length), false);
}

// Decodes percent sequences and then UTF-8, with replacement characters for what is malformed.
function percentDecode(string) {
  if (!includes(string, "%")) return string;
  try {
    return decodeComponent(string);
  } catch {
    return decodeBytes(string);
  }
}

const PLUS = /\+/g;
function formDecode(string) {
  return percentDecode(includes(string, "+") ? replaceEach(string, PLUS, () => " ") : string);
}

const FORM_EXTRA = /[!'()~]|%20/g;
function formEncode(string) {
  return replaceEach(encodeComponent(string), FORM_EXTRA, (match) => (match === "%20" ? "+" : encodeRun(match)));
}

// A flat list: name, value, name, value.
function formParse(string) {
  const list = [];
  const pieces = splitAt(string, "&");
  for (let i = 0, count = 0; i < pieces.length; i++) {
    const piece = pieces[i];
    if (piece === "") continue;
    const equals = indexOf(piece, "=");
    list[count++] = formDecode(equals === -1 ? piece : slice(piece, 0, equals));
    list[count++] = equals === -1 ? "" : formDecode(slice(piece, equals + 1));
  }
  return list;
}

function formSerialize(list) {
  let out = "";
  for (let i = 0; i < list.length; i += 2) out += `${i === 0 ? "" : "&"}${formEncode(list[i])}=${formEncode(list[i + 1])}`;
  return out;
}

internal.urlEncoding = { sets, percentEncode, percentDecode, formParse, formSerialize };
