// TextDecoder for UTF-8, UTF-16 (both byte orders) and the encodings of 40-single-byte.js; "latin1" and "ascii" are windows-1252
// on the web. Start at `decode`. The legacy encodings of several bytes are refused with a RangeError.
// Invariant: between streaming calls only the bytes of one unfinished character are kept, three at most.

const { apply, expose, need, toDOMString, toDictionary, isObject, brands, inspectors } = internal.idl;
const { bytesOf, get } = internal.classify;
const { isView } = ArrayBuffer;
const { utf8Decode, latin1Decode } = sys;
const fromCharCode = String.fromCharCode;
const Units = Uint16Array;
const { exec } = RegExp.prototype;
const EMPTY = new Uint8Array(0);
// Arguments of one call: bounded by the engine's stack, not by its memory.
const CHUNK = 1024;

const LABELS = new Map();
for (const [name, labels] of [
  ["utf-8", "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"],
  ["utf-16be", "unicodefffe utf-16be"],
  ["utf-16le", "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"],
  ...internal.singleByteLabels,
]) {
  for (const label of labels.split(" ")) LABELS.set(label, name);
}

const TABLES = internal.singleByte;

let isDecoder;

class TextDecoder {
  #encoding;
  #fatal = false;
  #ignoreBOM = false;
  #streaming = false;
  #bomSeen = false;
  #kept = EMPTY;

  constructor(label = "utf-8", options = undefined) {
    const encoding = encodingOf(toDOMString(label));
    if (encoding === undefined) throw new RangeError(`TextDecoder: the encoding "${label}" is not supported`);
    this.#encoding = encoding;
    const init = toDictionary(options, "TextDecoder: options");
    if (init !== undefined) {
      this.#fatal = !!init.fatal;
      this.#ignoreBOM = !!init.ignoreBOM;
    }
  }
  get encoding() { return this.#encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }

  decode(input = undefined, options = undefined) {
    const fatal = this.#fatal;
    if (options === undefined && !this.#streaming && this.#encoding === "utf-8" && isPlainBytes(input)) {
      const text = utf8Decode(input, fatal);
      return !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    }
    let bytes = EMPTY;
    if (input !== undefined) {
      bytes = bytesOf(input);
      if (bytes === undefined) throw new TypeError("TextDecoder.decode: the input must be an ArrayBuffer or a view of one");
    }
    const stream = !!toDictionary(options, "TextDecoder.decode: options")?.stream;
    if (!this.#streaming) {
      this.#bomSeen = false;
      this.#kept = EMPTY;
    }
    this.#streaming = stream;
    const kept = this.#kept;
    if (kept.length > 0) bytes = concat(kept, bytes);
    this.#kept = EMPTY;
    if (stream) {
      const rest = unfinished(this.#encoding, bytes);
      if (rest > 0) {
        this.#kept = bytes.slice(bytes.length - rest);
        bytes = bytes.subarray(0, bytes.length - rest);
      }
    }
    const text = decodeBytes(this.#encoding, bytes, fatal);
    if (this.#bomSeen || text.length === 0) return text;
    this.#bomSeen = true;
    return !this.#ignoreBOM && TABLES[this.#encoding] === undefined && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
  static {
    isDecoder = (value) => isObject(value) && #kept in value;
  }
}
expose(TextDecoder);
brands.push(isDecoder);
inspectors.set(TextDecoder.prototype, (decoder, show) => show(decoder, ["encoding", "fatal", "ignoreBOM"]));

// What most programs decode: a Uint8Array with something in it.
function isPlainBytes(input) {
  return isView(input) && apply(get.arrayTag, input, []) === "Uint8Array" && apply(get.arrayBytes, input, []) > 0;
}

// ASCII white space around a label does not count, nor does its case.
function encodingOf(label) {
  const isSpace = (at) => "\t\n\f\r ".includes(label[at]);
  let start = 0;
  let end = label.length;
  while (start < end && isSpace(start)) start++;
  while (end > start && isSpace(end - 1)) end--;
  return LABELS.get(label.slice(start, end).toLowerCase());
}

function concat(first, second) {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first, 0);
  whole.set(second, first.length);
  return whole;
}

// How many bytes at the end begin a character that more bytes could complete.
function unfinished(encoding, bytes) {
  const length = bytes.length;
  if (TABLES[encoding] !== undefined || length === 0) return 0;
  if (encoding !== "utf-8") {
    const odd = length & 1;
    if (length - odd < 2) return odd;
    const high = bytes[length - odd - (encoding === "utf-16le" ? 1 : 2)];
    return odd + (high >= 0xd8 && high <= 0xdb ? 2 : 0);
  }
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 && byte <= 0xef ? 3 : byte >= 0xc2 && byte <= 0xdf ? 2 : 1;
    if (size <= back) return 0;
    return back === 1 || secondByteFits(byte, bytes[length - back + 1]) ? back : 0;
  }
  return 0;
}

// The lead bytes that narrow what may follow them: no overlong form, no surrogate, nothing above U+10FFFF.
function secondByteFits(lead, second) {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second <= 0x8f;
  return true;
}

function decodeBytes(encoding, bytes, fatal) {
  if (encoding === "utf-8") return utf8Decode(bytes, fatal);
  if (TABLES[encoding] !== undefined) return decodeSingle(bytes, TABLES[encoding], fatal);
  return decodeUtf16(bytes, encoding === "utf-16be", fatal);
}

// The bytes that a table can change: those of windows-1252 above its controls are characters of Latin-1 already.
const CHANGED = /[\x80-\xff]/;
const CHANGED_CONTROLS = /[\x80-\x9f]/;

function decodeSingle(bytes, table, fatal) {
  const text = latin1Decode(bytes, 0xff);
  if (apply(exec, table === TABLES["windows-1252"] ? CHANGED_CONTROLS : CHANGED, [text]) === null) return text;
  const length = text.length;
  const units = new Units(length);
  for (let i = 0; i < length; i++) {
    const byte = bytes[i];
    units[i] = byte < 0x80 ? byte : table[byte - 0x80];
    if (fatal && units[i] === 0xfffd) throw new TypeError("The encoded data was not valid");
  }
  return unitsToString(units);
}

function unitsToString(units) {
  const length = units.length;
  if (length <= CHUNK) return apply(fromCharCode, undefined, units);
  const parts = [];
  for (let at = 0; at < length; at += CHUNK) parts.push(apply(fromCharCode, undefined, units.subarray(at, at + CHUNK)));
  return parts.join("");
}

function decodeUtf16(bytes, bigEndian, fatal) {
  const count = bytes.length >> 1;
  const units = new Uint16Array(count);
  const low = bigEndian ? 1 : 0;
  for (let i = 0; i < count; i++) units[i] = bytes[2 * i + low] | (bytes[2 * i + 1 - low] << 8);
  let text = unitsToString(units);
  // A lead surrogate and the odd byte after it are one error, not two.
  const odd = (bytes.length & 1) === 1;
  if (odd && count > 0 && (units[count - 1] & 0xfc00) === 0xd800) text = text.slice(0, -1);
  if (fatal && (odd || !text.isWellFormed())) throw new TypeError("The encoded data was not valid");
  return odd ? `${text.toWellFormed()}\ufffd` : text.toWellFormed();
}
