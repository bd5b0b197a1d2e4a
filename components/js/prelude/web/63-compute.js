// What the host computes for a program: the requests of COMPUTE as functions. Start at `ask`.
// Invariants: every operation is one call that keeps nothing, so nothing of it is open when a context is frozen; bytes of keys are
// touched by captured functions and by index only, since a program could replace a method or a getter and see what passes.

const { apply } = internal.idl;
const { DOMException, E } = internal;
const { bytesOf, get } = internal.classify;
const { Uint8Array } = globalThis;
const charCodeAt = String.prototype.charCodeAt;
const set = Uint8Array.prototype.set;
const { min, floor } = Math;

const ROLE_COMPUTE = 19;
// The numbers of docs/abi.md.
const REQUEST = {
  __proto__: null, DIGEST: 130, DIGEST_UPDATE: 131, DIGEST_FINISH: 132, MAC: 133, DERIVE: 134, CIPHER: 135, GENERATE_KEY: 136,
  PUBLIC_KEY: 137, READ_KEY: 138, WRITE_KEY: 139, SIGN: 140, VERIFY: 141, AGREE: 142, ENCRYPT: 143, DECRYPT: 144, CODEC: 145,
  FLUSH: 146, FAULT: 147,
};
const HASH = {
  __proto__: null, "SHA-1": 1, "SHA-224": 2, "SHA-256": 3, "SHA-384": 4, "SHA-512": 5, "SHA-512/224": 6, "SHA-512/256": 7,
  "SHA3-224": 8, "SHA3-256": 9, "SHA3-384": 10, "SHA3-512": 11, "MD5": 12, "CRC-32": 13,
};
// Bytes of a digest and of a block, by the number of the hash function.
const HASH_BYTES = [0, 20, 28, 32, 48, 64, 28, 32, 28, 32, 48, 64, 16, 4];
const HASH_BLOCK = [0, 64, 64, 64, 128, 128, 128, 128, 144, 136, 104, 72, 64, 1];
const KDF = { __proto__: null, HKDF: 1, PBKDF2: 2, SCRYPT: 3 };
const CIPHER = {
  __proto__: null, CBC_ENCRYPT: 1, CBC_DECRYPT: 2, CTR: 3, ECB_ENCRYPT: 4, ECB_DECRYPT: 5, GCM_SEAL: 6, GCM_OPEN: 7, GCM_START: 8,
  GCM_ENCRYPT: 9, GCM_DECRYPT: 10, GCM_TAG: 11, KW_WRAP: 12, KW_UNWRAP: 13,
};
const KEY = { __proto__: null, "P-256": 1, "P-384": 2, "P-521": 3, Ed25519: 4, X25519: 5, RSA: 6 };
const FORMAT = { __proto__: null, SPKI: 1, PKCS8: 2, SEC1: 3 };
const PADDING = { __proto__: null, PKCS1: 0, PSS: 1, OAEP: 2 };
const KEY_BYTES_MAX = 16384;
const ENTROPY_BYTES = 32;
const GCM_STATE_BYTES = 64;

const lengthOf = (bytes) => apply(get.arrayBytes, bytes, []);
const bufferOf = (bytes) => apply(get.arrayBuffer, bytes, []);
const offsetOf = (bytes) => apply(get.arrayOffset, bytes, []);
const put = (target, source, at) => apply(set, target, [source, at]);
// A part of bytes, over the same memory.
const view = (bytes, from, to) => new Uint8Array(bufferOf(bytes), offsetOf(bytes) + from, to - from);
// A copy of a part of bytes.
const cut = (bytes, from, to) => new Uint8Array(view(bytes, from, to));
// The buffer of bytes that have one of their own.
function toBuffer(bytes) {
  const buffer = bufferOf(bytes);
  return apply(get.bufferLength, buffer, []) === lengthOf(bytes) ? buffer : bufferOf(cut(bytes, 0, lengthOf(bytes)));
}

function concat(parts) {
  let length = 0;
  for (let i = 0; i < parts.length; i++) length += lengthOf(parts[i]);
  const all = new Uint8Array(length);
  for (let i = 0, at = 0; i < parts.length; i++) {
    put(all, parts[i], at);
    at += lengthOf(parts[i]);
  }
  return all;
}

function word(bytes, at, value) {
  for (let i = 0; i < 4; i++) bytes[at + i] = (value >>> (8 * i)) & 255;
}

// Words, then parts with their lengths, then the rest, which has none.
function pack(words, parts, rest) {
  let length = words.length * 4 + (rest === undefined ? 0 : lengthOf(rest));
  for (let i = 0; i < parts.length; i++) length += 4 + lengthOf(parts[i]);
  const packed = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < words.length; i++, at += 4) word(packed, at, words[i]);
  for (let i = 0; i < parts.length; i++) {
    const size = lengthOf(parts[i]);
    word(packed, at, size);
    put(packed, parts[i], at + 4);
    at += 4 + size;
  }
  if (rest !== undefined) put(packed, rest, at);
  return packed;
}

// Asks for one operation; answers what it answers, an error as its number.
function ask(request, argument, input, output) {
  const handle = sys.handle(ROLE_COMPUTE);
  if (handle === 0) throw internal.errorOf(E.RIGHTS, "use cryptography and compression");
  return sys.ctl(handle, request, input, output, argument);
}

// The same for what is only wrong when the program is: `what` says what failed.
function must(result, what) {
  if (result >= 0) return result;
  throw new DOMException(`${what} failed`, "OperationError");
}

// As many bytes as there came, of those there was room for.
function into(room, request, argument, input, what) {
  const output = new Uint8Array(room);
  const length = must(ask(request, argument, input, output), what);
  return length === room ? output : cut(output, 0, length);
}

function random(bytes) {
  const filled = sys.random(bytes);
  if (filled === undefined || filled === lengthOf(bytes)) return bytes;
  throw internal.errorOf?.(filled, "read randomness") ?? new DOMException("There is no source of randomness", "OperationError");
}
const entropy = () => random(new Uint8Array(ENTROPY_BYTES));

const digest = (hash, bytes) => into(HASH_BYTES[hash], REQUEST.DIGEST, hash, bytes, "The digest");
const mac = (hash, key, bytes) => into(HASH_BYTES[hash], REQUEST.MAC, hash, pack([], [key], bytes), "The code");

// Whether bytes are the same, in a time that does not tell where they differ.
function same(one, other) {
  const length = lengthOf(one);
  if (length !== lengthOf(other)) return false;
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= one[i] ^ other[i];
  return difference === 0;
}

const STATE_BYTES_MAX = 208;
// Small updates are gathered until they are as many.
const GATHERED_BYTES = 16384;
const NOTHING = new Uint8Array(0);

// A hash that takes its bytes in pieces. Between two calls it is bytes: what the host gave as its state, and what waits.
class Hasher {
  #hash;
  #state = NOTHING;
  #waiting = null;
  #count = 0;

  constructor(hash) {
    this.#hash = hash;
  }

  update(bytes) {
    const length = lengthOf(bytes);
    if (this.#count + length > GATHERED_BYTES) {
      this.#send();
      if (length >= GATHERED_BYTES) return this.#absorb(bytes);
    }
    // The first pieces of a short message need no large buffer.
    if (this.#waiting === null || lengthOf(this.#waiting) < this.#count + length) {
      const larger = new Uint8Array(this.#count + length <= 512 ? 512 : GATHERED_BYTES);
      if (this.#count > 0) put(larger, view(this.#waiting, 0, this.#count), 0);
      this.#waiting = larger;
    }
    put(this.#waiting, bytes, this.#count);
    this.#count += length;
  }

  #send() {
    if (this.#count === 0) return;
    const waiting = view(this.#waiting, 0, this.#count);
    this.#count = 0;
    this.#absorb(waiting);
  }

  #absorb(bytes) {
    const length = lengthOf(bytes);
    // In pieces, because each is copied behind the state.
    for (let at = 0; at < length; at += 1 << 20) {
      const input = pack([], [this.#state], view(bytes, at, min(length, at + (1 << 20))));
      this.#state = into(STATE_BYTES_MAX, REQUEST.DIGEST_UPDATE, this.#hash, input, "The digest");
    }
  }

  finish() {
    const rest = this.#count === 0 ? NOTHING : view(this.#waiting, 0, this.#count);
    if (lengthOf(this.#state) === 0) return digest(this.#hash, rest);
    return into(HASH_BYTES[this.#hash], REQUEST.DIGEST_FINISH, this.#hash, pack([], [this.#state], rest), "The digest");
  }

  copy() {
    const copy = new Hasher(this.#hash);
    copy.#state = this.#state;
    if (this.#count > 0) {
      copy.#waiting = new Uint8Array(this.#waiting);
      copy.#count = this.#count;
    }
    return copy;
  }
}

// HMAC in pieces: two hashes, which is all that it is.
class Coder {
  #inner;
  #outer;
  constructor(hash, key) {
    const block = HASH_BLOCK[hash];
    const short = lengthOf(key) > block ? digest(hash, key) : key;
    const inside = new Uint8Array(block);
    const outside = new Uint8Array(block);
    for (let i = 0, length = lengthOf(short); i < block; i++) {
      const byte = i < length ? short[i] : 0;
      inside[i] = byte ^ 0x36;
      outside[i] = byte ^ 0x5c;
    }
    this.#inner = new Hasher(hash);
    this.#inner.update(inside);
    this.#outer = new Hasher(hash);
    this.#outer.update(outside);
  }
  update(bytes) {
    this.#inner.update(bytes);
  }
  finish() {
    this.#outer.update(this.#inner.finish());
    return this.#outer.finish();
  }
}

// ---- base64url without padding, as JWK has it ----

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Uint8Array(128);
for (let i = 0; i < 128; i++) VALUES[i] = 255;
for (let i = 0; i < 64; i++) VALUES[DIGITS.charCodeAt(i)] = i;

const nativeToBase64 = Uint8Array.prototype.toBase64;
const URL_FORM = [{ __proto__: null, alphabet: "base64url", omitPadding: true }];
const toBase64Url = (bytes) => apply(nativeToBase64, bytes, URL_FORM);

// undefined for what is none.
function fromBase64Url(text) {
  const length = text.length;
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array(floor((length * 3) / 4));
  let bits = 0;
  for (let i = 0, at = 0, held = 0; i < length; i++) {
    const code = apply(charCodeAt, text, [i]);
    const value = code < 128 ? VALUES[code] : 255;
    if (value === 255) return undefined;
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 255;
    }
  }
  return bytes;
}

// A BufferSource's bytes, copied, since the program can change them; a TypeError for anything else.
function toBytes(value, what) {
  const bytes = bytesOf(value);
  if (bytes === undefined) throw new TypeError(`${what} must be an ArrayBuffer, a typed array or a DataView`);
  return new Uint8Array(bytes);
}

internal.compute = {
  REQUEST, HASH, HASH_BYTES, HASH_BLOCK, KDF, CIPHER, KEY, FORMAT, PADDING, KEY_BYTES_MAX, GCM_STATE_BYTES, NOTHING, lengthOf, bufferOf,
  put, view, cut, concat, toBuffer, pack, ask, must, into, random, entropy, digest, mac, same, Hasher, Coder, toBase64Url, fromBase64Url,
  toBytes,
};
