// node:string_decoder: bytes in pieces to strings, keeping what of a character has not come yet. Start at `write`.

const { TypedArrayPrototypeSet, WeakMapPrototypeGet, WeakMapPrototypeSet } = internal.primordials;
const { ObjectDefineProperty, ObjectKeys } = internal.primordials;
const { encodings, classify, invalidType, asBuffer } = internal;
const states = new WeakMap();
const REPLACEMENT = "\ufffd";

// How many bytes at the end begin a character of UTF-8 that is not whole; and how many belong to it.
function unfinished(bytes) {
  const size = bytes.length;
  for (let back = 1; back <= 3 && back <= size; back++) {
    const byte = bytes[size - back];
    if ((byte & 0xc0) === 0x80) continue;
    const needs = byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xc2 && byte < 0xe0 ? 2 : 1;
    if (needs <= back) return 0;
    // What follows the first byte must be able to: 0xE0 0x80 never becomes a character.
    const second = back > 1 ? bytes[size - back + 1] : undefined;
    if (second !== undefined) {
      if ((byte === 0xe0 && second < 0xa0) || (byte === 0xed && second > 0x9f) || (byte === 0xf0 && second < 0x90) || (byte === 0xf4 && second > 0x8f)) return 0;
    }
    return back;
  }
  return 0;
}

const keeps = {
  __proto__: null,
  utf8: unfinished,
  utf16le(bytes) {
    const odd = bytes.length % 2;
    // A first surrogate waits for its second.
    const at = bytes.length - odd - 1;
    return at > 0 && (bytes[at] & 0xfc) === 0xd8 ? odd + 2 : odd;
  },
  base64: (bytes) => bytes.length % 3,
  base64url: (bytes) => bytes.length % 3,
};

function stateOf(decoder) {
  const state = WeakMapPrototypeGet(states, decoder);
  if (state === undefined) throw internal.nodeError(TypeError, "ERR_INVALID_THIS", 'Value of "this" must be of type StringDecoder');
  return state;
}

function StringDecoder(encoding) {
  const found = encoding === undefined || encoding === null ? encodings.utf8 : encodings.find(encoding);
  if (found === undefined) throw encodings.unknown(encoding);
  this.encoding = found.name;
  WeakMapPrototypeSet(states, this, { encoding: found, kept: new Uint8Array(0) });
}

StringDecoder.prototype.write = function write(buffer) {
  if (typeof buffer === "string") return buffer;
  const bytes = typeof buffer === "object" && buffer !== null ? classify.bytesOf(buffer) : undefined;
  if (bytes === undefined) throw invalidType("buf", "an instance of Buffer, TypedArray, or DataView", buffer);
  const state = stateOf(this);
  const { kept, encoding } = state;
  let all = bytes;
  if (kept.length > 0) {
    all = new Uint8Array(kept.length + bytes.length);
    TypedArrayPrototypeSet(all, kept);
    TypedArrayPrototypeSet(all, bytes, kept.length);
  }
  const keep = keeps[encoding.name]?.(all) ?? 0;
  const end = all.length - keep;
  state.kept = copy(all, end, all.length);
  return encoding.decode(keep === 0 ? all : internal.bufferPart(all, 0, end));
};

function copy(bytes, from, to) {
  const made = new Uint8Array(to - from);
  for (let i = from; i < to; i++) made[i - from] = bytes[i];
  return made;
}

StringDecoder.prototype.end = function end(buffer) {
  const text = buffer === undefined ? "" : this.write(buffer);
  const state = stateOf(this);
  const { kept, encoding } = state;
  if (kept.length === 0) return text;
  state.kept = new Uint8Array(0);
  if (encoding === encodings.utf8) return `${text}${REPLACEMENT}`;
  return `${text}${encoding.decode(kept)}`;
};
StringDecoder.prototype.text = function text(buffer, offset) {
  WeakMapPrototypeGet(states, this).kept = new Uint8Array(0);
  return this.write(internal.bufferPart(buffer, offset, buffer.length));
};

const numbers = {
  lastChar: (state) => asBuffer(state.kept),
  lastNeed: (state) => (state.kept.length === 0 ? 0 : state.encoding === encodings.utf8 ? needed(state.kept) - state.kept.length : 1),
  lastTotal: (state) => (state.kept.length === 0 ? 0 : state.encoding === encodings.utf8 ? needed(state.kept) : state.kept.length + 1),
};
const needed = (bytes) => (bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2);
for (const name of ObjectKeys(numbers)) {
  ObjectDefineProperty(StringDecoder.prototype, name, {
    configurable: true,
    enumerable: true,
    get() {
      return numbers[name](stateOf(this));
    },
  });
}
internal.modules["node:string_decoder"] = { StringDecoder };
