// Whether two values are the same by what they hold: util.isDeepStrictEqual and assert.deepEqual. Start at `deepEqual`.
//
// Invariant: pairs that are being compared are remembered, so that cycles end; what they hold is read by own descriptors' keys,
// and getters of the program run as they do in Node.js.

const {
  ObjectKeys, ObjectGetPrototypeOf, ObjectIs, ObjectGetOwnPropertySymbols, ObjectPrototypePropertyIsEnumerable, ObjectPrototypeHasOwnProperty,
  ArrayIsArray, MapPrototypeForEach, MapPrototypeGet, MapPrototypeHas, MapPrototypeGetSize, SetPrototypeForEach, SetPrototypeHas,
  SetPrototypeGetSize, DatePrototypeGetTime, RegExpPrototypeToString, NumberPrototypeValueOf, StringPrototypeValueOf, BooleanPrototypeValueOf,
  BigIntPrototypeValueOf, SymbolPrototypeValueOf, ArrayPrototypePush, ObjectPrototypeToString,
} = internal.primordials;
const { classify, types } = internal;
const { kindOf, bytesOf, proxyDetails } = classify;

const unboxed = {
  __proto__: null,
  Number: NumberPrototypeValueOf,
  String: StringPrototypeValueOf,
  Boolean: BooleanPrototypeValueOf,
  BigInt: BigIntPrototypeValueOf,
  Symbol: SymbolPrototypeValueOf,
};

// An object's own keys that count.
function keysOf(object, strict) {
  const keys = ObjectKeys(object);
  if (!strict) return keys;
  const symbols = ObjectGetOwnPropertySymbols(object);
  for (let i = 0; i < symbols.length; i++) if (ObjectPrototypePropertyIsEnumerable(object, symbols[i])) ArrayPrototypePush(keys, symbols[i]);
  return keys;
}

const isIndex = (key) => typeof key === "string" && `${key >>> 0}` === key;

function deepEqual(a, b, strict, pairs = []) {
  if (a === b) return a !== 0 || !strict || ObjectIs(a, b);
  if (strict) {
    if (typeof a !== "object") return typeof a === "number" && a !== a && b !== b;
    if (typeof b !== "object" || a === null || b === null) return false;
    if (ObjectGetPrototypeOf(a) !== ObjectGetPrototypeOf(b)) return false;
  } else {
    if (a === null || typeof a !== "object") return (b === null || typeof b !== "object") && (a == b || (a !== a && b !== b));
    if (b === null || typeof b !== "object") return false;
  }
  if (ObjectPrototypeToString(a) !== ObjectPrototypeToString(b)) return false;
  const kind = proxyDetails(a) === undefined ? kindOf(a) : undefined;
  if (kind !== (proxyDetails(b) === undefined ? kindOf(b) : undefined)) return false;
  let skipIndexes = false;
  if (ArrayIsArray(a)) {
    if (!ArrayIsArray(b) || a.length !== b.length) return false;
  } else if (kind === "Date") {
    const [x, y] = [DatePrototypeGetTime(a), DatePrototypeGetTime(b)];
    if (x !== y && !(x !== x && y !== y)) return false;
  } else if (kind === "RegExp") {
    if (RegExpPrototypeToString(a) !== RegExpPrototypeToString(b) || a.lastIndex !== b.lastIndex) return false;
  } else if (types.isNativeError(a) || a instanceof Error) {
    if (!(types.isNativeError(b) || b instanceof Error)) return false;
    if (a.message !== b.message || a.name !== b.name) return false;
    if (strict && (!sameOwn(a, b, "cause", pairs) || !sameOwn(a, b, "errors", pairs))) return false;
  } else if (types.isArrayBufferView(a)) {
    skipIndexes = true;
    if (!strict && (kind === "Float32Array" || kind === "Float64Array")) {
      if (a.length !== b.length) return false;
      for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    } else if (sys.compare(bytesOf(a), bytesOf(b)) !== 0) return false;
  } else if (types.isAnyArrayBuffer(a)) {
    if (sys.compare(bytesOf(a), bytesOf(b)) !== 0) return false;
  } else if (unboxed[kind] !== undefined) {
    if (!ObjectIs(unboxed[kind](a), unboxed[kind](b))) return false;
    skipIndexes = kind === "String";
  }
  for (let i = pairs.length - 1; i >= 0; i--) if (pairs[i][0] === a) return pairs[i][1] === b;
  pairs[pairs.length] = [a, b];
  const same = sameProperties(a, b, strict, pairs, skipIndexes)
    && (kind !== "Map" || sameMaps(a, b, strict, pairs)) && (kind !== "Set" || sameSets(a, b, strict, pairs));
  pairs.length -= 1;
  return same;
}

function sameOwn(a, b, name, pairs) {
  const has = ObjectPrototypeHasOwnProperty(a, name);
  return has === ObjectPrototypeHasOwnProperty(b, name) && (!has || deepEqual(a[name], b[name], true, pairs));
}

function sameProperties(a, b, strict, pairs, skipIndexes) {
  const keys = keysOf(a, strict);
  const others = keysOf(b, strict);
  if (keys.length !== others.length) return false;
  for (let i = 0; i < keys.length; i++) {
    if (skipIndexes && isIndex(keys[i])) continue;
    if (!ObjectPrototypePropertyIsEnumerable(b, keys[i])) return false;
  }
  for (let i = 0; i < keys.length; i++) {
    if (skipIndexes && isIndex(keys[i])) continue;
    if (!deepEqual(a[keys[i]], b[keys[i]], strict, pairs)) return false;
  }
  return true;
}

// An array of what is left of a set or of a map's entries.
function listed(forEach, collection) {
  const all = [];
  forEach(collection, (value, key) => ArrayPrototypePush(all, [key, value]));
  return all;
}

function sameMaps(a, b, strict, pairs) {
  if (MapPrototypeGetSize(a) !== MapPrototypeGetSize(b)) return false;
  const mine = listed(MapPrototypeForEach, a);
  let others;
  for (let i = 0; i < mine.length; i++) {
    const [key, value] = mine[i];
    const direct = MapPrototypeHas(b, key);
    if (direct && deepEqual(value, MapPrototypeGet(b, key), strict, pairs)) continue;
    if (strict && (direct || typeof key !== "object" || key === null)) return false;
    others ??= listed(MapPrototypeForEach, b);
    if (!takeSame(others, (other) => deepEqual(key, other[0], strict, pairs) && deepEqual(value, other[1], strict, pairs), (other) => MapPrototypeHas(a, other[0]))) return false;
  }
  return true;
}

function sameSets(a, b, strict, pairs) {
  if (SetPrototypeGetSize(a) !== SetPrototypeGetSize(b)) return false;
  const mine = listed(SetPrototypeForEach, a);
  let others;
  for (let i = 0; i < mine.length; i++) {
    const value = mine[i][0];
    if (SetPrototypeHas(b, value)) continue;
    if (strict && (typeof value !== "object" || value === null)) return false;
    others ??= listed(SetPrototypeForEach, b);
    if (!takeSame(others, (other) => deepEqual(value, other[0], strict, pairs), (other) => SetPrototypeHas(a, other[0]))) return false;
  }
  return true;
}

// Takes the first that fits out of a list, among those that nothing fits exactly.
function takeSame(list, fits, isTaken) {
  for (let i = 0; i < list.length; i++) {
    if (list[i] === undefined || isTaken(list[i]) || !fits(list[i])) continue;
    list[i] = undefined;
    return true;
  }
  return false;
}

internal.deepEqual = deepEqual;
