// crypto.subtle: the methods that programs call. Start at SubtleCrypto.
// Each reads and checks its arguments in the order of the standard, works at once, and answers with a promise. Invariant: no promise of
// its own ever holds bytes of a key that the program may not see, because resolving one looks for a `then` that the program may have put
// on Object.prototype.

const { KEY, expose, illegalConstructor, need, toDOMString, toEnforcedUnsigned, isObject, brands } = internal.idl;
const { DOMException } = internal;
const { HASH, digest, toBytes, toBuffer } = internal.compute;
const { normalize, knows, toUsages, includes } = internal.algorithms;
const { needKey } = internal.keys;
const { generateKey, importKey, exportKey, toJwk, secretBits } = internal.keyOperations;
const { sign, verify, encrypt, decrypt, deriveBits, wrap, unwrap } = internal.keyUses;
const { setPrototypeOf } = Reflect;
const { parse, stringify } = JSON;
const { utf8Encode, utf8Decode } = sys;

const FORMATS = ["raw", "pkcs8", "spki", "jwk"];

function toFormat(value) {
  const format = toDOMString(value);
  if (!includes(FORMATS, format)) throw new TypeError(`"${format}" is no format of a key`);
  return format;
}

// A key that this algorithm and usage may be done with.
function check(record, algorithm, usage) {
  if (record.algorithm.name !== algorithm.name) throw new DOMException("Key algorithm mismatch", "InvalidAccessError");
  if (!includes(record.usages, usage)) throw new DOMException(`Unable to use this key to ${usage}`, "InvalidAccessError");
}

// How long a key that is derived for an algorithm is; null for those that take any length.
function bitsOf(algorithm) {
  return algorithm.name === "HKDF" || algorithm.name === "PBKDF2" ? null : secretBits(algorithm);
}

const toLength = (value) => (value === null || value === undefined ? null : toEnforcedUnsigned(value, 0xffffffff, "length"));

let isSubtle;

class SubtleCrypto {
  #brand;
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
  }
  async digest(algorithm, data) {
    this.#brand;
    need(arguments.length, 2, "digest");
    const { name } = normalize(algorithm, "digest");
    return toBuffer(digest(HASH[name], toBytes(data, "data")));
  }
  async generateKey(algorithm, extractable, keyUsages) {
    this.#brand;
    need(arguments.length, 3, "generateKey");
    const usages = toUsages(keyUsages);
    return generateKey(normalize(algorithm, "generateKey"), !!extractable, usages);
  }
  async importKey(format, keyData, algorithm, extractable, keyUsages) {
    this.#brand;
    need(arguments.length, 5, "importKey");
    const how = toFormat(format);
    const data = how === "jwk" ? toJwk(keyData) : toBytes(keyData, "keyData");
    const normal = normalize(algorithm, "importKey");
    return importKey(how, data, normal, !!extractable, toUsages(keyUsages));
  }
  async exportKey(format, key) {
    this.#brand;
    need(arguments.length, 2, "exportKey");
    const how = toFormat(format);
    return given(how, exported(how, needKey(key, "key")));
  }
  async sign(algorithm, key, data) {
    this.#brand;
    need(arguments.length, 3, "sign");
    const normal = normalize(algorithm, "sign");
    const record = needKey(key, "key");
    const bytes = toBytes(data, "data");
    check(record, normal, "sign");
    return toBuffer(sign(normal, record, bytes));
  }
  async verify(algorithm, key, signature, data) {
    this.#brand;
    need(arguments.length, 4, "verify");
    const normal = normalize(algorithm, "verify");
    const record = needKey(key, "key");
    const signed = toBytes(signature, "signature");
    const bytes = toBytes(data, "data");
    check(record, normal, "verify");
    return verify(normal, record, signed, bytes);
  }
  async encrypt(algorithm, key, data) {
    this.#brand;
    need(arguments.length, 3, "encrypt");
    const normal = normalize(algorithm, "encrypt");
    const record = needKey(key, "key");
    const bytes = toBytes(data, "data");
    check(record, normal, "encrypt");
    return toBuffer(encrypt(normal, record, bytes));
  }
  async decrypt(algorithm, key, data) {
    this.#brand;
    need(arguments.length, 3, "decrypt");
    const normal = normalize(algorithm, "decrypt");
    const record = needKey(key, "key");
    const bytes = toBytes(data, "data");
    check(record, normal, "decrypt");
    return toBuffer(decrypt(normal, record, bytes));
  }
  async deriveBits(algorithm, baseKey, length = null) {
    this.#brand;
    need(arguments.length, 2, "deriveBits");
    const normal = normalize(algorithm, "deriveBits");
    const record = needKey(baseKey, "baseKey");
    const bits = toLength(length);
    check(record, normal, "deriveBits");
    return toBuffer(deriveBits(normal, record, bits));
  }
  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    this.#brand;
    need(arguments.length, 5, "deriveKey");
    const normal = normalize(algorithm, "deriveBits");
    const record = needKey(baseKey, "baseKey");
    const wanted = normalize(derivedKeyType, "importKey");
    const sized = normalize(derivedKeyType, "getLength");
    const usages = toUsages(keyUsages);
    check(record, normal, "deriveKey");
    const bytes = deriveBits(normal, record, bitsOf(sized));
    return importKey("raw", bytes, wanted, !!extractable, usages);
  }
  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    this.#brand;
    need(arguments.length, 4, "wrapKey");
    const how = toFormat(format);
    const record = needKey(key, "key");
    const wrapping = needKey(wrappingKey, "wrappingKey");
    const isWrap = knows(wrapAlgorithm, "wrapKey");
    const normal = normalize(wrapAlgorithm, isWrap ? "wrapKey" : "encrypt");
    check(wrapping, normal, "wrapKey");
    const made = exported(how, record);
    const bytes = how === "jwk" ? utf8Encode(stringify(made)) : made;
    return toBuffer(isWrap ? wrap(wrapping, bytes) : encrypt(normal, wrapping, bytes));
  }
  async unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages) {
    this.#brand;
    need(arguments.length, 7, "unwrapKey");
    const how = toFormat(format);
    const wrapped = toBytes(wrappedKey, "wrappedKey");
    const unwrapping = needKey(unwrappingKey, "unwrappingKey");
    const isWrap = knows(unwrapAlgorithm, "unwrapKey");
    const normal = normalize(unwrapAlgorithm, isWrap ? "unwrapKey" : "decrypt");
    const wanted = normalize(unwrappedKeyAlgorithm, "importKey");
    const usages = toUsages(keyUsages);
    check(unwrapping, normal, "unwrapKey");
    const bytes = isWrap ? unwrap(unwrapping, wrapped) : decrypt(normal, unwrapping, wrapped);
    return importKey(how, how === "jwk" ? parsed(bytes) : bytes, wanted, !!extractable, usages);
  }
  static {
    isSubtle = (value) => isObject(value) && #brand in value;
  }
}
expose(SubtleCrypto);
brands.push(isSubtle);

function exported(format, record) {
  if (!record.extractable) throw new DOMException("key is not extractable", "InvalidAccessError");
  return exportKey(format, record);
}

const given = (format, made) => (format === "jwk" ? made : toBuffer(made));

// A key in JSON that the program may not see: what it put on Object.prototype is not asked.
function parsed(bytes) {
  let jwk;
  try {
    jwk = parse(utf8Decode(bytes, true));
  } catch {
    throw new DOMException("Invalid wrapped JWK key", "DataError");
  }
  if (!isObject(jwk)) throw new DOMException("Invalid wrapped JWK key", "DataError");
  setPrototypeOf(jwk, null);
  return toJwk(jwk);
}

internal.subtle = new SubtleCrypto(KEY);
