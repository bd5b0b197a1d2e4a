// The encodings of Buffer: their names, and for each how many bytes a string takes, how it is written and how bytes become a string.
// Start at `internal.encodings`.

const { StringPrototypeToLowerCase, StringPrototypeCharCodeAt, TypedArrayPrototypeSubarray, uncurryThis } = internal.primordials;
const toHex = uncurryThis(Uint8Array.prototype.toHex);
const toBase64 = uncurryThis(Uint8Array.prototype.toBase64);
const { utf8Length, utf8EncodeInto, utf8Decode, utf16Decode, latin1Decode, encodeInto } = sys;

// The writers of sys.encodeInto.
const LATIN1 = 0;
const UTF16 = 1;
const HEX = 2;
const BASE64 = 3;
const EQUALS = 61;
const URL_ALPHABET = { __proto__: null, alphabet: "base64url", omitPadding: true };

// How many bytes base64 text stands for at most.
function base64Length(text) {
  let length = text.length;
  if (length > 0 && StringPrototypeCharCodeAt(text, length - 1) === EQUALS) length--;
  if (length > 1 && StringPrototypeCharCodeAt(text, length - 1) === EQUALS) length--;
  return (length * 3) >>> 2;
}

const writer = (how) => (text, bytes) => encodeInto(text, bytes, how);

const utf8 = {
  name: "utf8",
  length: utf8Length,
  write: (text, bytes) => utf8EncodeInto(text, bytes).written,
  decode: (bytes) => utf8Decode(bytes, false),
};
const utf16le = { name: "utf16le", length: (text) => text.length * 2, write: writer(UTF16), decode: utf16Decode };
const latin1 = { name: "latin1", length: (text) => text.length, write: writer(LATIN1), decode: (bytes) => latin1Decode(bytes, 0xff) };
const ascii = { name: "ascii", length: (text) => text.length, write: writer(LATIN1), decode: (bytes) => latin1Decode(bytes, 0x7f) };
const hex = { name: "hex", length: (text) => text.length >>> 1, write: writer(HEX), decode: toHex };
const base64 = { name: "base64", length: base64Length, write: writer(BASE64), decode: (bytes) => toBase64(bytes) };
const base64url = { name: "base64url", length: base64Length, write: writer(BASE64), decode: (bytes) => toBase64(bytes, URL_ALPHABET) };

const byName = {
  __proto__: null,
  utf8, "utf-8": utf8, ucs2: utf16le, "ucs-2": utf16le, utf16le, "utf-16le": utf16le, latin1, binary: latin1, ascii, hex, base64, base64url,
};

internal.encodings = {
  __proto__: null,
  utf8,
  utf16le,
  latin1,
  ascii,
  hex,
  base64,
  base64url,
  // The encoding of that name; undefined if there is none.
  find(name) {
    if (typeof name !== "string") return undefined;
    return byName[name] ?? byName[StringPrototypeToLowerCase(name)];
  },
  unknown: (name) => internal.nodeError(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${name}`),
  // The encoding of an argument that may be left out.
  of(name) {
    if (name === undefined || name === null || name === "") return utf8;
    const found = internal.encodings.find(name);
    if (found === undefined) throw internal.encodings.unknown(name);
    return found;
  },
};
internal.subarray = TypedArrayPrototypeSubarray;
