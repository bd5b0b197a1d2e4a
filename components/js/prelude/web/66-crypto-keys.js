// Keys of crypto.subtle: made, taken from bytes, given as bytes. Start at `importKey`.
// A key's bytes are what docs/abi.md says: a secret as it is, a scalar or a point of a curve, 32 bytes, or the DER of PKCS #1.

const { isObject, toDOMString, toSequence } = internal.idl;
const { DOMException } = internal;
const { Uint8Array } = globalThis;
const {
  REQUEST, HASH, HASH_BLOCK, KEY, FORMAT, KEY_BYTES_MAX, NOTHING, lengthOf, view, cut, concat, pack, ask, into, random, entropy,
  toBase64Url, fromBase64Url, same,
} = internal.compute;
const { makeKey } = internal.keys;
const { unsupported, checkUsages, only, includes, USES } = internal.algorithms;

const dataError = (message) => new DOMException(message, "DataError");
const CURVES = { __proto__: null, "P-256": 32, "P-384": 48, "P-521": 66 };
const isCurve = (name) => name === "ECDSA" || name === "ECDH";
const is25519 = (name) => name === "Ed25519" || name === "X25519";
const isRsa = (name) => name === "RSASSA-PKCS1-v1_5" || name === "RSA-PSS" || name === "RSA-OAEP";
const isAes = (name) => name === "AES-CBC" || name === "AES-CTR" || name === "AES-GCM" || name === "AES-KW";
// The number of a key's type for the host.
const typeOf = (algorithm) => KEY[isRsa(algorithm.name) ? "RSA" : (algorithm.curve ?? algorithm.name)];

function checkCurve(name) {
  if (CURVES[name] === undefined) throw new DOMException("Unrecognized namedCurve", "NotSupportedError");
  return name;
}

// What a private key's public one is; undefined if it is none.
function publicOf(type, bytes) {
  const room = new Uint8Array(KEY_BYTES_MAX);
  const length = ask(REQUEST.PUBLIC_KEY, type, bytes, room);
  return length < 0 ? undefined : cut(room, 0, length);
}
function checkPublic(type, bytes) {
  const room = new Uint8Array(KEY_BYTES_MAX);
  const length = ask(REQUEST.PUBLIC_KEY, type | 256, bytes, room);
  if (length < 0) throw dataError("Invalid public key");
  return cut(room, 0, length);
}

// ---- DER, as far as PKCS #1 goes; what is read was checked by the host ----

// The integers of a SEQUENCE, without leading zeros.
function readIntegers(der) {
  const list = [];
  const size = (at) => (der[at] < 128 ? { at: at + 1, size: der[at] } : longSize(at));
  function longSize(at) {
    let size = 0;
    const count = der[at] & 127;
    for (let i = 1; i <= count; i++) size = size * 256 + der[at + i];
    return { at: at + 1 + count, size };
  }
  for (let at = size(1).at; at < lengthOf(der); ) {
    const item = size(at + 1);
    let from = item.at;
    const end = item.at + item.size;
    while (from < end - 1 && der[from] === 0) from++;
    list[list.length] = cut(der, from, end);
    at = end;
  }
  return list;
}

function header(tag, size) {
  const bytes = size < 128 ? [tag, size] : size < 256 ? [tag, 0x81, size] : [tag, 0x82, size >> 8, size & 255];
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes[i];
  return out;
}

function writeIntegers(numbers) {
  const parts = [NOTHING];
  for (let i = 0; i < numbers.length; i++) {
    let from = 0;
    const length = lengthOf(numbers[i]);
    while (from < length - 1 && numbers[i][from] === 0) from++;
    const digits = view(numbers[i], from, length);
    const sign = length === 0 || digits[0] >= 128 ? new Uint8Array(1) : NOTHING;
    parts[parts.length] = header(2, lengthOf(digits) + lengthOf(sign));
    parts[parts.length] = sign;
    parts[parts.length] = digits;
  }
  const content = concat(parts);
  return concat([header(0x30, lengthOf(content)), content]);
}

const ZERO = new Uint8Array(1);

// ---- what an algorithm of a key says ----

function rsaAlgorithm(name, hash, publicDer) {
  const numbers = readIntegers(publicDer);
  let bits = lengthOf(numbers[0]) * 8;
  for (let top = numbers[0][0]; top < 128; top <<= 1) bits--;
  return { name, hash, modulusLength: bits, publicExponent: numbers[1] };
}

function secretAlgorithm({ name, hash, length }, bytes) {
  const bits = lengthOf(bytes) * 8;
  if (isAes(name)) {
    if (bits !== 128 && bits !== 192 && bits !== 256) throw dataError("Invalid key length");
    return { name, length: bits };
  }
  if (name !== "HMAC") return { name };
  if (bits === 0) throw dataError("Zero-length key is not supported");
  if (length === undefined || length === bits) return { name, hash, length: bits };
  if (length > bits || length <= bits - 8) throw dataError("Invalid key length");
  return { name, hash, length };
}

function makeSecret(algorithm, bytes, extractable, usages) {
  const { name } = algorithm;
  if ((name === "PBKDF2" || name === "HKDF") && extractable) {
    throw new DOMException(`${name} keys are not extractable`, "SyntaxError");
  }
  checkUsages(name, "secret", usages);
  if (usages.length === 0) throw new DOMException("Usages cannot be empty when importing a secret key.", "SyntaxError");
  return makeKey("secret", extractable, secretAlgorithm(algorithm, bytes), usages, bytes);
}

// A public or private key whose bytes were checked.
function makeHalf(type, { name, hash, namedCurve }, bytes, extractable, usages) {
  checkUsages(name, type, usages);
  if (type === "private" && usages.length === 0) {
    throw new DOMException("Usages cannot be empty when importing a private key.", "SyntaxError");
  }
  const algorithm = isRsa(name) ? rsaAlgorithm(name, hash, type === "public" ? bytes : publicOf(KEY.RSA, bytes)) : { name, curve: namedCurve };
  return makeKey(type, extractable, algorithm, usages, bytes);
}

// ---- generateKey ----

function generateKey(algorithm, extractable, usages) {
  const { name } = algorithm;
  if (isAes(name) || name === "HMAC") {
    checkUsages(name, "secret", usages);
    const bits = secretBits(algorithm);
    if (usages.length === 0) throw new DOMException("Usages cannot be empty when creating a key.", "SyntaxError");
    const bytes = random(new Uint8Array((bits + 7) >> 3));
    return makeSecret(name === "HMAC" ? { name, hash: algorithm.hash, length: bits } : { name }, bytes, extractable, usages);
  }
  const uses = USES[name];
  if (uses === undefined || uses.private === undefined) throw unsupported();
  if (isCurve(name)) checkCurve(algorithm.namedCurve);
  for (let i = 0; i < usages.length; i++) {
    if (!includes(uses.private, usages[i]) && !includes(uses.public, usages[i])) {
      throw new DOMException(`Unsupported key usage for a ${name} key`, "SyntaxError");
    }
  }
  const privateUsages = only(usages, uses.private);
  const type = typeOf({ name, curve: algorithm.namedCurve });
  const exponent = isRsa(name) ? exponentOf(algorithm) : 0;
  if (privateUsages.length === 0) throw new DOMException("Usages cannot be empty when creating a key.", "SyntaxError");
  const bytes = generate(type, isRsa(name) ? algorithm.modulusLength : 0, exponent);
  return {
    publicKey: makeHalf("public", algorithm, publicOf(type, bytes), true, only(usages, uses.public)),
    privateKey: makeHalf("private", algorithm, bytes, extractable, privateUsages),
  };
}

function secretBits({ name, hash, length }) {
  if (name === "HMAC") {
    if (length === 0) throw new DOMException("Zero-length key is not supported", "OperationError");
    return length ?? HASH_BLOCK[HASH[hash]] * 8;
  }
  if (length !== 128 && length !== 192 && length !== 256) throw new DOMException("Invalid key length", "OperationError");
  return length;
}

function exponentOf({ publicExponent }) {
  let exponent = 0;
  for (let i = 0; i < lengthOf(publicExponent); i++) exponent = exponent * 256 + publicExponent[i];
  if (!(exponent >= 3 && exponent < 2 ** 32 && exponent % 2 === 1)) throw new DOMException("Invalid public exponent", "OperationError");
  return exponent;
}

function generate(type, bits, exponent) {
  return into(KEY_BYTES_MAX, REQUEST.GENERATE_KEY, type, pack([bits, exponent], [], entropy()), "Generating the key");
}

// ---- importKey ----

function importKey(format, data, algorithm, extractable, usages) {
  const { name } = algorithm;
  if (isCurve(name)) checkCurve(algorithm.namedCurve);
  if (format === "jwk") return importJwk(data, algorithm, extractable, usages);
  if (USES[name].secret !== undefined) {
    if (format !== "raw") throw unsupported(`Unable to import ${name} key with format ${format}`);
    return makeSecret(algorithm, data, extractable, usages);
  }
  const type = typeOf({ name, curve: algorithm.namedCurve });
  if (format === "raw") {
    if (isRsa(name)) throw unsupported(`Unable to import ${name} key with format raw`);
    return makeHalf("public", algorithm, checkPublic(type, data), extractable, usages);
  }
  const room = new Uint8Array(KEY_BYTES_MAX + 8);
  const length = ask(REQUEST.READ_KEY, FORMAT[format === "spki" ? "SPKI" : "PKCS8"], data, room);
  if (length < 0 || room[0] !== type) throw dataError("Invalid keyData");
  return makeHalf(format === "spki" ? "public" : "private", algorithm, cut(room, 8, length), extractable, usages);
}

// A JsonWebKey as a program gave it, read once.
const JWK_MEMBERS = [
  "kty", "use", "key_ops", "alg", "ext", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "oth", "k",
];
function toJwk(value) {
  if (!isObject(value)) throw new TypeError("keyData must be a JsonWebKey");
  const jwk = { __proto__: null };
  for (let i = 0; i < JWK_MEMBERS.length; i++) {
    const name = JWK_MEMBERS[i];
    const member = value[name];
    if (member === undefined) continue;
    if (name === "ext") jwk.ext = !!member;
    else if (name === "oth") jwk.oth = true;
    else if (name === "key_ops") {
      jwk.key_ops = toSequence(member, "key_ops");
      for (let j = 0; j < jwk.key_ops.length; j++) jwk.key_ops[j] = toDOMString(jwk.key_ops[j]);
    } else jwk[name] = toDOMString(member);
  }
  return jwk;
}

function part(jwk, name) {
  const bytes = jwk[name] === undefined ? undefined : fromBase64Url(jwk[name]);
  if (bytes === undefined) throw dataError("Invalid keyData");
  return bytes;
}

function importJwk(jwk, algorithm, extractable, usages) {
  const { name } = algorithm;
  const wrong = (message) => { throw dataError(message); };
  const isSecret = USES[name].secret !== undefined;
  if (name === "PBKDF2" || name === "HKDF") throw unsupported(`Unable to import ${name} key with format jwk`);
  const kty = isSecret ? "oct" : isRsa(name) ? "RSA" : is25519(name) ? "OKP" : "EC";
  if (jwk.kty !== kty) wrong('Invalid JWK "kty" Parameter');
  const use = includes(USES[name].secret ?? USES[name].private, "sign") ? "sig" : "enc";
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) wrong('Invalid JWK "use" Parameter');
  if (jwk.key_ops !== undefined) {
    for (let i = 0; i < usages.length; i++) if (!includes(jwk.key_ops, usages[i])) wrong('Key operations and usage mismatch');
  }
  if (jwk.ext === false && extractable) wrong('JWK "ext" Parameter and extractable mismatch');
  if (isSecret) {
    const bytes = part(jwk, "k");
    const expected = jwkAlgorithm(secretAlgorithm(algorithm, bytes));
    if (jwk.alg !== undefined && expected !== undefined && jwk.alg !== expected) wrong('JWK "alg" does not match the requested algorithm');
    return makeSecret(algorithm, bytes, extractable, usages);
  }
  const type = jwk.d === undefined ? "public" : "private";
  const expected = jwkAlgorithm(algorithm);
  const isOlder = name === "Ed25519" && jwk.alg === "EdDSA";
  if ((isRsa(name) || name === "Ed25519") && jwk.alg !== undefined && jwk.alg !== expected && !isOlder) wrong('JWK "alg" does not match the requested algorithm');
  return makeHalf(type, algorithm, isRsa(name) ? rsaFromJwk(jwk, wrong) : curveFromJwk(jwk, algorithm, wrong), extractable, usages);
}

function curveFromJwk(jwk, { name, namedCurve }, wrong) {
  const curve = namedCurve ?? name;
  if (jwk.crv !== curve) wrong('JWK "crv" does not match requested algorithm');
  const type = KEY[curve];
  const x = part(jwk, "x");
  let point = x;
  if (namedCurve !== undefined) {
    const y = part(jwk, "y");
    if (lengthOf(x) !== CURVES[curve] || lengthOf(y) !== CURVES[curve]) wrong("Invalid keyData");
    const form = new Uint8Array(1);
    form[0] = 4;
    point = concat([form, x, y]);
  }
  point = checkPublic(type, point);
  if (jwk.d === undefined) return point;
  const d = part(jwk, "d");
  const own = publicOf(type, d);
  if (own === undefined || !same(own, point)) wrong("Invalid keyData");
  return d;
}

function rsaFromJwk(jwk, wrong) {
  const n = part(jwk, "n");
  const e = part(jwk, "e");
  if (jwk.d === undefined) return checkPublic(KEY.RSA, writeIntegers([n, e]));
  if (jwk.oth !== undefined) throw unsupported("Keys of more than two primes are not supported");
  const numbers = [ZERO, n, e];
  for (let i = 2; i < RSA_MEMBERS.length; i++) numbers[numbers.length] = part(jwk, RSA_MEMBERS[i]);
  const der = writeIntegers(numbers);
  if (publicOf(KEY.RSA, der) === undefined) wrong("Invalid keyData");
  return der;
}

// ---- exportKey ----

function exportKey(format, record) {
  const { type, algorithm, bytes } = record;
  const { name } = algorithm;
  const wrong = () => unsupported(`Unable to export ${name} ${type} key using ${format} format`);
  if (format === "jwk") return toJwkOf(record);
  if (type === "secret") {
    if (format !== "raw") throw wrong();
    return new Uint8Array(bytes);
  }
  const wanted = type === "private" ? "pkcs8" : "spki";
  if (format === "raw" && type === "public" && !isRsa(name)) return new Uint8Array(bytes);
  if (format !== wanted) {
    if (format === "raw") throw wrong();
    throw new DOMException(`A ${type} key cannot be exported as ${format}`, "InvalidAccessError");
  }
  const number = FORMAT[format === "spki" ? "SPKI" : "PKCS8"] | (typeOf(algorithm) << 8);
  return into(KEY_BYTES_MAX, REQUEST.WRITE_KEY, number, bytes, "The export");
}

const RSA_MEMBERS = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

function toJwkOf({ type, algorithm, usages, extractable, bytes }) {
  const { name, curve } = algorithm;
  const key_ops = [];
  for (let i = 0; i < usages.length; i++) key_ops[i] = usages[i];
  const jwk = { key_ops, ext: extractable };
  const alg = jwkAlgorithm(algorithm);
  if (type === "secret") {
    if (alg === undefined && name !== "HMAC") throw unsupported(`Unable to export ${name} secret key using jwk format`);
    jwk.kty = "oct";
    jwk.k = toBase64Url(bytes);
  } else if (isRsa(name)) {
    const numbers = readIntegers(bytes);
    jwk.kty = "RSA";
    // A private key's first integer is its version.
    const first = type === "private" ? 1 : 0;
    const count = type === "private" ? 8 : 2;
    for (let i = 0; i < count; i++) jwk[RSA_MEMBERS[i]] = toBase64Url(numbers[first + i]);
  } else {
    const point = type === "public" ? bytes : publicOf(typeOf(algorithm), bytes);
    jwk.kty = curve === undefined ? "OKP" : "EC";
    jwk.crv = curve ?? name;
    if (curve === undefined) {
      jwk.x = toBase64Url(point);
    } else {
      jwk.x = toBase64Url(view(point, 1, 1 + CURVES[curve]));
      jwk.y = toBase64Url(view(point, 1 + CURVES[curve], 1 + 2 * CURVES[curve]));
    }
    if (type === "private") jwk.d = toBase64Url(bytes);
  }
  if (alg !== undefined) jwk.alg = alg;
  return jwk;
}

// The name that JWK gives an algorithm; undefined where it gives none.
function jwkAlgorithm({ name, hash, length }) {
  if (isAes(name)) return `A${length}${AES_NAMES[name]}`;
  const bits = HASH_NAMES[hash];
  if (name === "HMAC") return `HS${bits}`;
  if (name === "RSASSA-PKCS1-v1_5") return `RS${bits}`;
  if (name === "RSA-PSS") return `PS${bits}`;
  if (name === "Ed25519") return name;
  if (name === "RSA-OAEP") return hash === "SHA-1" ? "RSA-OAEP" : `RSA-OAEP-${bits}`;
  return undefined;
}
const AES_NAMES = { __proto__: null, "AES-CBC": "CBC", "AES-CTR": "CTR", "AES-GCM": "GCM", "AES-KW": "KW" };
const HASH_NAMES = { __proto__: null, "SHA-1": "1", "SHA-256": "256", "SHA-384": "384", "SHA-512": "512" };

internal.keyOperations = { generateKey, importKey, exportKey, toJwk, secretBits, typeOf, generate, publicOf, checkPublic, isRsa, CURVES, readIntegers, writeIntegers };
