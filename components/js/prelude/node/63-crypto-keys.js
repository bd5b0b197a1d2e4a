// node:crypto: KeyObject, PEM and DER, key pairs. Start at `readKey`.
// A key is {type, kind, bytes}: "secret", "public" or "private"; the name of its type for Node.js; bytes as docs/abi.md has them.

const { nodeError, invalidType, checkString } = internal;
const { Uint8Array } = globalThis;
const { REQUEST, KEY, FORMAT, KEY_BYTES_MAX, lengthOf, cut, view, ask, into, same, toBase64Url } = internal.compute;
const { generate, publicOf, CURVES, readIntegers, importKey } = internal.keyOperations;
const { needKey, isKey } = internal.keys;
const { toBuffer, anyBytes, checkInteger, checkFunction, later, toBase64, fromBase64 } = internal.nodeCrypto;
const { utf8Decode } = sys;

// The host's number of a key's type -> what Node.js calls it.
const KINDS = {
  __proto__: null, 1: { kind: "ec", curve: "prime256v1", name: "P-256" }, 2: { kind: "ec", curve: "secp384r1", name: "P-384" },
  3: { kind: "ec", curve: "secp521r1", name: "P-521" }, 4: { kind: "ed25519", name: "Ed25519" }, 5: { kind: "x25519", name: "X25519" },
  6: { kind: "rsa", name: "RSA" },
};
const CURVE_NAMES = {
  __proto__: null, "prime256v1": 1, "P-256": 1, "secp256r1": 1, "secp384r1": 2, "P-384": 2, "secp521r1": 3, "P-521": 3,
};

const unsupported = () => {
  const error = nodeError(Error, "ERR_OSSL_UNSUPPORTED", "error:1E08010C:DECODER routines::unsupported");
  error.library = "DECODER routines";
  error.reason = "unsupported";
  return error;
};

let recordOf;
let isKeyObject;
const INNER = Symbol("key");

class KeyObject {
  #record;
  constructor(type, handle, record = undefined) {
    if (handle !== INNER) throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", "KeyObject is made by createSecretKey, createPublicKey and createPrivateKey");
    this.#record = record;
  }
  static from(key) {
    if (!isKey(key)) throw invalidType("key", "an instance of CryptoKey", key);
    return ofCryptoKey(key);
  }
  get type() { return this.#record.type; }
  get asymmetricKeyType() { return this.#record.type === "secret" ? undefined : KINDS[this.#record.kind].kind; }
  get asymmetricKeyDetails() { return this.#record.type === "secret" ? undefined : details(this.#record); }
  get symmetricKeySize() { return this.#record.type === "secret" ? lengthOf(this.#record.bytes) : undefined; }
  equals(other) {
    if (!isKeyObject(other)) throw invalidType("otherKeyObject", "an instance of KeyObject", other);
    const [a, b] = [this.#record, recordOf(other)];
    return a.type === b.type && a.kind === b.kind && same(a.bytes, b.bytes);
  }
  export(options = undefined) {
    return exportKey(this.#record, options);
  }
  static {
    isKeyObject = (value) => typeof value === "object" && value !== null && #record in value;
    recordOf = (key) => key.#record;
  }
}
class SecretKeyObject extends KeyObject {}
class PublicKeyObject extends KeyObject {}
class PrivateKeyObject extends KeyObject {}
const makeKeyObject = (record) => {
  const Class = { secret: SecretKeyObject, public: PublicKeyObject, private: PrivateKeyObject }[record.type];
  return new Class(record.type, INNER, record);
};

function details({ type, kind, bytes }) {
  if (kind === KEY.RSA) {
    const numbers = readIntegers(type === "private" ? publicOf(kind, bytes) : bytes);
    let modulusLength = lengthOf(numbers[0]) * 8;
    for (let top = numbers[0][0]; top < 128; top <<= 1) modulusLength--;
    let publicExponent = 0n;
    for (let i = 0; i < lengthOf(numbers[1]); i++) publicExponent = publicExponent * 256n + BigInt(numbers[1][i]);
    return { modulusLength, publicExponent };
  }
  const { curve } = KINDS[kind];
  return curve === undefined ? {} : { namedCurve: curve };
}

function ofCryptoKey(key) {
  const { type, algorithm, bytes } = needKey(key, "key");
  if (type === "secret") return makeKeyObject({ type, kind: 0, bytes });
  return makeKeyObject({ type, kind: internal.keyOperations.typeOf(algorithm), bytes });
}

// ---- PEM ----

const LABELS = {
  __proto__: null, "PUBLIC KEY": ["SPKI", "public"], "PRIVATE KEY": ["PKCS8", "private"], "EC PRIVATE KEY": ["SEC1", "private"],
  "RSA PRIVATE KEY": ["PKCS1", "private"], "RSA PUBLIC KEY": ["PKCS1", "public"],
};
const BOUNDARY = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/;

function unarmor(text) {
  const found = BOUNDARY.exec(text);
  if (found === null) throw unsupported();
  const label = found[1];
  if (label === "ENCRYPTED PRIVATE KEY" || found[2].includes("Proc-Type")) {
    throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "Encrypted private keys are not implemented");
  }
  if (LABELS[label] === undefined) throw unsupported();
  const { 0: format, 1: type } = LABELS[label];
  return { format, type, der: fromBase64(found[2]) };
}

function armor(label, der) {
  const digits = toBase64(der);
  let text = `-----BEGIN ${label}-----\n`;
  for (let i = 0; i < digits.length; i += 64) text += `${digits.slice(i, i + 64)}\n`;
  return `${text}-----END ${label}-----\n`;
}

// Takes a key out of DER.
function ofDer(format, type, der) {
  if (format === "PKCS1") {
    const checked = type === "private" ? publicOf(KEY.RSA, der) : publicOf(KEY.RSA | 256, der);
    if (checked === undefined) throw unsupported();
    return { type, kind: KEY.RSA, bytes: new Uint8Array(der) };
  }
  const room = new Uint8Array(KEY_BYTES_MAX + 8);
  const length = ask(REQUEST.READ_KEY, FORMAT[format], der, room);
  if (length < 0) throw unsupported();
  return { type: room[4] === 1 ? "private" : "public", kind: room[0], bytes: cut(room, 8, length) };
}

// A key as programs pass it: an object, PEM, or {key, format, type}; `wanted` is its type.
function readKey(given, wanted) {
  if (isKeyObject(given) || isKey(given)) return halfOf(isKey(given) ? recordOf(ofCryptoKey(given)) : recordOf(given), wanted);
  const isPlain = typeof given === "object" && given !== null && !ArrayBuffer.isView(given) && !(given instanceof ArrayBuffer);
  const options = isPlain ? given : { key: given };
  const { key, format = "pem", type, passphrase, encoding } = options;
  if (isKeyObject(key) || isKey(key)) return readKey(key, wanted);
  if (format === "jwk") return halfOf(ofJwk(key, wanted), wanted);
  const bytes = anyBytes(key, isPlain ? "key.key" : "key", encoding, KEYS);
  if (passphrase !== undefined && passphrase !== null && format === "der") throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "Encrypted private keys are not implemented");
  if (format === "der") {
    const name = { __proto__: null, spki: "SPKI", pkcs8: "PKCS8", sec1: "SEC1", pkcs1: "PKCS1" }[type];
    if (name === undefined) throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The property 'key.type' is invalid. Received ${internal.inspect(type)}`);
    return halfOf(ofDer(name, name === "SPKI" ? "public" : name === "PKCS1" ? wanted : "private", bytes), wanted);
  }
  const found = unarmor(utf8Decode(bytes, false));
  return halfOf(ofDer(found.format, found.type, found.der), wanted);
}
const KEYS = "of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey";

// A private key serves where a public one is wanted.
function halfOf(record, wanted) {
  if (record.type === wanted) return record;
  if (wanted === "public" && record.type === "private") return { type: "public", kind: record.kind, bytes: publicOf(record.kind, record.bytes) };
  throw nodeError(TypeError, "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", `Invalid key object type ${record.type}, expected ${wanted}.`);
}

function ofJwk(jwk, wanted) {
  const { kty, crv, d } = jwk;
  const name = kty === "RSA" ? "RSASSA-PKCS1-v1_5" : kty === "EC" ? "ECDSA" : crv;
  const algorithm = { __proto__: null, name, hash: "SHA-256", namedCurve: kty === "EC" ? crv : undefined };
  const isPrivate = d !== undefined;
  try {
    const read = internal.keyOperations.toJwk({ ...jwk, key_ops: undefined, use: undefined, ext: undefined, alg: undefined });
    const usages = name === "X25519" ? (isPrivate ? ["deriveBits"] : []) : [isPrivate ? "sign" : "verify"];
    return recordOf(ofCryptoKey(importKey("jwk", read, algorithm, true, usages)));
  } catch {
    throw nodeError(Error, "ERR_CRYPTO_INVALID_JWK", `Invalid JWK ${wanted} key`);
  }
}

function exportKey({ type, kind, bytes }, options) {
  const { format, type: form } = options ?? {};
  if (type === "secret") {
    if (format === "jwk") return { kty: "oct", k: toBase64Url(bytes) };
    return toBuffer(new Uint8Array(bytes));
  }
  if (format === "jwk") return jwkOf(type, kind, bytes);
  if (options?.cipher !== undefined) throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "Encrypted private keys are not implemented");
  const { label, der } = encode(type, kind, bytes, form);
  if (format === "der") return toBuffer(der);
  if (format === "pem") return armor(label, der);
  throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The property 'options.format' is invalid. Received ${internal.inspect(format)}`);
}

function encode(type, kind, bytes, form) {
  const isRsa = kind === KEY.RSA;
  if (form === "pkcs1" && isRsa) return { label: type === "public" ? "RSA PUBLIC KEY" : "RSA PRIVATE KEY", der: new Uint8Array(bytes) };
  const format = { __proto__: null, spki: "SPKI", pkcs8: "PKCS8", sec1: "SEC1" }[form];
  if (format === undefined || (format === "SPKI") !== (type === "public") || (format === "SEC1" && KINDS[kind].curve === undefined)) {
    throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The property 'options.type' is invalid. Received ${internal.inspect(form)}`);
  }
  const der = into(KEY_BYTES_MAX, REQUEST.WRITE_KEY, FORMAT[format] | (kind << 8), bytes, "The export");
  return { label: { SPKI: "PUBLIC KEY", PKCS8: "PRIVATE KEY", SEC1: "EC PRIVATE KEY" }[format], der };
}

const RSA_MEMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
function jwkOf(type, kind, bytes) {
  const isPrivate = type === "private";
  if (kind === KEY.RSA) {
    const numbers = readIntegers(bytes);
    const jwk = { kty: "RSA" };
    for (let i = 0; i < (isPrivate ? 8 : 2); i++) jwk[RSA_MEMBERS[i]] = toBase64Url(numbers[i + (isPrivate ? 1 : 0)]);
    return jwk;
  }
  const { curve, name } = KINDS[kind];
  const point = isPrivate ? publicOf(kind, bytes) : bytes;
  const jwk = {};
  jwk.crv = name;
  if (isPrivate) jwk.d = toBase64Url(bytes);
  jwk.kty = curve === undefined ? "OKP" : "EC";
  const size = CURVES[name];
  jwk.x = toBase64Url(size === undefined ? point : view(point, 1, 1 + size));
  if (size !== undefined) jwk.y = toBase64Url(view(point, 1 + size, 1 + 2 * size));
  return jwk;
}

// ---- what programs call ----

function createSecretKey(key, encoding = undefined) {
  return makeKeyObject({ type: "secret", kind: 0, bytes: new Uint8Array(anyBytes(key, "key", encoding, KEYS)) });
}
function createPublicKey(key) {
  return makeKeyObject(readKey(key, "public"));
}
function createPrivateKey(key) {
  return makeKeyObject(readKey(key, "private"));
}

function pairOf(type, options) {
  checkString(type, "type");
  if (type === "rsa" || type === "rsa-pss") {
    const { modulusLength, publicExponent = 0x10001 } = options ?? {};
    checkInteger(modulusLength, "options.modulusLength", 0, 2 ** 32 - 1);
    checkInteger(publicExponent, "options.publicExponent", 0, 2 ** 32 - 1);
    if (type === "rsa-pss") throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "Keys of type rsa-pss are not implemented");
    return { kind: KEY.RSA, bytes: generate(KEY.RSA, modulusLength, publicExponent) };
  }
  const kind = type === "ec" ? CURVE_NAMES[options?.namedCurve] : { __proto__: null, ed25519: 4, x25519: 5 }[type];
  if (type === "ec" && kind === undefined) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_CURVE", "Invalid EC curve name");
  if (kind === undefined) throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The argument 'type' must be a supported key type. Received '${type}'`);
  return { kind, bytes: generate(kind) };
}

function generateKeyPairSync(type, options = undefined) {
  const { kind, bytes } = pairOf(type, options);
  const shown = (record, encoding) => (encoding === undefined ? makeKeyObject(record) : exportKey(record, encoding));
  return {
    publicKey: shown({ type: "public", kind, bytes: publicOf(kind, bytes) }, options?.publicKeyEncoding),
    privateKey: shown({ type: "private", kind, bytes }, options?.privateKeyEncoding),
  };
}
function generateKeyPair(type, options, callback) {
  if (typeof options === "function") [options, callback] = [undefined, options];
  checkFunction(callback, "callback");
  later((error, pair) => (error ? callback(error) : callback(null, pair.publicKey, pair.privateKey)), () => generateKeyPairSync(type, options));
}
function generateKeySync(type, options) {
  const { length } = options ?? {};
  checkInteger(length, "options.length", 8, 2 ** 31 - 1);
  if (type !== "hmac" && type !== "aes") throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The argument 'type' must be a supported key type. Received '${type}'`);
  return makeKeyObject({ type: "secret", kind: 0, bytes: internal.compute.random(new Uint8Array(length >> 3)) });
}
function generateKey(type, options, callback) {
  later(checkFunction(callback, "callback"), () => generateKeySync(type, options));
}

internal.secretOf = (value) => {
  if (isKeyObject(value) || isKey(value)) {
    const record = isKey(value) ? recordOf(ofCryptoKey(value)) : recordOf(value);
    if (record.type !== "secret") throw nodeError(TypeError, "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", `Invalid key object type ${record.type}, expected secret.`);
    return record.bytes;
  }
  return undefined;
};
internal.nodeKeys = {
  KeyObject, createSecretKey, createPublicKey, createPrivateKey, generateKeyPairSync, generateKeyPair, generateKeySync, generateKey, readKey,
};
