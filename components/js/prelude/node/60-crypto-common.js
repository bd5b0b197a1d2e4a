// What the files of node:crypto share: bytes of what programs pass, text of what they get. Start at `toBytes` and `toOutput`.
// `Buffer` and the streams of Node.js are looked up when they are needed, as they are other files' affair.

const { nodeError, invalidType, describeReceived: received } = internal;
const { apply } = Reflect;
const { Uint8Array } = globalThis;
const { bytesOf } = internal.classify;
const { lengthOf, bufferOf, toBase64Url, fromBase64Url } = internal.compute;
const { utf8Encode, utf8Decode } = sys;
const { fromCharCode } = String;
const charCodeAt = String.prototype.charCodeAt;
const lower = String.prototype.toLowerCase;
const stringSlice = String.prototype.slice;
const replaceSymbol = RegExp.prototype[Symbol.replace];

const ENCODINGS = {
  __proto__: null, "utf8": "utf8", "utf-8": "utf8", "hex": "hex", "base64": "base64", "base64url": "base64url", "latin1": "latin1",
  "binary": "latin1", "ascii": "latin1", "ucs2": "ucs2", "ucs-2": "ucs2", "utf16le": "ucs2", "utf-16le": "ucs2",
};
// undefined for what is none; "buffer" is none.
function encodingOf(name) {
  return typeof name === "string" ? ENCODINGS[apply(lower, name, [])] : undefined;
}

// The bytes of a text.
function encodeText(text, encoding = "utf8") {
  switch (encodingOf(encoding) ?? "utf8") {
    case "hex": {
      // As far as there are two digits together.
      const half = text.length >> 1;
      const bytes = new Uint8Array(half);
      for (let i = 0; i < half; i++) {
        const high = digit(text, 2 * i);
        const low = digit(text, 2 * i + 1);
        if (high < 0 || low < 0) return new Uint8Array(bufferOf(bytes), 0, i);
        bytes[i] = high * 16 + low;
      }
      return bytes;
    }
    case "base64":
    case "base64url":
      return fromBase64(text);
    case "latin1": {
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = apply(charCodeAt, text, [i]) & 255;
      return bytes;
    }
    case "ucs2": {
      const bytes = new Uint8Array(text.length * 2);
      for (let i = 0; i < text.length; i++) {
        const code = apply(charCodeAt, text, [i]);
        bytes[2 * i] = code & 255;
        bytes[2 * i + 1] = code >> 8;
      }
      return bytes;
    }
    default:
      return utf8Encode(text);
  }
}

function digit(text, at) {
  const code = apply(charCodeAt, text, [at]);
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

// Base64 of either alphabet; what is no digit is left out.
function fromBase64(text) {
  try {
    return apply(nativeFromBase64, Uint8Array, [text]);
  } catch {
    // Something else stands between the digits, or it is the other alphabet.
  }
  let digits = "";
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === "=") break;
    const code = apply(charCodeAt, text, [i]);
    if (letter === "+") digits += "-";
    else if (letter === "/") digits += "_";
    else if ((code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 45 || code === 95) digits += letter;
  }
  return fromBase64Url(digits.length % 4 === 1 ? apply(stringSlice, digits, [0, -1]) : digits);
}

const nativeFromBase64 = Uint8Array.fromBase64;
const nativeToBase64 = Uint8Array.prototype.toBase64;
const nativeToHex = Uint8Array.prototype.toHex;
const toBase64 = (bytes) => apply(nativeToBase64, bytes, []);

// The text of bytes.
function decodeBytes(bytes, encoding) {
  let text = "";
  const length = lengthOf(bytes);
  switch (encoding) {
    case "hex":
      return apply(nativeToHex, bytes, []);
    case "base64":
      return toBase64(bytes);
    case "base64url":
      return toBase64Url(bytes);
    case "latin1":
      for (let i = 0; i < length; i++) text += fromCharCode(bytes[i]);
      return text;
    case "ucs2":
      for (let i = 0; i + 1 < length; i += 2) text += fromCharCode(bytes[i] | (bytes[i + 1] << 8));
      return text;
    default:
      return utf8Decode(bytes, false);
  }
}

// Bytes as a Buffer over the same memory, or as they are where there is none.
function toBuffer(bytes) {
  const { Buffer } = internal;
  return Buffer === undefined ? bytes : Buffer.from(bufferOf(bytes), bytes.byteOffset, lengthOf(bytes));
}

// What a program gets that may name an encoding.
function toOutput(bytes, encoding) {
  if (encoding === undefined || encoding === null || encoding === "buffer") return toBuffer(bytes);
  return decodeBytes(bytes, encodingOf(encoding) ?? "utf8");
}

const VIEWS = "of type string or an instance of Buffer, TypedArray, or DataView";
const BUFFERS = "of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView";
const { isView } = ArrayBuffer;

// The bytes of a string in its encoding, or of a view.
function toBytes(value, encoding, name = "data") {
  if (typeof value === "string") return encodeText(value, encoding);
  if (!isView(value)) throw invalidType(name, VIEWS, value);
  return bytesOf(value);
}

// The same, of an ArrayBuffer too.
function anyBytes(value, name, encoding = "utf8", expected = BUFFERS) {
  if (typeof value === "string") return encodeText(value, encoding);
  const bytes = bytesOf(value);
  if (bytes === undefined) throw invalidType(name, expected, value);
  return bytes;
}

const outOfRange = (name, range, value) => nodeError(
  RangeError, "ERR_OUT_OF_RANGE", `The value of "${name}" is out of range. It must be ${range}. Received ${spelled(value)}`,
);

// A number as messages have it: with a line between each three of its digits.
function spelled(value) {
  if (typeof value === "bigint") return `${spelledDigits(String(value))}n`;
  if (typeof value !== "number") return received(value);
  return Number.isInteger(value) && Math.abs(value) > 2 ** 32 ? spelledDigits(String(value)) : `${value}`;
}
const spelledDigits = (text) => apply(replaceSymbol, /\B(?=(\d{3})+$)/g, [text, "_"]);

function checkInteger(value, name, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== "number") throw invalidType(name, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
  return value;
}

function checkFunction(value, name) {
  if (typeof value !== "function") throw invalidType(name, "of type function", value);
  return value;
}

// Calls back later, as Node.js does: with the result of `work`, or its error.
function later(callback, work) {
  let error = null;
  let result;
  try {
    result = work();
  } catch (thrown) {
    error = thrown;
  }
  setTimer(() => (error === null ? callback(null, result) : callback(error)), 0);
}
const setTimer = sys.setTimer;

// Names of hash functions as OpenSSL takes them -> the number that the host takes.
const HASHES = {
  __proto__: null, "md5": 12, "sha1": 1, "sha224": 2, "sha256": 3, "sha384": 4, "sha512": 5, "sha512-224": 6, "sha512-256": 7,
  "sha3-224": 8, "sha3-256": 9, "sha3-384": 10, "sha3-512": 11,
};
const ALIASES = {
  __proto__: null, "sha-1": "sha1", "sha-224": "sha224", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512",
  "sha512/224": "sha512-224", "sha512/256": "sha512-256", "rsa-md5": "md5", "rsa-sha1": "sha1", "rsa-sha224": "sha224",
  "rsa-sha256": "sha256", "rsa-sha384": "sha384", "rsa-sha512": "sha512", "rsa-sha512/224": "sha512-224", "rsa-sha512/256": "sha512-256",
  "rsa-sha3-224": "sha3-224", "rsa-sha3-256": "sha3-256", "rsa-sha3-384": "sha3-384", "rsa-sha3-512": "sha3-512",
};
// undefined for what is not known.
function hashOf(name) {
  const key = apply(lower, name, []);
  return HASHES[ALIASES[key] ?? key];
}

// Lets objects of a class be used as streams of Node.js: `make` gives the stream, when one of its methods is first called.
const STREAM_METHODS = [
  "on", "once", "off", "addListener", "removeListener", "removeAllListeners", "prependListener", "emit", "listenerCount", "listeners",
  "write", "end", "pipe", "unpipe", "read", "push", "resume", "pause", "isPaused", "setEncoding", "setDefaultEncoding", "destroy", "cork", "uncork",
  Symbol.asyncIterator,
];
const STREAM_STATES = ["readable", "writable", "destroyed", "readableEnded", "writableEnded", "writableFinished", "writableNeedDrain",
  "writableLength", "writableHighWaterMark", "readableLength", "readableHighWaterMark", "readableFlowing", "_readableState", "_writableState"];
function asStream(Class, make) {
  const made = new WeakMap();
  const find = WeakMap.prototype.get;
  const keep = WeakMap.prototype.set;
  const streamOf = (object) => {
    let stream = apply(find, made, [object]);
    if (stream === undefined) {
      const streams = internal.modules["node:stream"];
      if (streams === undefined) throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "Streams of Node.js are not there: node:stream is missing");
      stream = make(object, streams.Transform);
      apply(keep, made, [object, stream]);
    }
    return stream;
  };
  for (let i = 0; i < STREAM_METHODS.length; i++) {
    const name = STREAM_METHODS[i];
    const method = { [name](...args) {
      const stream = streamOf(this);
      const result = stream[name](...args);
      return result === stream ? this : result;
    } }[name];
    internal.define(Class.prototype, name, method);
  }
  for (let i = 0; i < STREAM_STATES.length; i++) {
    const name = STREAM_STATES[i];
    internal.defineGetter(Class.prototype, name, { [name]() { return streamOf(this)[name]; } }[name]);
  }
}

internal.nodeCrypto = {
  encodingOf, encodeText, decodeBytes, toBase64, fromBase64, toBuffer, toOutput, toBytes, anyBytes, outOfRange, checkInteger, checkFunction,
  later, HASHES, hashOf, asStream, BUFFERS,
};
