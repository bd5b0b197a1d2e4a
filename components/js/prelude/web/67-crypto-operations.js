// What crypto.subtle does with keys: signs, encrypts, derives. Start at `sign`; each takes an algorithm that was read and a key's record.

const { DOMException } = internal;
const { Uint8Array } = globalThis;
const {
  REQUEST, HASH, KDF, CIPHER, PADDING, KEY, NOTHING, lengthOf, cut, put, pack, ask, must, into, entropy, mac, same,
} = internal.compute;
const { typeOf } = internal.keyOperations;

const operationError = (message) => new DOMException(message, "OperationError");
const SIGNATURE_BYTES_MAX = 1024;
const BLOCK = 16;

// ---- signatures ----

// The argument of SIGN and VERIFY.
function signing(algorithm, record) {
  const { name } = record.algorithm;
  if (name === "Ed25519") return KEY.Ed25519;
  const hash = HASH[name === "ECDSA" ? algorithm.hash : record.algorithm.hash];
  const padding = name === "RSA-PSS" ? PADDING.PSS : PADDING.PKCS1;
  const salt = name === "RSA-PSS" ? algorithm.saltLength : 0;
  return typeOf(record.algorithm) + hash * 256 + padding * 65536 + salt * 2 ** 32;
}

function needType(record, type) {
  if (record.type !== type) throw new DOMException(`Unable to use this key: it must be a ${type} key`, "InvalidAccessError");
}

function sign(algorithm, record, data) {
  if (algorithm.name === "HMAC") return mac(HASH[record.algorithm.hash], record.bytes, data);
  needType(record, "private");
  const input = pack([], [record.bytes, entropy()], data);
  return into(SIGNATURE_BYTES_MAX, REQUEST.SIGN, signing(algorithm, record), input, "Signing");
}

function verify(algorithm, record, signature, data) {
  if (algorithm.name === "HMAC") return same(mac(HASH[record.algorithm.hash], record.bytes, data), signature);
  needType(record, "public");
  return must(ask(REQUEST.VERIFY, signing(algorithm, record), pack([], [record.bytes, signature], data)), "Verifying") === 1;
}

// ---- encryption ----

function cipher(operation, parts, data, room, number = 0) {
  const out = new Uint8Array(room);
  const length = ask(REQUEST.CIPHER, CIPHER[operation] + number * 256, pack([], parts, data), out);
  if (length < 0) throw operationError("The operation failed for an operation-specific reason");
  return length === room ? out : cut(out, 0, length);
}

function encrypt(algorithm, record, data) {
  const { bytes } = record;
  switch (algorithm.name) {
    case "AES-CBC": {
      checkBlock(algorithm.iv, "iv");
      const fill = BLOCK - (lengthOf(data) % BLOCK);
      const padded = new Uint8Array(lengthOf(data) + fill);
      put(padded, data, 0);
      for (let i = lengthOf(data); i < lengthOf(padded); i++) padded[i] = fill;
      return cipher("CBC_ENCRYPT", [bytes, algorithm.iv], padded, lengthOf(padded));
    }
    case "AES-CTR":
      return counted(algorithm, bytes, data);
    case "AES-GCM": {
      const tag = tagOf(algorithm);
      const parts = [bytes, algorithm.iv, algorithm.additionalData ?? NOTHING];
      return cipher("GCM_SEAL", parts, data, lengthOf(data) + tag, tag);
    }
    default:
      needType(record, "public");
      return rsa(REQUEST.ENCRYPT, algorithm, record, data);
  }
}

function decrypt(algorithm, record, data) {
  const { bytes } = record;
  switch (algorithm.name) {
    case "AES-CBC": {
      checkBlock(algorithm.iv, "iv");
      const length = lengthOf(data);
      if (length === 0 || length % BLOCK !== 0) throw operationError("The operation failed for an operation-specific reason");
      const plain = cipher("CBC_DECRYPT", [bytes, algorithm.iv], data, length);
      const fill = plain[length - 1];
      let wrong = fill === 0 || fill > BLOCK;
      for (let i = 1; i <= BLOCK; i++) wrong ||= i <= fill && plain[length - i] !== fill;
      if (wrong) throw operationError("The operation failed for an operation-specific reason");
      return cut(plain, 0, length - fill);
    }
    case "AES-CTR":
      return counted(algorithm, bytes, data);
    case "AES-GCM": {
      const tag = tagOf(algorithm);
      if (lengthOf(data) < tag) throw operationError("The provided data is too small.");
      const parts = [bytes, algorithm.iv, algorithm.additionalData ?? NOTHING];
      return cipher("GCM_OPEN", parts, data, lengthOf(data) - tag, tag);
    }
    default:
      needType(record, "private");
      return rsa(REQUEST.DECRYPT, algorithm, record, data);
  }
}

function checkBlock(bytes, what) {
  if (lengthOf(bytes) !== BLOCK) throw operationError(`algorithm.${what} must contain exactly 16 bytes`);
}

function counted({ counter, length }, bytes, data) {
  checkBlock(counter, "counter");
  if (length === 0 || length > 128) throw operationError("AES-CTR algorithm.length must be between 1 and 128");
  return cipher("CTR", [bytes, counter], data, lengthOf(data), length);
}

function tagOf({ tagLength = 128 }) {
  if (tagLength === 32 || tagLength === 64 || (tagLength >= 96 && tagLength <= 128 && tagLength % 8 === 0)) return tagLength / 8;
  throw operationError(`${tagLength} is not a valid AES-GCM tag length`);
}

function rsa(request, algorithm, { algorithm: own, bytes }, data) {
  const out = new Uint8Array(SIGNATURE_BYTES_MAX);
  const argument = KEY.RSA + HASH[own.hash] * 256 + PADDING.OAEP * 65536;
  const length = ask(request, argument, pack([], [bytes, algorithm.label ?? NOTHING, entropy()], data), out);
  if (length < 0) throw operationError("The operation failed for an operation-specific reason");
  return cut(out, 0, length);
}

// ---- derivation ----

// So many bits; `null` is all that there are, where there is a number.
function deriveBits(algorithm, record, length) {
  if (algorithm.name === "ECDH" || algorithm.name === "X25519") return agreed(algorithm, record, length);
  if (length === null) throw operationError("length cannot be null");
  if (length % 8 !== 0) throw operationError("length must be a multiple of 8");
  if (length === 0) return new Uint8Array(0);
  const hash = HASH[algorithm.hash];
  if (algorithm.name === "HKDF") return derive(KDF.HKDF, hash, [0, 0, 0], record.bytes, algorithm.salt, algorithm.info, length / 8);
  if (algorithm.iterations === 0) throw operationError("iterations cannot be zero");
  return derive(KDF.PBKDF2, hash, [algorithm.iterations, 0, 0], record.bytes, algorithm.salt, NOTHING, length / 8);
}

function derive(how, hash, costs, secret, salt, info, bytes) {
  const out = new Uint8Array(bytes);
  must(ask(REQUEST.DERIVE, how | (hash << 8), pack(costs, [secret, salt], info), out), "Deriving");
  return out;
}

function agreed({ public: other }, record, length) {
  needType(record, "private");
  if (other.type !== "public") throw new DOMException("algorithm.public must be a public key", "InvalidAccessError");
  const own = record.algorithm;
  if (other.algorithm.name !== own.name) throw new DOMException(`algorithm.public must be an ${own.name} key`, "InvalidAccessError");
  if (other.algorithm.curve !== own.curve) throw new DOMException("Named curve mismatch", "InvalidAccessError");
  const secret = agree(typeOf(own), record.bytes, other.bytes);
  if (length === null) return secret;
  const bytes = (length + 7) >> 3;
  if (bytes > lengthOf(secret)) throw operationError("derived bit length is too small");
  const bits = cut(secret, 0, bytes);
  if (length % 8 !== 0) bits[bytes - 1] &= 0xff << (8 - (length % 8));
  return bits;
}

const agree = (type, key, other) => into(66, REQUEST.AGREE, type, pack([], [key], other), "Key agreement");

// ---- wrapping with AES-KW ----

function wrap({ bytes }, data) {
  const length = lengthOf(data);
  return cipher("KW_WRAP", [bytes], data, length + 8);
}

function unwrap({ bytes }, data) {
  const length = lengthOf(data);
  return cipher("KW_UNWRAP", [bytes], data, length > 8 ? length - 8 : 0);
}

internal.keyUses = { sign, verify, encrypt, decrypt, deriveBits, derive, agree, wrap, unwrap, cipher };
