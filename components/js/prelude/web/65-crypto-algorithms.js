// Which algorithms crypto.subtle knows, and how what a program says of one is read. Start at `normalize`.

const { isObject, toDOMString, toEnforcedUnsigned } = internal.idl;
const { DOMException } = internal;
const { toBytes } = internal.compute;
const { needKey } = internal.keys;
const toUpperCase = String.prototype.toUpperCase;
const { apply } = Reflect;
const { isView } = ArrayBuffer;
const { get } = internal.classify;

const unsupported = (message = "Unrecognized algorithm name") => new DOMException(message, "NotSupportedError");

// How a member of a dictionary is read; `?` behind its name in a list below: it may be absent.
const MEMBERS = {
  __proto__: null,
  hash: (value) => normalize(value, "digest").name,
  namedCurve: (value) => toDOMString(value),
  modulusLength: (value) => toEnforcedUnsigned(value, 0xffffffff, "modulusLength"),
  publicExponent(value) {
    const bytes = toBytes(value, "publicExponent");
    if (!isView(value) || apply(get.arrayTag, value, []) !== "Uint8Array") throw new TypeError("publicExponent must be a Uint8Array");
    return bytes;
  },
  saltLength: (value) => toEnforcedUnsigned(value, 0xffffffff, "saltLength"),
  iterations: (value) => toEnforcedUnsigned(value, 0xffffffff, "iterations"),
  tagLength: (value) => toEnforcedUnsigned(value, 255, "tagLength"),
  public: (value) => needKey(value, "public"),
  length: (value) => toEnforcedUnsigned(value, 0xffffffff, "length"),
  iv: (value) => toBytes(value, "iv"),
  counter: (value) => toBytes(value, "counter"),
  additionalData: (value) => toBytes(value, "additionalData"),
  label: (value) => toBytes(value, "label"),
  salt: (value) => toBytes(value, "salt"),
  info: (value) => toBytes(value, "info"),
};

const RSA = { __proto__: null, generateKey: ["hash", "modulusLength", "publicExponent"], importKey: ["hash"] };
const EC = { __proto__: null, generateKey: ["namedCurve"], importKey: ["namedCurve"] };
const AES = { __proto__: null, generateKey: ["length"], importKey: [], getLength: ["length"] };
const digest = { __proto__: null, digest: [] };
const plain = { __proto__: null, generateKey: [], importKey: [] };
const from = (base, more) => ({ __proto__: base, ...more });

// Algorithm -> operation -> the members that it takes, in the order in which WebIDL reads them.
const ALGORITHMS = {
  __proto__: null,
  "SHA-1": digest, "SHA-256": digest, "SHA-384": digest, "SHA-512": digest,
  "HMAC": from(null, {
    generateKey: ["hash", "length?"], importKey: ["hash", "length?"], getLength: ["hash", "length?"], sign: [], verify: [],
  }),
  "AES-CBC": from(AES, { encrypt: ["iv"], decrypt: ["iv"] }),
  "AES-CTR": from(AES, { encrypt: ["counter", "length"], decrypt: ["counter", "length"] }),
  "AES-GCM": from(AES, {
    encrypt: ["additionalData?", "iv", "tagLength?"], decrypt: ["additionalData?", "iv", "tagLength?"],
  }),
  "AES-KW": from(AES, { wrapKey: [], unwrapKey: [] }),
  "PBKDF2": from(null, { importKey: [], deriveBits: ["hash", "iterations", "salt"], getLength: [] }),
  "HKDF": from(null, { importKey: [], deriveBits: ["hash", "info", "salt"], getLength: [] }),
  "ECDSA": from(EC, { sign: ["hash"], verify: ["hash"] }),
  "ECDH": from(EC, { deriveBits: ["public"] }),
  "Ed25519": from(plain, { sign: [], verify: [] }),
  "X25519": from(plain, { deriveBits: ["public"] }),
  "RSASSA-PKCS1-v1_5": from(RSA, { sign: [], verify: [] }),
  "RSA-PSS": from(RSA, { sign: ["saltLength"], verify: ["saltLength"] }),
  "RSA-OAEP": from(RSA, { encrypt: ["label?"], decrypt: ["label?"] }),
};
const NAMES = { __proto__: null };
for (const name of Object.keys(ALGORITHMS)) NAMES[name.toUpperCase()] = name;

// What an operation is told of its algorithm: {name} and the members that it takes, converted; a DOMException for what is not known.
function normalize(algorithm, operation) {
  const isDictionary = isObject(algorithm);
  const given = isDictionary ? algorithm.name : toDOMString(algorithm);
  if (isDictionary && given === undefined) throw new TypeError("the algorithm's name is missing");
  const name = NAMES[apply(toUpperCase, toDOMString(given), [])];
  const members = name === undefined ? undefined : ALGORITHMS[name][operation];
  if (members === undefined) throw unsupported();
  const normal = { __proto__: null, name };
  for (let i = 0; i < members.length; i++) {
    const { 0: member, 1: optional } = MEMBER_NAMES[members[i]];
    const value = isDictionary ? algorithm[member] : undefined;
    if (value !== undefined) normal[member] = MEMBERS[member](value);
    else if (!optional) throw new TypeError(`${name}: the member ${member} is missing`);
  }
  return normal;
}
const MEMBER_NAMES = { __proto__: null };
for (const name of Object.keys(MEMBERS)) {
  // Own elements are read by index, since destructuring asks an iterator that a program can replace.
  MEMBER_NAMES[name] = { 0: name, 1: false };
  MEMBER_NAMES[`${name}?`] = { 0: name, 1: true };
}

// Whether an algorithm knows an operation.
function knows(algorithm, operation) {
  const name = NAMES[apply(toUpperCase, toDOMString(isObject(algorithm) ? algorithm.name : algorithm), [])];
  return name !== undefined && ALGORITHMS[name][operation] !== undefined;
}

// ---- usages ----

const USAGES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];
const CRYPT = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
const USES = {
  __proto__: null,
  "HMAC": { secret: ["sign", "verify"] },
  "AES-CBC": { secret: CRYPT }, "AES-CTR": { secret: CRYPT }, "AES-GCM": { secret: CRYPT },
  "AES-KW": { secret: ["wrapKey", "unwrapKey"] },
  "PBKDF2": { secret: ["deriveKey", "deriveBits"] }, "HKDF": { secret: ["deriveKey", "deriveBits"] },
  "ECDSA": { public: ["verify"], private: ["sign"] }, "Ed25519": { public: ["verify"], private: ["sign"] },
  "RSASSA-PKCS1-v1_5": { public: ["verify"], private: ["sign"] }, "RSA-PSS": { public: ["verify"], private: ["sign"] },
  "ECDH": { public: [], private: ["deriveKey", "deriveBits"] }, "X25519": { public: [], private: ["deriveKey", "deriveBits"] },
  "RSA-OAEP": { public: ["encrypt", "wrapKey"], private: ["decrypt", "unwrapKey"] },
};

const includes = (list, item) => {
  for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
};

// The usages that a program names, each once, in its order.
function toUsages(value) {
  const list = internal.idl.toSequence(value, "keyUsages");
  const usages = [];
  for (let i = 0; i < list.length; i++) {
    const usage = toDOMString(list[i]);
    if (!includes(USAGES, usage)) throw new TypeError(`"${usage}" is no usage of a key`);
    if (!includes(usages, usage)) usages[usages.length] = usage;
  }
  return usages;
}

// Those of `all` that are in `some`.
function only(all, some) {
  const out = [];
  for (let i = 0; i < all.length; i++) if (includes(some, all[i])) out[out.length] = all[i];
  return out;
}

function checkUsages(name, type, usages) {
  const allowed = USES[name][type];
  for (let i = 0; i < usages.length; i++) {
    if (!includes(allowed, usages[i])) throw new DOMException(`Unsupported key usage for a ${name} key`, "SyntaxError");
  }
}

internal.algorithms = { normalize, knows, unsupported, toUsages, checkUsages, only, includes, USES };
