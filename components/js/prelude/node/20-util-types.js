// node:util/types: what kind of object a value is, whatever its prototype says.

const { classify } = internal;
const { ReflectApply, ObjectGetPrototypeOf, ObjectPrototypeToString } = internal.primordials;
const { ObjectDefineProperty, ObjectKeys } = internal.primordials;
const { kindOf, isNamespace, isSharedBuffer, isBuffer, promiseDetails, proxyDetails, isErrorValue, get } = classify;
const isView = ArrayBuffer.isView;
const isObject = (value) => value !== null && typeof value === "object";

// The kind of an object; a proxy has none.
function kind(value) {
  if (!isObject(value) || proxyDetails(value) !== undefined) return undefined;
  return kindOf(value);
}
const is = (name) => (value) => kind(value) === name;
const arrayTag = (value) => (isView(value) ? ReflectApply(get.arrayTag, value, []) : undefined);

const generatorPrototype = ObjectGetPrototypeOf(function* () {}).prototype;
const functionKind = (start) => (value) => typeof value === "function" && proxyDetails(value) === undefined
  && start(ObjectGetPrototypeOf(value));
const asyncFunction = ObjectGetPrototypeOf(async function () {});
const asyncGenerator = ObjectGetPrototypeOf(async function* () {});
const generator = ObjectGetPrototypeOf(function* () {});
const inherits = (prototype) => (value) => {
  if (!isObject(value)) return false;
  for (let at = ObjectGetPrototypeOf(value), i = 0; at !== null && i < 100; at = ObjectGetPrototypeOf(at), i++) if (at === prototype) return true;
  return false;
};
const mapIterator = ObjectGetPrototypeOf(new Map().entries());
const setIterator = ObjectGetPrototypeOf(new Set().values());

const types = {
  isExternal: () => false,
  isDate: is("Date"),
  isArgumentsObject(value) {
    return isObject(value) && !(Symbol.toStringTag in value) && ObjectPrototypeToString(value) === "[object Arguments]";
  },
  isBigIntObject: is("BigInt"),
  isBooleanObject: is("Boolean"),
  isNumberObject: is("Number"),
  isStringObject: is("String"),
  isSymbolObject: is("Symbol"),
  isBoxedPrimitive(value) {
    const found = kind(value);
    return found === "BigInt" || found === "Boolean" || found === "Number" || found === "String" || found === "Symbol";
  },
  isNativeError: (value) => isObject(value) && isErrorValue(value),
  isRegExp: is("RegExp"),
  isAsyncFunction: functionKind((prototype) => prototype === asyncFunction || prototype === asyncGenerator),
  isGeneratorFunction: functionKind((prototype) => prototype === generator || prototype === asyncGenerator),
  isGeneratorObject: inherits(generatorPrototype),
  isPromise: (value) => promiseDetails(value) !== undefined,
  isMap: is("Map"),
  isSet: is("Set"),
  isMapIterator: inherits(mapIterator),
  isSetIterator: inherits(setIterator),
  isWeakMap: is("WeakMap"),
  isWeakSet: is("WeakSet"),
  isArrayBuffer: isBuffer,
  isDataView: (value) => isView(value) && arrayTag(value) === undefined,
  isSharedArrayBuffer: isSharedBuffer,
  isProxy: (value) => ((typeof value === "object" && value !== null) || typeof value === "function") && proxyDetails(value) !== undefined,
  isModuleNamespaceObject: (value) => isObject(value) && proxyDetails(value) === undefined && isNamespace(value),
  isAnyArrayBuffer: (value) => isBuffer(value) || isSharedBuffer(value),
  isCryptoKey: (value) => globalThis.CryptoKey !== undefined && value instanceof globalThis.CryptoKey,
  isKeyObject: () => false,
  isArrayBufferView: (value) => isView(value),
  isTypedArray: (value) => arrayTag(value) !== undefined,
  isEventTarget: (value) => value instanceof EventTarget,
};
for (const name of [
  "Uint8Array", "Uint8ClampedArray", "Uint16Array", "Uint32Array", "Int8Array", "Int16Array", "Int32Array", "Float32Array", "Float64Array",
  "BigInt64Array", "BigUint64Array",
]) {
  types[`is${name}`] = (value) => arrayTag(value) === name;
}
for (const name of ObjectKeys(types)) ObjectDefineProperty(types[name], "name", { value: name, configurable: true });
internal.types = types;
internal.modules["node:util/types"] = types;
