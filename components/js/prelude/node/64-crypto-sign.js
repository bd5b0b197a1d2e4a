// node:crypto: signatures, encryption for the owner of a key, agreement; and the module itself.

const { nodeError, checkString, subtle } = internal;
const { Uint8Array } = globalThis;
const { REQUEST, KEY, PADDING, HASH_BYTES, NOTHING, Hasher, lengthOf, cut, view, put, pack, ask, into, must, entropy } = internal.compute;
const { agree } = internal.keyUses;
const { generate, publicOf } = internal.keyOperations;
const { toBuffer, toOutput, toBytes, anyBytes, checkFunction, later, hashOf } = internal.nodeCrypto;
const { readKey, KeyObject } = internal.nodeKeys;

const SIGNATURE_BYTES_MAX = 1024;
const constants = {
  RSA_PKCS1_PADDING: 1, RSA_NO_PADDING: 3, RSA_PKCS1_OAEP_PADDING: 4, RSA_X931_PADDING: 5, RSA_PKCS1_PSS_PADDING: 6,
  RSA_PSS_SALTLEN_DIGEST: -1, RSA_PSS_SALTLEN_MAX_SIGN: -2, RSA_PSS_SALTLEN_AUTO: -2, POINT_CONVERSION_COMPRESSED: 2,
  POINT_CONVERSION_UNCOMPRESSED: 4, POINT_CONVERSION_HYBRID: 6, defaultCoreCipherList: "", TLS1_VERSION: 769, TLS1_1_VERSION: 770,
  TLS1_2_VERSION: 771, TLS1_3_VERSION: 772,
};

// ---- r and s of ECDSA, as OpenSSL writes them ----

function toDer(raw) {
  const half = lengthOf(raw) / 2;
  return internal.keyOperations.writeIntegers([view(raw, 0, half), view(raw, half, 2 * half)]);
}

// undefined for what is none.
function fromDer(der, half) {
  const length = lengthOf(der);
  let at = der[1] === 0x81 ? 3 : 2;
  if (length < 8 || der[0] !== 0x30 || (at === 3 ? der[2] : der[1]) !== length - at) return undefined;
  const raw = new Uint8Array(2 * half);
  for (let i = 1; i <= 2; i++) {
    const size = der[at + 1];
    if (der[at] !== 2 || size === 0 || size > 127 || at + 2 + size > length) return undefined;
    let from = at + 2;
    const end = from + size;
    while (from < end - 1 && der[from] === 0) from++;
    if (end - from > half) return undefined;
    put(raw, view(der, from, end), i * half - (end - from));
    at = end;
  }
  return at === length ? raw : undefined;
}

const IS_HASHED = 2 ** 24;
const ANY_SALT = 2 ** 25;

// The argument of SIGN and VERIFY for a key and what the program says beside it.
function argumentOf({ kind, bytes }, hash, options, isHashed, verifies) {
  let argument = kind + hash * 256 + (isHashed ? IS_HASHED : 0);
  if (kind !== KEY.RSA) return argument;
  const padding = options?.padding ?? constants.RSA_PKCS1_PADDING;
  if (padding === constants.RSA_PKCS1_PADDING) return argument;
  if (padding !== constants.RSA_PKCS1_PSS_PADDING) throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `The padding ${padding} is not implemented`);
  argument += PADDING.PSS * 65536;
  const salt = options.saltLength ?? constants.RSA_PSS_SALTLEN_AUTO;
  if (salt >= 0) return argument + salt * 2 ** 32;
  if (salt === constants.RSA_PSS_SALTLEN_DIGEST) return argument + HASH_BYTES[hash] * 2 ** 32;
  if (verifies) return argument + ANY_SALT;
  const bits = rsaBits(bytes);
  return argument + (Math.ceil((bits - 1) / 8) - HASH_BYTES[hash] - 2) * 2 ** 32;
}

function rsaBits(bytes) {
  const [, n] = internal.keyOperations.readIntegers(bytes);
  let bits = lengthOf(n) * 8;
  for (let top = n[0]; top < 128; top <<= 1) bits--;
  return bits;
}

const optionsOf = (key) => (typeof key === "object" && key !== null && !ArrayBuffer.isView(key) && !(key instanceof KeyObject) ? key : undefined);
const halfBytes = (record) => [, 32, 48, 66][record.kind];
const isDer = (record, options) => halfBytes(record) !== undefined && (options?.dsaEncoding ?? "der") === "der";

function makeSignature(record, hash, bytes, options, isHashed) {
  const argument = argumentOf(record, hash, options, isHashed, false);
  const raw = into(SIGNATURE_BYTES_MAX, REQUEST.SIGN, argument, pack([], [record.bytes, entropy()], bytes), "Signing");
  return isDer(record, options) ? toDer(raw) : raw;
}

function checkSignature(record, hash, bytes, signature, options, isHashed) {
  const raw = isDer(record, options) ? fromDer(signature, halfBytes(record)) : signature;
  if (raw === undefined) return false;
  const argument = argumentOf(record, hash, options, isHashed, true);
  return must(ask(REQUEST.VERIFY, argument, pack([], [record.bytes, raw], bytes)), "Verifying") === 1;
}

function needHash(name, message) {
  const number = hashOf(name);
  if (number === undefined) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_DIGEST", message ?? "Invalid digest");
  return number;
}

function noEdwards(record) {
  if (record.kind === KEY.Ed25519) throw nodeError(Error, "ERR_CRYPTO_UNSUPPORTED_OPERATION", "Unsupported crypto operation");
}

class Sign {
  #hash;
  #hasher;
  constructor(algorithm) {
    checkString(algorithm, "algorithm");
    this.#hash = needHash(algorithm);
    this.#hasher = new Hasher(this.#hash);
  }
  update(data, inputEncoding = undefined) {
    this.#hasher.update(toBytes(data, inputEncoding));
    return this;
  }
  write(data, encoding = undefined) {
    this.update(data, encoding);
    return true;
  }
  end(data = undefined, encoding = undefined) {
    if (data !== undefined) this.update(data, encoding);
    return this;
  }
  sign(privateKey, outputEncoding = undefined) {
    const record = readKey(privateKey, "private");
    noEdwards(record);
    return toOutput(makeSignature(record, this.#hash, this.#hasher.finish(), optionsOf(privateKey), true), outputEncoding);
  }
}

class Verify {
  #hash;
  #hasher;
  constructor(algorithm) {
    checkString(algorithm, "algorithm");
    this.#hash = needHash(algorithm);
    this.#hasher = new Hasher(this.#hash);
  }
  update(data, inputEncoding = undefined) {
    this.#hasher.update(toBytes(data, inputEncoding));
    return this;
  }
  write(data, encoding = undefined) {
    this.update(data, encoding);
    return true;
  }
  end(data = undefined, encoding = undefined) {
    if (data !== undefined) this.update(data, encoding);
    return this;
  }
  verify(key, signature, signatureEncoding = undefined) {
    const record = readKey(key, "public");
    noEdwards(record);
    const bytes = anyBytes(signature, "signature", signatureEncoding);
    return checkSignature(record, this.#hash, this.#hasher.finish(), bytes, optionsOf(key), true);
  }
}

function hashFor(algorithm, record) {
  if (algorithm === null || algorithm === undefined) {
    if (record.kind === KEY.Ed25519) return 0;
    return needHash("sha256");
  }
  checkString(algorithm, "algorithm");
  return needHash(algorithm, `Invalid digest: ${algorithm}`);
}
function sign(algorithm, data, key, callback = undefined) {
  const bytes = anyBytes(data, "data");
  const work = () => {
    const record = readKey(key, "private");
    return toBuffer(makeSignature(record, hashFor(algorithm, record), bytes, optionsOf(key), false));
  };
  if (callback === undefined) return work();
  later(checkFunction(callback, "callback"), work);
}
function verify(algorithm, data, key, signature, callback = undefined) {
  const bytes = anyBytes(data, "data");
  const signed = anyBytes(signature, "signature");
  const work = () => {
    const record = readKey(key, "public");
    return checkSignature(record, hashFor(algorithm, record), bytes, signed, optionsOf(key), false);
  };
  if (callback === undefined) return work();
  later(checkFunction(callback, "callback"), work);
}

// ---- encryption for the owner of a key ----

function rsa(request, key, buffer, type) {
  const record = readKey(key, type);
  if (record.kind !== KEY.RSA) throw nodeError(Error, "ERR_CRYPTO_UNSUPPORTED_OPERATION", "Unsupported crypto operation");
  const { padding = constants.RSA_PKCS1_OAEP_PADDING, oaepHash = "sha1", oaepLabel, encoding } = optionsOf(key) ?? {};
  const isOaep = padding === constants.RSA_PKCS1_OAEP_PADDING;
  if (!isOaep && padding !== constants.RSA_PKCS1_PADDING) throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `The padding ${padding} is not implemented`);
  const bytes = anyBytes(buffer, "buffer", encoding);
  const hash = needHash(oaepHash);
  const label = oaepLabel === undefined ? NOTHING : anyBytes(oaepLabel, "key.oaepLabel");
  const out = new Uint8Array(SIGNATURE_BYTES_MAX);
  const argument = KEY.RSA + hash * 256 + (isOaep ? PADDING.OAEP : PADDING.PKCS1) * 65536;
  const length = ask(request, argument, pack([], [record.bytes, label, entropy()], bytes), out);
  if (length < 0) throw nodeError(Error, "ERR_OSSL_RSA_OAEP_DECODING_ERROR", "error:02000079:rsa routines::oaep decoding error");
  return toBuffer(cut(out, 0, length));
}
function publicEncrypt(key, buffer) {
  return rsa(REQUEST.ENCRYPT, key, buffer, "public");
}
function privateDecrypt(key, buffer) {
  return rsa(REQUEST.DECRYPT, key, buffer, "private");
}

// ---- agreement ----

function diffieHellman({ privateKey, publicKey }) {
  const own = readKey(privateKey, "private");
  const other = readKey(publicKey, "public");
  if (own.kind !== other.kind || own.kind === KEY.RSA || own.kind === KEY.Ed25519) {
    throw nodeError(Error, "ERR_CRYPTO_INCOMPATIBLE_KEY", "Incompatible key types for Diffie-Hellman");
  }
  return toBuffer(agree(own.kind, own.bytes, other.bytes));
}

const CURVE_NUMBERS = { __proto__: null, "prime256v1": 1, "secp256r1": 1, "P-256": 1, "secp384r1": 2, "P-384": 2, "secp521r1": 3, "P-521": 3 };
class ECDH {
  #kind;
  #bytes;
  constructor(curve) {
    checkString(curve, "curve");
    this.#kind = CURVE_NUMBERS[curve];
    if (this.#kind === undefined) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_CURVE", "Invalid EC curve name");
  }
  generateKeys(encoding = undefined, format = undefined) {
    this.#bytes = generate(this.#kind);
    return this.getPublicKey(encoding, format);
  }
  setPrivateKey(key, encoding = undefined) {
    const bytes = new Uint8Array(anyBytes(key, "key", encoding));
    if (publicOf(this.#kind, bytes) === undefined) throw nodeError(Error, "ERR_CRYPTO_INVALID_KEYTYPE", "Private key is not valid for specified curve.");
    this.#bytes = bytes;
    return undefined;
  }
  #need() {
    if (this.#bytes === undefined) throw nodeError(Error, "ERR_CRYPTO_ECDH_INVALID_KEY_PAIR", "Failed to get ECDH key");
    return this.#bytes;
  }
  getPrivateKey(encoding = undefined) {
    return toOutput(new Uint8Array(this.#need()), encoding);
  }
  getPublicKey(encoding = undefined, format = undefined) {
    const point = publicOf(this.#kind, this.#need());
    if (format !== "compressed") return toOutput(point, encoding);
    const half = (lengthOf(point) - 1) / 2;
    const short = cut(point, 0, 1 + half);
    short[0] = 2 + (point[2 * half] & 1);
    return toOutput(short, encoding);
  }
  computeSecret(otherPublicKey, inputEncoding = undefined, outputEncoding = undefined) {
    const own = this.#need();
    const other = publicOf(this.#kind | 256, anyBytes(otherPublicKey, "otherPublicKey", inputEncoding));
    if (other === undefined) throw nodeError(Error, "ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY", "Public key is not valid for specified curve");
    return toOutput(agree(this.#kind, own, other), outputEncoding);
  }
}

const created = {
  createSign(algorithm) { return new Sign(algorithm); },
  createVerify(algorithm) { return new Verify(algorithm); },
  createECDH(curve) { return new ECDH(curve); },
  getCurves() { return ["prime256v1", "secp384r1", "secp521r1"]; },
  getFips() { return 0; },
  randomUUID() { return globalCrypto.randomUUID(); },
  getRandomValues(array) { return globalCrypto.getRandomValues(array); },
};
const globalCrypto = globalThis.crypto;

// What there is in Node.js and not here throws by name.
const missing = {};
for (const name of [
  "checkPrime", "checkPrimeSync", "createDiffieHellman", "createDiffieHellmanGroup", "generatePrime", "generatePrimeSync", "getDiffieHellman",
  "privateEncrypt", "publicDecrypt", "setEngine", "setFips", "secureHeapUsed", "Certificate", "DiffieHellman", "DiffieHellmanGroup", "X509Certificate",
]) {
  missing[name] = { [name]: function () {
    throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `crypto.${name} is not implemented`);
  } }[name];
}

const { readKey: _, ...keys } = internal.nodeKeys;
internal.modules["node:crypto"] = {
  ...missing, ...internal.nodeHashes, ...internal.nodeCiphers, ...keys, ...created, Sign, Verify, ECDH, sign, verify, publicEncrypt, privateDecrypt,
  diffieHellman, constants, webcrypto: globalCrypto, subtle,
};
