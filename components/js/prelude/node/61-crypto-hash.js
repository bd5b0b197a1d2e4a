// node:crypto: hashes and HMAC, randomness, keys derived from passwords.

const { nodeError, invalidType, checkString } = internal;
const { Uint8Array } = globalThis;
const { Hasher, Coder, KDF, NOTHING, digest, random, same, lengthOf, ask, pack, REQUEST } = internal.compute;
const { derive } = internal.keyUses;
const { bytesOf, isBuffer } = internal.classify;
const {
  toBuffer, toOutput, toBytes, anyBytes, outOfRange, checkInteger, checkFunction, later, HASHES, hashOf, asStream,
} = internal.nodeCrypto;
const { isView } = ArrayBuffer;
const INT32_MAX = 2147483647;

const finalized = () => nodeError(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
const invalidDigest = (name) => nodeError(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}`);

function streamOf(object, Transform) {
  return new Transform({
    transform(chunk, encoding, callback) {
      try {
        object.update(chunk, encoding);
        callback();
      } catch (error) {
        callback(error);
      }
    },
    flush(callback) {
      this.push(object.digest());
      callback();
    },
  });
}

class Hash {
  #hasher;
  constructor(algorithm, options = undefined, hasher = undefined) {
    if (hasher !== undefined) {
      this.#hasher = hasher;
      return;
    }
    checkString(algorithm, "algorithm");
    const number = hashOf(algorithm);
    if (number === undefined) throw new Error("Digest method not supported");
    this.#hasher = new Hasher(number);
  }
  update(data, inputEncoding = undefined) {
    if (this.#hasher === null) throw finalized();
    this.#hasher.update(toBytes(data, inputEncoding));
    return this;
  }
  digest(outputEncoding = undefined) {
    if (this.#hasher === null) throw finalized();
    const hasher = this.#hasher;
    this.#hasher = null;
    return toOutput(hasher.finish(), outputEncoding);
  }
  copy(options = undefined) {
    if (this.#hasher === null) throw finalized();
    return new Hash(undefined, options, this.#hasher.copy());
  }
}
asStream(Hash, streamOf);

class Hmac {
  #coder;
  constructor(algorithm, key) {
    checkString(algorithm, "hmac");
    const bytes = secretBytes(key, "key");
    const number = hashOf(algorithm);
    if (number === undefined) throw invalidDigest(algorithm);
    this.#coder = new Coder(number, bytes);
  }
  update(data, inputEncoding = undefined) {
    if (this.#coder === null) throw finalized();
    this.#coder.update(toBytes(data, inputEncoding));
    return this;
  }
  digest(outputEncoding = undefined) {
    const coder = this.#coder;
    this.#coder = null;
    return toOutput(coder === null ? NOTHING : coder.finish(), outputEncoding);
  }
}
asStream(Hmac, streamOf);

// The bytes of a secret: a KeyObject or CryptoKey too.
function secretBytes(key, name) {
  const secret = internal.secretOf?.(key);
  if (secret !== undefined) return secret;
  return anyBytes(key, name, "utf8", "of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey");
}

function createHash(algorithm, options = undefined) {
  return new Hash(algorithm, options);
}
function createHmac(hmac, key, options = undefined) {
  return new Hmac(hmac, key, options);
}
function hash(algorithm, input, outputEncoding = "hex") {
  checkString(algorithm, "algorithm");
  const number = hashOf(algorithm);
  if (number === undefined) throw new Error("Digest method not supported");
  return toOutput(digest(number, toBytes(input, "utf8", "input")), outputEncoding);
}
const getHashes = () => {
  const names = [];
  for (const name in HASHES) names[names.length] = name;
  return names;
};

// ---- randomness ----

function randomBytes(size, callback = undefined) {
  checkInteger(size, "size", 0, INT32_MAX);
  if (callback === undefined) return toBuffer(random(new Uint8Array(size)));
  checkFunction(callback, "callback");
  later(callback, () => toBuffer(random(new Uint8Array(size))));
}

// The part of a buffer that is to be filled; offset and size count elements.
function partOf(buffer, offset = 0, size = undefined) {
  const isArrayBuffer = isBuffer(buffer);
  if (!isView(buffer) && !isArrayBuffer) throw invalidType("buf", "an instance of ArrayBuffer, Buffer, TypedArray, or DataView", buffer);
  const bytes = bytesOf(buffer);
  const element = isArrayBuffer ? 1 : (buffer.BYTES_PER_ELEMENT ?? 1);
  const length = lengthOf(bytes);
  const from = checkInteger(offset, "offset", 0, length / element) * element;
  const count = size === undefined ? length - from : checkInteger(size, "size", 0, (length - from) / element) * element;
  return internal.compute.view(bytes, from, from + count);
}
function randomFillSync(buffer, offset = 0, size = undefined) {
  const part = partOf(buffer, offset, size);
  if (lengthOf(part) > 0) random(part);
  return buffer;
}
function randomFill(buffer, offset, size, callback) {
  if (typeof offset === "function") [offset, size, callback] = [0, undefined, offset];
  else if (typeof size === "function") [size, callback] = [undefined, size];
  checkFunction(callback, "callback");
  const part = partOf(buffer, offset, size);
  later(callback, () => {
    if (lengthOf(part) > 0) random(part);
    return buffer;
  });
}

function randomInt(min, max = undefined, callback = undefined) {
  if (max === undefined || typeof max === "function") [min, max, callback] = [0, min, max];
  const safe = (value, name) => {
    if (!Number.isSafeInteger(value)) throw invalidType(name, "a safe integer", value);
  };
  safe(min, "min");
  safe(max, "max");
  if (max <= min) throw outOfRange("max", `greater than the value of "min" (${min})`, max);
  const range = max - min;
  if (!(range <= 2 ** 48 - 1)) throw outOfRange(min === 0 ? "max" : "max - min", "<= 281474976710655", range);
  const draw = () => {
    // Values above the last multiple of the range would make some numbers likelier than others.
    const bound = 2 ** 48 - (2 ** 48 % range);
    for (;;) {
      const bytes = random(new Uint8Array(6));
      let value = 0;
      for (let i = 0; i < 6; i++) value = value * 256 + bytes[i];
      if (value < bound) return min + (value % range);
    }
  };
  if (callback === undefined) return draw();
  checkFunction(callback, "callback");
  later(callback, draw);
}

function timingSafeEqual(buf1, buf2) {
  const check = (value, name) => {
    const bytes = bytesOf(value);
    if (bytes !== undefined) return bytes;
    throw nodeError(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.`);
  };
  const one = check(buf1, "buf1");
  const other = check(buf2, "buf2");
  if (lengthOf(one) !== lengthOf(other)) {
    throw nodeError(RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
  }
  return same(one, other);
}

// ---- derivation ----

function pbkdf2Check(password, salt, iterations, keylen, name) {
  checkString(name, "digest");
  const secret = anyBytes(password, "password");
  const salted = anyBytes(salt, "salt");
  checkInteger(iterations, "iterations", 1, INT32_MAX);
  checkInteger(keylen, "keylen", 0, INT32_MAX);
  const number = hashOf(name);
  if (number === undefined) throw invalidDigest(name);
  return () => toBuffer(derive(KDF.PBKDF2, number, [iterations, 0, 0], secret, salted, NOTHING, keylen));
}
function pbkdf2Sync(password, salt, iterations, keylen, digest) {
  return pbkdf2Check(password, salt, iterations, keylen, digest)();
}
function pbkdf2(password, salt, iterations, keylen, digest, callback) {
  if (typeof digest === "function") [digest, callback] = [undefined, digest];
  const work = pbkdf2Check(password, salt, iterations, keylen, digest);
  later(checkFunction(callback, "callback"), work);
}

const scryptError = (why = "") => nodeError(RangeError, "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", `Invalid scrypt params${why}`);
function scryptCheck(password, salt, keylen, options) {
  const secret = anyBytes(password, "password");
  const salted = anyBytes(salt, "salt");
  checkInteger(keylen, "keylen", 0, INT32_MAX);
  const option = (name, other, value) => {
    const given = options?.[name] ?? (other === undefined ? undefined : options?.[other]);
    return given === undefined ? value : checkInteger(given, name, 0, 2 ** 32 - 1);
  };
  const n = option("N", "cost", 16384);
  const r = option("r", "blockSize", 8);
  const p = option("p", "parallelization", 1);
  const maxmem = options?.maxmem === undefined ? 32 << 20 : checkInteger(options.maxmem, "maxmem", 0);
  if (n < 2 || (n & (n - 1)) !== 0 || r === 0 || p === 0 || r * p > 2 ** 30 - 1) throw scryptError();
  if (128 * r * (n + p + 2) > maxmem) throw scryptError(": error:030000AC:digital envelope routines::memory limit exceeded");
  return () => {
    const out = new Uint8Array(keylen);
    const done = ask(REQUEST.DERIVE, KDF.SCRYPT, pack([n, r, p], [secret, salted], NOTHING), out);
    if (done < 0) throw scryptError(done === internal.E.LIMIT ? ": memory limit exceeded" : "");
    return toBuffer(out);
  };
}
function scryptSync(password, salt, keylen, options = undefined) {
  return scryptCheck(password, salt, keylen, options)();
}
function scrypt(password, salt, keylen, options, callback) {
  if (callback === undefined) [options, callback] = [undefined, options];
  const work = scryptCheck(password, salt, keylen, options);
  later(checkFunction(callback, "callback"), work);
}

function hkdfCheck(name, key, salt, info, length) {
  checkString(name, "digest");
  const secret = secretBytes(key, "ikm");
  const salted = anyBytes(salt, "salt");
  const about = anyBytes(info, "info");
  checkInteger(length, "length", 0, INT32_MAX);
  if (lengthOf(about) > 1024) throw outOfRange("info", "must not contain more than 1024 bytes", lengthOf(about));
  const number = hashOf(name);
  if (number === undefined) throw invalidDigest(name);
  if (length > 255 * internal.compute.HASH_BYTES[number]) throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
  return () => internal.compute.toBuffer(derive(KDF.HKDF, number, [0, 0, 0], secret, salted, about, length));
}
function hkdfSync(digest, ikm, salt, info, keylen) {
  return hkdfCheck(digest, ikm, salt, info, keylen)();
}
function hkdf(digest, ikm, salt, info, keylen, callback) {
  const work = hkdfCheck(digest, ikm, salt, info, keylen);
  later(checkFunction(callback, "callback"), work);
}

internal.nodeHashes = {
  Hash, Hmac, createHash, createHmac, hash, getHashes, randomBytes, randomFillSync, randomFill, randomInt, timingSafeEqual, pbkdf2,
  pbkdf2Sync, scrypt, scryptSync, hkdf, hkdfSync,
};
internal.secretBytes = secretBytes;
internal.invalidDigest = invalidDigest;
