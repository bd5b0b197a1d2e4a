// node:crypto: ciphers, in pieces. What a cipher is at between two pieces lies here: a chaining block, a counter, or the state of GCM.

const { nodeError, checkString } = internal;
const { Uint8Array } = globalThis;
const { GCM_STATE_BYTES, NOTHING, lengthOf, view, cut, put, concat } = internal.compute;
const { cipher } = internal.keyUses;
const { toOutput, toBuffer, toBytes, anyBytes, encodingOf, asStream } = internal.nodeCrypto;
const { secretBytes } = internal;
const lower = String.prototype.toLowerCase;
const { apply } = Reflect;

const BLOCK = 16;
// Name -> [bytes of the key, mode, bytes of the IV].
const CIPHERS = { __proto__: null };
for (const bits of [128, 192, 256]) {
  for (const [mode, iv] of [["cbc", BLOCK], ["ctr", BLOCK], ["ecb", 0], ["gcm", 12]]) {
    CIPHERS[`aes-${bits}-${mode}`] = { keyBytes: bits / 8, mode, ivBytes: iv };
  }
  CIPHERS[`aes${bits}`] = CIPHERS[`aes-${bits}-cbc`];
  CIPHERS[`id-aes${bits}-gcm`] = CIPHERS[`aes-${bits}-gcm`];
}
const find = (name) => CIPHERS[apply(lower, name, [])];

const ossl = (code, number, reason) => {
  const error = nodeError(Error, code, `error:${number}:Provider routines::${reason}`);
  error.library = "Provider routines";
  error.reason = reason;
  return error;
};
const badLength = () => ossl("ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH", "1C80006B", "wrong final block length");
const badDecrypt = () => ossl("ERR_OSSL_BAD_DECRYPT", "1C800064", "bad decrypt");
const unauthentic = () => new Error("Unsupported state or unable to authenticate data");
const wrongState = (doing) => nodeError(Error, "ERR_CRYPTO_INVALID_STATE", doing === undefined ? "Invalid state" : `Invalid state for operation ${doing}`);

// Both directions of every cipher.
class Machine {
  #mode;
  #encrypts;
  #key;
  // The last block of CBC, the next counter block of CTR, the state of GCM.
  #state;
  #iv;
  // What is no whole block yet.
  #rest = NOTHING;
  #padding = true;
  #associated = NOTHING;
  #tag;
  #tagBytes;
  #isDone = false;
  // Bytes of the key stream of CTR that were used of its block.
  #offset = 0;

  constructor(name, key, iv, options, encrypts) {
    checkString(name, "cipher");
    const found = find(name);
    const secret = secretBytes(key, "key");
    const start = iv === null ? NOTHING : anyBytes(iv, "iv");
    if (found === undefined) throw nodeError(Error, "ERR_CRYPTO_UNKNOWN_CIPHER", "Unknown cipher");
    const { keyBytes, mode, ivBytes } = found;
    const isGcm = mode === "gcm";
    if (isGcm ? lengthOf(start) === 0 : lengthOf(start) !== ivBytes) {
      throw nodeError(TypeError, "ERR_CRYPTO_INVALID_IV", "Invalid initialization vector");
    }
    if (lengthOf(secret) !== keyBytes) throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
    this.#mode = mode;
    this.#encrypts = encrypts;
    this.#key = new Uint8Array(secret);
    this.#iv = new Uint8Array(start);
    this.#state = isGcm ? undefined : this.#iv;
    const tag = options?.authTagLength;
    if (isGcm && tag !== undefined) this.#tagBytes = checkTag(tag);
  }

  setAutoPadding(padding) {
    this.#padding = !!padding;
  }

  // What is authenticated and not encrypted comes before everything else.
  setAAD(bytes) {
    if (this.#mode !== "gcm" || this.#state !== undefined || this.#isDone) throw wrongState("setAAD");
    this.#associated = concat([this.#associated, bytes]);
  }

  getAuthTag() {
    if (this.#mode !== "gcm" || !this.#encrypts || !this.#isDone) throw wrongState("getAuthTag");
    return cut(this.#tag, 0, this.#tagBytes ?? BLOCK);
  }

  setAuthTag(bytes) {
    const length = lengthOf(bytes);
    if (this.#mode !== "gcm" || this.#encrypts || this.#tag !== undefined || this.#isDone) throw wrongState("setAuthTag");
    checkTag(length);
    if (this.#tagBytes !== undefined && this.#tagBytes !== length) throw invalidTag(length);
    this.#tag = new Uint8Array(bytes);
  }

  update(bytes) {
    if (this.#isDone) throw new Error("Trying to add data in unsupported state");
    if (this.#mode === "gcm") return this.#gcm(bytes);
    if (this.#mode === "ctr") return this.#ctr(bytes);
    const all = lengthOf(this.#rest) === 0 ? bytes : concat([this.#rest, bytes]);
    const length = lengthOf(all);
    let whole = length - (length % BLOCK);
    // The last block may be padding, which only the end tells.
    if (!this.#encrypts && this.#padding && whole === length && whole > 0) whole -= BLOCK;
    this.#rest = cut(all, whole, length);
    return this.#blocks(view(all, 0, whole));
  }

  #blocks(bytes) {
    const length = lengthOf(bytes);
    if (length === 0) return NOTHING;
    const operation = `${this.#mode === "cbc" ? "CBC" : "ECB"}_${this.#encrypts ? "ENCRYPT" : "DECRYPT"}`;
    const done = cipher(operation, this.#mode === "cbc" ? [this.#key, this.#state] : [this.#key], bytes, length);
    if (this.#mode === "cbc") this.#state = cut(this.#encrypts ? done : bytes, length - BLOCK, length);
    return done;
  }

  #ctr(bytes) {
    const length = lengthOf(bytes);
    if (length === 0) return NOTHING;
    // The used part of a block is encrypted once more, with nothing in it.
    const padded = this.#offset === 0 ? bytes : concat([new Uint8Array(this.#offset), bytes]);
    const done = cipher("CTR", [this.#key, this.#state], padded, lengthOf(padded), 128);
    const used = this.#offset + length;
    this.#state = counted(this.#state, Math.floor(used / BLOCK));
    const out = this.#offset === 0 ? done : cut(done, this.#offset, used);
    this.#offset = used % BLOCK;
    return out;
  }

  #start() {
    this.#state ??= cipher("GCM_START", [this.#key, this.#iv], this.#associated, GCM_STATE_BYTES);
  }

  #gcm(bytes) {
    this.#start();
    const length = lengthOf(bytes);
    if (length === 0) return NOTHING;
    const done = cipher(this.#encrypts ? "GCM_ENCRYPT" : "GCM_DECRYPT", [this.#key, this.#state], bytes, length + GCM_STATE_BYTES);
    this.#state = cut(done, length, length + GCM_STATE_BYTES);
    return cut(done, 0, length);
  }

  final() {
    if (this.#isDone) throw wrongState();
    if (this.#mode === "gcm") {
      this.#start();
      const tag = cipher("GCM_TAG", [this.#key, this.#state], NOTHING, BLOCK);
      this.#isDone = true;
      if (this.#encrypts) this.#tag = tag;
      else if (this.#tag === undefined || !internal.compute.same(cut(tag, 0, lengthOf(this.#tag)), this.#tag)) throw unauthentic();
      return NOTHING;
    }
    this.#isDone = true;
    const length = lengthOf(this.#rest);
    if (this.#mode === "ctr") return NOTHING;
    if (!this.#padding) {
      if (length !== 0) throw badLength();
      return NOTHING;
    }
    if (this.#encrypts) {
      const block = new Uint8Array(BLOCK);
      put(block, this.#rest, 0);
      for (let i = length; i < BLOCK; i++) block[i] = BLOCK - length;
      return this.#blocks(block);
    }
    if (length !== BLOCK) throw badLength();
    const block = this.#blocks(this.#rest);
    const fill = block[BLOCK - 1];
    if (fill === 0 || fill > BLOCK) throw badDecrypt();
    for (let i = 1; i <= fill; i++) if (block[BLOCK - i] !== fill) throw badDecrypt();
    return cut(block, 0, BLOCK - fill);
  }
}

const invalidTag = (length) => nodeError(TypeError, "ERR_CRYPTO_INVALID_AUTH_TAG", `Invalid authentication tag length: ${length}`);
function checkTag(length) {
  if (length !== 4 && length !== 8 && !(length >= 12 && length <= 16 && length % 1 === 0)) throw invalidTag(length);
  return length;
}

// A counter block so many blocks further on.
function counted(block, blocks) {
  const next = new Uint8Array(block);
  for (let i = BLOCK - 1, carry = blocks; i >= 0 && carry > 0; i--) {
    carry += next[i];
    next[i] = carry % 256;
    carry = Math.floor(carry / 256);
  }
  return next;
}

class Cipheriv {
  #machine;
  constructor(cipher, key, iv, options = undefined) {
    this.#machine = new Machine(cipher, key, iv, options, true);
  }
  update(data, inputEncoding = undefined, outputEncoding = undefined) {
    return toOutput(this.#machine.update(toBytes(data, inputEncoding)), outputEncoding);
  }
  final(outputEncoding = undefined) {
    return toOutput(this.#machine.final(), outputEncoding);
  }
  getAuthTag() {
    return toBuffer(this.#machine.getAuthTag());
  }
  setAAD(buffer, options = undefined) {
    this.#machine.setAAD(anyBytes(buffer, "buffer", encodingOf(options?.encoding)));
    return this;
  }
  setAutoPadding(autoPadding = true) {
    this.#machine.setAutoPadding(autoPadding);
    return this;
  }
}

class Decipheriv {
  #machine;
  constructor(cipher, key, iv, options = undefined) {
    this.#machine = new Machine(cipher, key, iv, options, false);
  }
  update(data, inputEncoding = undefined, outputEncoding = undefined) {
    return toOutput(this.#machine.update(toBytes(data, inputEncoding)), outputEncoding);
  }
  final(outputEncoding = undefined) {
    return toOutput(this.#machine.final(), outputEncoding);
  }
  setAuthTag(buffer, encoding = undefined) {
    this.#machine.setAuthTag(anyBytes(buffer, "buffer", encoding));
    return this;
  }
  setAAD(buffer, options = undefined) {
    this.#machine.setAAD(anyBytes(buffer, "buffer", encodingOf(options?.encoding)));
    return this;
  }
  setAutoPadding(autoPadding = true) {
    this.#machine.setAutoPadding(autoPadding);
    return this;
  }
}

const streamOf = (object, Transform) => new Transform({
  transform(chunk, encoding, callback) {
    try {
      callback(null, object.update(chunk, encoding));
    } catch (error) {
      callback(error);
    }
  },
  flush(callback) {
    try {
      callback(null, object.final());
    } catch (error) {
      callback(error);
    }
  },
});
asStream(Cipheriv, streamOf);
asStream(Decipheriv, streamOf);

function createCipheriv(cipher, key, iv, options = undefined) {
  return new Cipheriv(cipher, key, iv, options);
}
function createDecipheriv(cipher, key, iv, options = undefined) {
  return new Decipheriv(cipher, key, iv, options);
}
function getCiphers() {
  const names = [];
  for (const name in CIPHERS) names[names.length] = name;
  return names.sort();
}
function getCipherInfo(nameOrNid, options = undefined) {
  const found = typeof nameOrNid === "string" ? find(nameOrNid) : undefined;
  if (found === undefined) return undefined;
  const { keyBytes, mode, ivBytes } = found;
  if (options?.keyLength !== undefined && options.keyLength !== keyBytes) return undefined;
  if (options?.ivLength !== undefined && options.ivLength !== ivBytes && !(mode === "gcm" && options.ivLength > 0)) return undefined;
  const info = { mode, name: mode === "gcm" ? `id-aes${keyBytes * 8}-GCM` : `aes-${keyBytes * 8}-${mode}` };
  if (mode !== "ctr" && mode !== "gcm") info.blockSize = BLOCK;
  if (ivBytes > 0) info.ivLength = mode === "gcm" ? (options?.ivLength ?? ivBytes) : ivBytes;
  info.keyLength = keyBytes;
  return info;
}

internal.nodeCiphers = { Cipheriv, Decipheriv, createCipheriv, createDecipheriv, getCiphers, getCipherInfo };
