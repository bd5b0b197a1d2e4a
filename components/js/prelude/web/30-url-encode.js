// Percent-encoding: the sets of the URL standard, decoding, and application/x-www-form-urlencoded.
// Invariant: every string here is well-formed UTF-16, so the engine's own encodeURIComponent never throws.

const { utf8Encode, utf8Decode } = sys;
const { encodeURIComponent: encodeComponent, decodeURIComponent: decodeComponent } = globalThis;

// Each set as an expression for the characters that it encodes: one to test with, one to replace with.
function encodeSet(characters) {
  return { test: new RegExp(`[${characters}]`, "u"), all: new RegExp(`[${characters}]`, "gu") };
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

function encodeCharacter(character) {
  const code = character.charCodeAt(0);
  if (code > 0x7e) return encodeComponent(character);
  return code < 16 ? `%0${code.toString(16).toUpperCase()}` : `%${code.toString(16).toUpperCase()}`;
}

function percentEncode(string, set) {
  return set.test.test(string) ? string.replace(set.all, encodeCharacter) : string;
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
  return utf8Decode(bytes.subarray(0, length), false);
}

// Decodes percent sequences and then UTF-8, with replacement characters for what is malformed.
function percentDecode(string) {
  if (!string.includes("%")) return string;
  try {
    return decodeComponent(string);
  } catch {
    return decodeBytes(string);
  }
}

function formDecode(string) {
  return percentDecode(string.includes("+") ? string.replaceAll("+", " ") : string);
}

const FORM_EXTRA = /[!'()~]|%20/g;
function formEncode(string) {
  return encodeComponent(string).replace(FORM_EXTRA, (match) => (match === "%20" ? "+" : encodeCharacter(match)));
}

// A flat list: name, value, name, value.
function formParse(string) {
  const list = [];
  for (const piece of string.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    list.push(formDecode(equals === -1 ? piece : piece.slice(0, equals)), equals === -1 ? "" : formDecode(piece.slice(equals + 1)));
  }
  return list;
}

function formSerialize(list) {
  let out = "";
  for (let i = 0; i < list.length; i += 2) out += `${i === 0 ? "" : "&"}${formEncode(list[i])}=${formEncode(list[i + 1])}`;
  return out;
}

internal.urlEncoding = { sets, percentEncode, percentDecode, formParse, formSerialize };
