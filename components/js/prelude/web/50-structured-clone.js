// structuredClone. Start at `cloneValue`.
// Invariants: sharing and cycles survive by `state.memo`; a buffer that is to be transferred is detached only after
// everything has been read, so until then a placeholder stands for it and its views, and `settle` puts them in.

const { apply, need, toDictionary, toSequence, isObject, brands } = internal.idl;
const { DOMException, isDOMException } = internal;
const { kindOf, isNamespace, isBuffer, isSharedBuffer, isDetached, proxyDetails, get, call } = internal.classify;
const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { keys: objectKeys, hasOwn } = Object;
const objectPrototype = Object.prototype;
const { toStringTag } = Symbol;
const transferBuffer = ArrayBuffer.prototype.transfer;
const arrayValues = getPrototypeOf(Uint8Array.prototype).values;
const sourceOf = getOwnPropertyDescriptor(RegExp.prototype, "source").get;
const flagsOf = getOwnPropertyDescriptor(RegExp.prototype, "flags").get;
const mapForEach = Map.prototype.forEach;
const setForEach = Set.prototype.forEach;

const ERRORS = { __proto__: null, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const VIEWS = { __proto__: null, DataView };
for (const name of [
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
  "BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array",
]) {
  if (globalThis[name] !== undefined) VIEWS[name] = globalThis[name];
}

function refuse(what) {
  throw new DOMException(`${what} could not be cloned.`, "DataCloneError");
}

function cloneValue(value, state) {
  if (typeof value === "symbol") refuse(`Symbol(${value.description ?? ""})`);
  if (typeof value === "function") refuse(`[Function: ${typeof value.name === "string" ? value.name : ""}]`);
  if (typeof value !== "object" || value === null) return value;
  const known = state.memo.get(value);
  if (known !== undefined) return known;
  if (proxyDetails !== undefined && proxyDetails(value) !== undefined) refuse("#<Proxy>");
  const prototype = getPrototypeOf(value);
  // The common case pays for no brand check; neither do dictionaries without a prototype, as soon as they have a key.
  const common = prototype === objectPrototype || (prototype === null && objectKeys(value).length > 0);
  if (common && !(toStringTag in value)) {
    const kind = builtinTag(value);
    return kind === undefined ? cloneProperties(value, remember(value, {}, state), state) : cloneKind(kind, value, state);
  }
  const kind = kindOf(value);
  if (kind !== undefined) return cloneKind(kind, value, state);
  const cloned = internal.cloneObject(value);
  if (cloned !== undefined) return remember(value, cloned, state);
  for (const is of brands) if (is(value)) refuse(describe(value));
  if (isNamespace(value)) refuse("#<Module>");
  return cloneProperties(value, remember(value, {}, state), state);
}

// What was built in but has been given Object.prototype still answers with its own tag.
const objectToString = Object.prototype.toString;
const TAGS = {
  __proto__: null, "[object Error]": "Error", "[object Boolean]": "Boolean", "[object Number]": "Number",
  "[object String]": "String", "[object Date]": "Date", "[object RegExp]": "RegExp", "[object Array]": "Array",
};
function builtinTag(value) {
  const tag = apply(objectToString, value, []);
  return tag === "[object Object]" ? undefined : TAGS[tag];
}

function describe(value) {
  const name = value.constructor?.name;
  return typeof name === "string" && name !== "" ? `#<${name}>` : "#<Object>";
}

function remember(value, copy, state) {
  state.memo.set(value, copy);
  return copy;
}

function cloneKind(kind, value, state) {
  switch (kind) {
    case "Array": {
      const copy = [];
      copy.length = value.length;
      return cloneProperties(value, remember(value, copy, state), state);
    }
    case "Boolean": return remember(value, Object(apply(call.booleanValue, value, [])), state);
    case "Number": return remember(value, Object(apply(call.numberValue, value, [])), state);
    case "String": return remember(value, Object(apply(call.stringValue, value, [])), state);
    case "BigInt": return remember(value, Object(apply(call.bigintValue, value, [])), state);
    case "Date": return remember(value, new Date(apply(call.dateValue, value, [])), state);
    case "RegExp": return remember(value, new RegExp(apply(sourceOf, value, []), apply(flagsOf, value, [])), state);
    case "Map": return cloneMap(value, state);
    case "Set": return cloneSet(value, state);
    case "Error": return cloneError(value, state);
    case "ArrayBuffer": return cloneBuffer(value, state);
    // The memory is shared by definition, so the same object serves.
    case "SharedArrayBuffer": return value;
    default:
      if (kind in VIEWS) return cloneView(kind, value, state);
      return refuse(`#<${kind}>`);
  }
}

function cloneProperties(value, copy, state) {
  const keys = objectKeys(value);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (!hasOwn(value, key)) continue;
    const child = cloneValue(value[key], state);
    // A key that Object.prototype knows must not reach a setter there.
    if (key in copy) defineProperty(copy, key, { value: child, writable: true, enumerable: true, configurable: true });
    else copy[key] = child;
  }
  return copy;
}

function cloneMap(value, state) {
  const copy = remember(value, new Map(), state);
  const entries = [];
  apply(mapForEach, value, [(item, key) => { entries.push(key, item); }]);
  for (let i = 0; i < entries.length; i += 2) {
    const key = cloneValue(entries[i], state);
    copy.set(key, cloneValue(entries[i + 1], state));
  }
  return copy;
}

function cloneSet(value, state) {
  const copy = remember(value, new Set(), state);
  const items = [];
  apply(setForEach, value, [(item) => { items.push(item); }]);
  for (let i = 0; i < items.length; i++) copy.add(cloneValue(items[i], state));
  return copy;
}

function cloneError(value, state) {
  let copy;
  if (isDOMException(value)) {
    copy = new DOMException(value.message, value.name);
  } else {
    const name = value.name;
    const Constructor = ERRORS[name === undefined ? "Error" : `${name}`] ?? Error;
    const message = getOwnPropertyDescriptor(value, "message");
    copy = message === undefined || !("value" in message) ? new Constructor() : new Constructor(`${message.value}`);
  }
  remember(value, copy, state);
  const stack = value.stack;
  if (typeof stack === "string") internal.define(copy, "stack", stack);
  if (hasOwn(value, "cause")) internal.define(copy, "cause", cloneValue(value.cause, state));
  return copy;
}

function cloneBuffer(buffer, state) {
  if (state.transfer !== null && state.transfer.has(buffer)) {
    return remember(buffer, pending(state, { buffer, kind: "ArrayBuffer" }), state);
  }
  if (isDetached(buffer)) refuse("A detached ArrayBuffer");
  const length = apply(get.bufferLength, buffer, []);
  const resizable = get.bufferResizable !== undefined && apply(get.bufferResizable, buffer, []);
  const copy = resizable ? new ArrayBuffer(length, { maxByteLength: apply(get.bufferMax, buffer, []) }) : new ArrayBuffer(length);
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return remember(buffer, copy, state);
}

function cloneView(kind, view, state) {
  const isDataView = kind === "DataView";
  const buffer = apply(isDataView ? get.viewBuffer : get.arrayBuffer, view, []);
  let offset, bytes, length;
  try {
    offset = apply(isDataView ? get.viewOffset : get.arrayOffset, view, []);
    bytes = apply(isDataView ? get.viewBytes : get.arrayBytes, view, []);
    length = isDataView ? bytes : apply(get.arrayLength, view, []);
    // Of an empty typed array only an operation on it tells whether it has left its buffer.
    if (!isDataView && length === 0) apply(arrayValues, view, []);
  } catch {
    refuse(`#<${kind}> out of its buffer's bounds`);
  }
  const shared = isSharedBuffer(buffer);
  if (!shared && isDetached(buffer)) refuse(`#<${kind}> of a detached ArrayBuffer`);
  // A view that reaches the end of a resizable buffer is taken to follow its length: the engine does not tell.
  const total = apply(shared ? get.sharedLength : get.bufferLength, buffer, []);
  const follows = !shared && get.bufferResizable !== undefined && apply(get.bufferResizable, buffer, []) && offset + bytes === total;
  const description = { buffer, kind, offset, length: follows ? undefined : length };
  const target = cloneValue(buffer, state);
  if (state.pending.has(target)) return remember(view, pending(state, description), state);
  return remember(view, new VIEWS[kind](target, offset, description.length), state);
}

function pending(state, description) {
  const placeholder = {};
  state.pending.set(placeholder, description);
  return placeholder;
}

// Detaches the transferred buffers and replaces every placeholder in the copy by what it stands for.
function settle(root, state) {
  const moved = new Map();
  for (const buffer of state.transfer) {
    if (isDetached(buffer)) throw new DOMException("An ArrayBuffer is detached and could not be transferred.", "DataCloneError");
  }
  for (const buffer of state.transfer) moved.set(buffer, apply(transferBuffer, buffer, []));
  const real = new Map();
  for (const [placeholder, { buffer, kind, offset, length }] of state.pending) {
    real.set(placeholder, kind === "ArrayBuffer" ? moved.get(buffer) : new VIEWS[kind](moved.get(buffer), offset, length));
  }
  const resolve = (child) => real.get(child) ?? child;
  if (real.size > 0) for (const copy of state.memo.values()) settleCopy(copy, resolve);
  return resolve(root);
}

function settleCopy(copy, resolve) {
  const kind = kindOf(copy);
  if (kind === "Map") {
    const entries = [...copy];
    copy.clear();
    for (const [key, item] of entries) copy.set(resolve(key), resolve(item));
  } else if (kind === "Set") {
    const items = [...copy];
    copy.clear();
    for (const item of items) copy.add(resolve(item));
  } else if (kind === "Error") {
    if (hasOwn(copy, "cause")) internal.define(copy, "cause", resolve(copy.cause));
  } else if (kind === undefined || kind === "Array") {
    for (const key of objectKeys(copy)) {
      const child = resolve(copy[key]);
      if (child !== copy[key]) defineProperty(copy, key, { value: child, writable: true, enumerable: true, configurable: true });
    }
  }
}

function transferSet(list) {
  const set = new Set();
  for (const item of list) {
    if (!isObject(item)) throw new TypeError("structuredClone: transfer must hold objects");
    if (!isBuffer(item)) throw new DOMException("Value not transferable", "DataCloneError");
    if (set.has(item)) throw new DOMException("An ArrayBuffer occurs twice in the transfer list", "DataCloneError");
    set.add(item);
  }
  return set;
}

const functions = {
  structuredClone(value, options = undefined) {
    need(arguments.length, 1, "structuredClone");
    const transfer = toDictionary(options, "structuredClone: options")?.transfer;
    const list = transfer === undefined ? [] : toSequence(transfer, "structuredClone: transfer");
    const state = { memo: new Map(), pending: new Map(), transfer: list.length === 0 ? null : transferSet(list) };
    const copy = cloneValue(value, state);
    return state.transfer === null ? copy : settle(copy, state);
  },
};

internal.define(globalThis, "structuredClone", functions.structuredClone);
internal.structuredClone = functions.structuredClone;
