// What an object really is, whatever its prototype or its string tag claim: used by structuredClone and the console.
// Start at `kindOf`. Invariant: a kind is named only after the engine's own brand check, captured here, has confirmed
// it, and no property of the object itself is read.

const { apply } = internal.idl;
const { getPrototypeOf, getOwnPropertyDescriptor, isExtensible } = Reflect;
const isArray = Array.isArray;
const isView = ArrayBuffer.isView;
const objectToString = Object.prototype.toString;

const getter = (prototype, name) => getOwnPropertyDescriptor(prototype, name)?.get;
const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype);

const get = {
  mapSize: getter(Map.prototype, "size"),
  setSize: getter(Set.prototype, "size"),
  bufferLength: getter(ArrayBuffer.prototype, "byteLength"),
  bufferMax: getter(ArrayBuffer.prototype, "maxByteLength"),
  bufferResizable: getter(ArrayBuffer.prototype, "resizable"),
  bufferDetached: getter(ArrayBuffer.prototype, "detached"),
  sharedLength: globalThis.SharedArrayBuffer && getter(SharedArrayBuffer.prototype, "byteLength"),
  arrayTag: getter(typedArrayPrototype, Symbol.toStringTag),
  arrayBuffer: getter(typedArrayPrototype, "buffer"),
  arrayOffset: getter(typedArrayPrototype, "byteOffset"),
  arrayBytes: getter(typedArrayPrototype, "byteLength"),
  arrayLength: getter(typedArrayPrototype, "length"),
  viewBuffer: getter(DataView.prototype, "buffer"),
  viewOffset: getter(DataView.prototype, "byteOffset"),
  viewBytes: getter(DataView.prototype, "byteLength"),
  regexpGlobal: getter(RegExp.prototype, "global"),
};

const call = {
  booleanValue: Boolean.prototype.valueOf,
  numberValue: Number.prototype.valueOf,
  stringValue: String.prototype.valueOf,
  symbolValue: Symbol.prototype.valueOf,
  bigintValue: BigInt.prototype.valueOf,
  dateValue: Date.prototype.getTime,
  weakMapHas: WeakMap.prototype.has,
  weakSetHas: WeakSet.prototype.has,
  weakRefDeref: WeakRef.prototype.deref,
  registryUnregister: FinalizationRegistry.prototype.unregister,
};

const TOKEN = {};
const succeeds = (method, ...args) => (value) => {
  try {
    apply(method, value, args);
    return true;
  } catch {
    return false;
  }
};

const isErrorValue = Error.isError ?? ((value) => apply(objectToString, value, []) === "[object Error]");
const promiseDetails = sys.promiseDetails;
const proxyDetails = sys.proxyDetails;

function isRegExp(value) {
  try {
    // RegExp.prototype itself answers undefined.
    return apply(get.regexpGlobal, value, []) !== undefined;
  } catch {
    return false;
  }
}

// Prototype -> [kind, its brand check]; consulted while walking up from the object.
const kinds = new Map([
  [Map.prototype, ["Map", succeeds(get.mapSize)]],
  [Set.prototype, ["Set", succeeds(get.setSize)]],
  [Date.prototype, ["Date", succeeds(call.dateValue)]],
  [RegExp.prototype, ["RegExp", isRegExp]],
  [Error.prototype, ["Error", isErrorValue]],
  [ArrayBuffer.prototype, ["ArrayBuffer", succeeds(get.bufferLength)]],
  [Boolean.prototype, ["Boolean", succeeds(call.booleanValue)]],
  [Number.prototype, ["Number", succeeds(call.numberValue)]],
  [String.prototype, ["String", succeeds(call.stringValue)]],
  [Symbol.prototype, ["Symbol", succeeds(call.symbolValue)]],
  [BigInt.prototype, ["BigInt", succeeds(call.bigintValue)]],
  [WeakMap.prototype, ["WeakMap", succeeds(call.weakMapHas, TOKEN)]],
  [WeakSet.prototype, ["WeakSet", succeeds(call.weakSetHas, TOKEN)]],
  [WeakRef.prototype, ["WeakRef", succeeds(call.weakRefDeref)]],
  [FinalizationRegistry.prototype, ["FinalizationRegistry", succeeds(call.registryUnregister, TOKEN)]],
  // Without the engine's help a promise cannot be told from a look-alike.
  [Promise.prototype, ["Promise", (value) => promiseDetails === undefined || promiseDetails(value) !== undefined]],
]);
if (get.sharedLength !== undefined) {
  kinds.set(SharedArrayBuffer.prototype, ["SharedArrayBuffer", succeeds(get.sharedLength)]);
}
const lookup = Map.prototype.get;
const objectPrototype = Object.prototype;
const CHAIN_MAX = 100;

// "Array", "Uint8Array" (and the other typed arrays), "DataView", one of the kinds above, or undefined. The value must be an object
// that is not a revoked proxy.
function kindOf(value) {
  if (isArray(value)) return "Array";
  if (isView(value)) return apply(get.arrayTag, value, []) ?? "DataView";
  let prototype = getPrototypeOf(value);
  for (let i = 0; i < CHAIN_MAX && prototype !== null && prototype !== objectPrototype; i++) {
    const kind = apply(lookup, kinds, [prototype]);
    if (kind !== undefined && kind[1](value)) return kind[0];
    prototype = getPrototypeOf(prototype);
  }
  // A null prototype or a foreign one: only then is it worth asking all of them.
  if (prototype === null && getPrototypeOf(value) === null) return kindOfOrphan(value);
  return undefined;
}

const TAGGED = new Set(["Date", "RegExp", "Error", "Boolean", "Number", "String"]);

function kindOfOrphan(value) {
  const tag = apply(objectToString, value, []);
  for (const [kind, check] of kinds.values()) {
    // Objects whose tag is built in answer truly here, as their prototype cannot interfere.
    if (tag === "[object Object]" && TAGGED.has(kind)) continue;
    if ((kind !== "Promise" || promiseDetails !== undefined) && check(value)) return kind;
  }
  return undefined;
}

// True for an ES module namespace, the one frozen-shape object with this tag.
function isNamespace(value) {
  if (getPrototypeOf(value) !== null || isExtensible(value)) return false;
  const tag = getOwnPropertyDescriptor(value, Symbol.toStringTag);
  return tag !== undefined && tag.value === "Module" && !tag.writable && !tag.enumerable && !tag.configurable;
}

// The bytes behind a BufferSource, as a Uint8Array over the same memory, none if it is detached; undefined for anything else.
function bytesOf(source) {
  if (isView(source)) {
    const isArrayView = apply(get.arrayTag, source, []) !== undefined;
    const buffer = apply(isArrayView ? get.arrayBuffer : get.viewBuffer, source, []);
    if (isBuffer(buffer) && isDetached(buffer)) return new Uint8Array(0);
    if (isArrayView) return new Uint8Array(buffer, apply(get.arrayOffset, source, []), apply(get.arrayBytes, source, []));
    return new Uint8Array(buffer, apply(get.viewOffset, source, []), apply(get.viewBytes, source, []));
  }
  if (isBuffer(source)) return isDetached(source) ? new Uint8Array(0) : new Uint8Array(source);
  return isSharedBuffer(source) ? new Uint8Array(source) : undefined;
}

function isBuffer(value) {
  return value !== null && typeof value === "object" && succeedsBuffer(value);
}
const succeedsBuffer = succeeds(get.bufferLength);
const succeedsShared = get.sharedLength === undefined ? () => false : succeeds(get.sharedLength);
function isSharedBuffer(value) {
  return value !== null && typeof value === "object" && succeedsShared(value);
}

function isDetached(buffer) {
  if (get.bufferDetached !== undefined) return apply(get.bufferDetached, buffer, []);
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

internal.classify = {
  kindOf, isNamespace, bytesOf, isBuffer, isSharedBuffer, isDetached, isErrorValue, promiseDetails, proxyDetails, get, call,
};
