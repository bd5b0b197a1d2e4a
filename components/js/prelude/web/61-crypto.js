// crypto: random bytes and UUIDs from the context's random handle. `crypto.subtle` is made in 68-subtle.js.

const { KEY, apply, expose, illegalConstructor, need, isObject } = internal.idl;
const { DOMException } = internal;
const { get, bytesOf } = internal.classify;
const isView = ArrayBuffer.isView;
const QUOTA = 65536;

const INTEGER_ARRAYS = new Set([
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
  "BigInt64Array", "BigUint64Array",
]);
// Never hands out bytes that were not filled: a context may have been given no randomness.
function fill(bytes) {
  const filled = sys.random(bytes);
  if (filled === undefined || filled === bytes.length) return;
  throw internal.errorOf?.(filled, "read randomness") ?? new DOMException("There is no source of randomness", "OperationError");
}

const hex = (byte) => (byte + 0x100).toString(16).slice(1);

let isCrypto;

class Crypto {
  #brand;
  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
  }
  getRandomValues(array) {
    this.#brand;
    need(arguments.length, 1, "crypto.getRandomValues");
    if (!isView(array)) throw new TypeError("crypto.getRandomValues: the argument must be an integer typed array");
    if (!INTEGER_ARRAYS.has(apply(get.arrayTag, array, []))) {
      throw new DOMException("crypto.getRandomValues: the argument must be an integer typed array", "TypeMismatchError");
    }
    const length = apply(get.arrayBytes, array, []);
    if (length > QUOTA) {
      throw new DOMException(`crypto.getRandomValues: ${length} bytes exceed the ${QUOTA} of one call`, "QuotaExceededError");
    }
    if (length > 0) fill(bytesOf(array));
    return array;
  }
  randomUUID() {
    this.#brand;
    const bytes = new Uint8Array(16);
    fill(bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let out = "";
    for (let i = 0; i < 16; i++) out += (i === 4 || i === 6 || i === 8 || i === 10 ? "-" : "") + hex(bytes[i]);
    return out;
  }
  get subtle() {
    this.#brand;
    return internal.subtle;
  }
  static {
    isCrypto = (value) => isObject(value) && #brand in value;
  }
}
expose(Crypto);
internal.idl.brands.push(isCrypto);
internal.define(globalThis, "crypto", new Crypto(KEY));
