// CryptoKey, and what of a key only this prelude sees: its bytes. Start at `makeKey`.
// Invariant: nothing that a program can reach leads to the bytes; `algorithm` and `usages` that it gets are copies that nothing here reads.

const { KEY, expose, illegalConstructor, isObject, brands, inspectors } = internal.idl;
const { Uint8Array } = globalThis;
const { freeze } = Object;

let isKey;
let recordOf;

// A record: {type, extractable, algorithm, usages, bytes}. An algorithm: {name} and, by its kind, length, hash, curve, modulusLength,
// publicExponent.
class CryptoKey {
  #record;
  #algorithm;
  #usages;
  constructor(key = undefined, record = undefined) {
    if (key !== KEY) illegalConstructor();
    this.#record = record;
  }
  get type() { return this.#record.type; }
  get extractable() { return this.#record.extractable; }
  get algorithm() { return (this.#algorithm ??= shown(this.#record.algorithm)); }
  get usages() {
    if (this.#usages === undefined) {
      const { usages } = this.#record;
      this.#usages = [];
      for (let i = 0; i < usages.length; i++) this.#usages[i] = usages[i];
    }
    return this.#usages;
  }
  static {
    isKey = (value) => isObject(value) && #record in value;
    recordOf = (key) => key.#record;
  }
}
expose(CryptoKey);
brands.push(isKey);
inspectors.set(CryptoKey.prototype, (key, show) => show(key, ["type", "extractable", "algorithm", "usages"]));

// An algorithm as programs see it.
function shown({ name, length, hash, curve, modulusLength, publicExponent }) {
  const algorithm = { name };
  if (curve !== undefined) algorithm.namedCurve = curve;
  if (modulusLength !== undefined) {
    algorithm.modulusLength = modulusLength;
    algorithm.publicExponent = new Uint8Array(publicExponent);
  }
  if (hash !== undefined) algorithm.hash = { name: hash };
  if (length !== undefined) algorithm.length = length;
  return algorithm;
}

const makeKey = (type, extractable, algorithm, usages, bytes) =>
  new CryptoKey(KEY, { __proto__: null, type, extractable, algorithm: freeze(algorithm), usages: freeze(usages), bytes });

// What a key is, for whoever is given something that should be one.
function needKey(value, what) {
  if (!isKey(value)) throw new TypeError(`${what} must be a CryptoKey`);
  return recordOf(value);
}

// A second object for the same key: what structuredClone gives.
internal.cloneObject = (value) => (isKey(value) ? new CryptoKey(KEY, recordOf(value)) : undefined);
internal.keys = { makeKey, needKey, isKey };
