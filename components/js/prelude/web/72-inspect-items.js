// What the console writes between the braces: array elements, Map and Set entries, bytes, properties.
// Start at `properties`. Invariant: every list is cut at a named limit, so the cost does not follow a hostile size.

const { apply } = internal.idl;
const { getOwnPropertyDescriptor, ownKeys } = Reflect;
const { keyName, escapeBare } = internal.inspectText;
const { get, isDetached } = internal.classify;
const { attempt } = internal.inspectName;
const { hasOwn, keys: objectKeys, getOwnPropertySymbols } = Object;
const mapEntries = Map.prototype.entries;
const setValues = Set.prototype.values;
const mapNext = new Map().entries().next;
const setNext = new Set().values().next;
const symbolToString = Symbol.prototype.toString;
const isIndex = /^(?:0|[1-9][0-9]*)$/;
const INDEX_MAX = 2 ** 32 - 2;

// Past this length an array's named properties are not looked for: listing all its keys would cost too much.
const LISTED_LENGTH_MAX = 10000;

const items = {};

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function more(output, left) {
  if (left > 0) output.push(`... ${plural(left, "more item")}`);
}

// Own keys to show: enumerable ones, or all with showHidden.
items.keys = function (ctx, value) {
  if (ctx.showHidden) return ownKeys(value);
  const keys = objectKeys(value);
  const symbols = getOwnPropertySymbols(value);
  for (const symbol of symbols) if (getOwnPropertyDescriptor(value, symbol)?.enumerable) keys.push(symbol);
  return keys;
};

// The same without the elements of something that is indexed.
items.namedKeys = function (ctx, value, length) {
  if (length > LISTED_LENGTH_MAX) return [];
  return items.keys(ctx, value).filter((key) => typeof key === "symbol" || !(isIndex.test(key) && +key <= INDEX_MAX));
};

items.property = function (ctx, value, key, depth, element) {
  const descriptor = getOwnPropertyDescriptor(value, key) ?? { value: attempt(() => value[key], undefined), enumerable: true };
  const shown = propertyValue(ctx, descriptor, depth);
  if (element) return shown;
  const name = typeof key === "symbol" ? `[${symbolText(key)}]` : descriptor.enumerable ? keyName(key) : `[${escapeBare(key)}]`;
  return `${name}: ${shown}`;
};

function propertyValue(ctx, descriptor, depth) {
  if (descriptor.get !== undefined) return descriptor.set !== undefined ? "[Getter/Setter]" : "[Getter]";
  if (descriptor.set !== undefined) return "[Setter]";
  ctx.indent += 2;
  const shown = ctx.format(ctx, descriptor.value, depth);
  ctx.indent -= 2;
  return shown;
}

function symbolText(symbol) {
  return apply(symbolToString, symbol, []);
}

// Adds the properties to `output` until the budget of the whole inspection is used up.
items.properties = function (ctx, output, value, keys, depth) {
  for (let i = 0; i < keys.length; i++) {
    if (ctx.left <= 0) return more(output, keys.length - i);
    output.push(items.property(ctx, value, keys[i], depth, false));
  }
};

items.array = function (ctx, value, depth) {
  const output = [];
  const length = value.length;
  const shown = Math.min(ctx.maxArrayLength, length);
  for (let i = 0; i < shown; i++) {
    if (ctx.left <= 0) {
      more(output, length - i);
      return output;
    }
    if (!hasOwn(value, i)) return arrayWithHoles(ctx, value, depth, output, i);
    output.push(items.property(ctx, value, i, depth, true));
  }
  more(output, length - shown);
  return output;
};

// From the first hole on, runs of holes are one item each. Present indices come sorted from the engine.
function arrayWithHoles(ctx, value, depth, output, from) {
  const length = value.length;
  let index = from;
  for (const key of presentIndices(value, from, length)) {
    if (output.length >= ctx.maxArrayLength || ctx.left <= 0) break;
    if (key !== index) {
      output.push(`<${plural(key - index, "empty item")}>`);
      index = key;
      if (output.length >= ctx.maxArrayLength) break;
    }
    output.push(items.property(ctx, value, key, depth, true));
    index++;
  }
  const left = length - index;
  if (left > 0 && output.length < ctx.maxArrayLength) output.push(`<${plural(left, "empty item")}>`);
  else more(output, left);
  return output;
}

function* presentIndices(value, from, length) {
  for (const key of objectKeys(value)) {
    if (!isIndex.test(key) || +key > INDEX_MAX) return;
    if (+key >= from && +key < length) yield +key;
  }
}

items.typedArray = function (ctx, value, depth) {
  const length = apply(get.arrayLength, value, []);
  const shown = Math.min(ctx.maxArrayLength, length);
  const output = [];
  for (let i = 0; i < shown; i++) output.push(ctx.format(ctx, value[i], depth));
  more(output, length - shown);
  return output;
};

items.set = function (ctx, value, depth) {
  const output = [];
  const size = apply(get.setSize, value, []);
  const shown = Math.min(ctx.maxArrayLength, size);
  const iterator = apply(setValues, value, []);
  ctx.indent += 2;
  for (let i = 0; i < shown && ctx.left > 0; i++) output.push(ctx.format(ctx, apply(setNext, iterator, []).value, depth));
  ctx.indent -= 2;
  more(output, size - output.length);
  return output;
};

items.map = function (ctx, value, depth) {
  const output = [];
  const size = apply(get.mapSize, value, []);
  const shown = Math.min(ctx.maxArrayLength, size);
  const iterator = apply(mapEntries, value, []);
  ctx.indent += 2;
  for (let i = 0; i < shown && ctx.left > 0; i++) {
    const [key, item] = apply(mapNext, iterator, []).value;
    output.push(`${ctx.format(ctx, key, depth)} => ${ctx.format(ctx, item, depth)}`);
  }
  ctx.indent -= 2;
  more(output, size - output.length);
  return output;
};

const hex = (byte) => (byte + 0x100).toString(16).slice(1);

items.buffer = function (ctx, value) {
  if (apply(get.bufferLength, value, []) === 0 && isDetached(value)) return ["(detached)"];
  return bufferBytes(ctx, new Uint8Array(value));
};

items.sharedBuffer = function (ctx, value) {
  return bufferBytes(ctx, new Uint8Array(value));
};

function bufferBytes(ctx, bytes) {
  const shown = Math.min(ctx.maxArrayLength, bytes.length);
  let text = "";
  for (let i = 0; i < shown; i++) text += (i === 0 ? "" : " ") + hex(bytes[i]);
  const left = bytes.length - shown;
  if (left > 0) text += ` ... ${plural(left, "more byte")}`;
  return [`[Uint8Contents]: <${text}>`];
}

items.promise = function (ctx, value, depth) {
  const details = internal.classify.promiseDetails?.(value);
  if (details === undefined) return ["<unknown>"];
  if (details[0] === 0) return ["<pending>"];
  ctx.indent += 2;
  const shown = ctx.format(ctx, details[1], depth);
  ctx.indent -= 2;
  return [details[0] === 2 ? `<rejected> ${shown}` : shown];
};

items.symbolText = symbolText;
internal.inspectItems = items;
