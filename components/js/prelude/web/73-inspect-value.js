// inspect: any value as text, in the form that Node and Deno print. Start at `formatValue`.
// Invariants: no value makes it throw or run long. What a guest's code answers (getters are not called, but `constructor`,
// string tags and custom inspection functions are) is guarded; `ctx.left` bounds the values visited in one inspection
// and the text they make, and past it objects show as they do below the depth limit.

const { apply, brands, inspectors, objectPrototype } = internal.idl;
const { kindOf, isNamespace, isErrorValue, proxyDetails, get, call } = internal.classify;
const { quote, layout } = internal.inspectText;
const { attempt, constructorName, stringTag, prefix, functionHeading, isErrorLike, errorText, errorHeading } = internal.inspectName;
const items = internal.inspectItems;
const { getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
const { hasOwn } = Object;
const { isArray, prototype: arrayPrototype } = Array;
const { isView } = ArrayBuffer;
const objectToString = Object.prototype.toString;
const regexpToString = RegExp.prototype.toString;
const dateToString = Date.prototype.toString;
const dateToISOString = Date.prototype.toISOString;

const customInspect = Symbol.for("nodejs.util.inspect.custom");
const denoInspect = Symbol.for("Deno.customInspect");

const VALUES_MAX = 100000;
const TEXT_MAX = 4 << 20;
const PROXY_CHAIN_MAX = 100;
const INTERRUPTED = "[Inspection interrupted prematurely. Maximum call stack size exceeded.]";

const DEFAULTS = {
  showHidden: false, depth: 2, customInspect: true, showProxy: false, maxArrayLength: 100, maxStringLength: 10000,
  breakLength: 80, compact: 3, sorted: false,
};

function limit(value) {
  return value === null ? Infinity : Math.max(0, +value || 0);
}

// One inspection: its options, and where it is.
class Context {
  showHidden = false;
  depth = 2;
  customInspect = true;
  showProxy = false;
  maxArrayLength = 100;
  maxStringLength = 10000;
  breakLength = 80;
  compact = 3;
  sorted = false;
  given = undefined;
  format = formatValue;
  indent = 0;
  current = 0;
  seen = [];
  circular = null;
  left = VALUES_MAX;
  text = TEXT_MAX;

  // What a guest's inspection function is told.
  get options() {
    return { ...DEFAULTS, ...this.given };
  }
}

function createContext(given) {
  const ctx = new Context();
  if (given === undefined || given === null) return ctx;
  ctx.given = given;
  const options = { __proto__: null, ...DEFAULTS, ...given };
  ctx.showHidden = !!options.showHidden;
  ctx.depth = options.depth === null ? Infinity : +options.depth;
  ctx.customInspect = !!options.customInspect;
  ctx.showProxy = !!options.showProxy;
  ctx.maxArrayLength = limit(options.maxArrayLength);
  ctx.maxStringLength = limit(options.maxStringLength);
  ctx.breakLength = +options.breakLength;
  ctx.compact = options.compact === true ? 3 : +options.compact;
  ctx.sorted = options.sorted;
  return ctx;
}

function formatPrimitive(ctx, value) {
  switch (typeof value) {
    case "string": return formatString(ctx, value);
    case "number": return value === 0 && 1 / value < 0 ? "-0" : `${value}`;
    case "bigint": return `${value}n`;
    case "symbol": return items.symbolText(value);
    default: return `${value}`;
  }
}

function formatString(ctx, value) {
  let trailer = "";
  if (value.length > ctx.maxStringLength) {
    const left = value.length - ctx.maxStringLength;
    value = value.slice(0, ctx.maxStringLength);
    trailer = `... ${left} more character${left === 1 ? "" : "s"}`;
  }
  if (value.length > 16 && value.length > ctx.breakLength - ctx.indent - 4 && value.includes("\n")) {
    const lines = value.split(/(?<=\n)/);
    return lines.map(quote).join(` +\n${" ".repeat(ctx.indent + 2)}`) + trailer;
  }
  return quote(value) + trailer;
}

function formatValue(ctx, value, depth) {
  ctx.left--;
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return formatPrimitive(ctx, value);
  const { indent } = ctx;
  const nesting = ctx.seen.length;
  let shown;
  try {
    shown = formatObject(ctx, value, depth);
  } catch (error) {
    ctx.indent = indent;
    ctx.seen.length = nesting;
    shown = interrupted(error);
  }
  ctx.text -= shown.length;
  if (ctx.text <= 0) ctx.left = 0;
  return shown;
}

function interrupted(error) {
  const overflow = attempt(() => error instanceof RangeError || error?.name === "InternalError", true);
  return overflow ? INTERRUPTED : `[Inspection threw ${attempt(() => `${error}`, "an exception")}]`;
}

function formatObject(ctx, value, depth) {
  let target = value;
  if (proxyDetails !== undefined) {
    let details = proxyDetails(target);
    if (details !== undefined && ctx.showProxy) return formatProxy(ctx, details, depth);
    for (let i = 0; details !== undefined; i++) {
      target = details[0];
      if (target === null || target === undefined) return "<Revoked Proxy>";
      if (i === PROXY_CHAIN_MAX) return "<Proxy>";
      details = proxyDetails(target);
    }
  }
  if (ctx.customInspect && ctx.left > 0) {
    const custom = formatCustom(ctx, value, target, depth);
    if (custom !== undefined) return custom;
  }
  if (ctx.seen.includes(target)) {
    ctx.circular ??= new Map();
    if (!ctx.circular.has(target)) ctx.circular.set(target, ctx.circular.size + 1);
    return `[Circular *${ctx.circular.get(target)}]`;
  }
  return formatRaw(ctx, target, depth);
}

function formatProxy(ctx, [target, handler], depth) {
  if (target === null || target === undefined) return "<Revoked Proxy>";
  if (depth > ctx.depth) return "Proxy [Array]";
  ctx.indent += 2;
  const output = [formatValue(ctx, target, depth + 1), formatValue(ctx, handler, depth + 1)];
  ctx.indent -= 2;
  return layout(ctx, output, "", "Proxy [", "]", 0, "mixed");
}

// A property that may be a getter of hostile code.
function read(object, key) {
  try {
    return object[key];
  } catch {
    return undefined;
  }
}

// A guest's own inspection function, if the object has one.
function formatCustom(ctx, value, target, depth) {
  const node = read(target, customInspect);
  const method = node ?? read(target, denoInspect);
  if (typeof method !== "function" || method === inspect) return undefined;
  const own = getOwnPropertyDescriptor(target, "constructor")?.value;
  if (typeof own === "function" && own.prototype === target) return undefined;
  const options = { ...ctx.options, depth: ctx.depth - depth, stylize: (text) => `${text}` };
  const shown = apply(method, value, method === node ? [ctx.depth - depth, options, internal.utilInspect ?? inspect] : [inspect, options]);
  if (shown === value) return undefined;
  if (typeof shown !== "string") return formatValue(ctx, shown, depth);
  return shown.replaceAll("\n", `\n${" ".repeat(ctx.indent)}`);
}

// What `describe` answers: {base, open, close, keys, body, list}. `body` writes the items that are not properties, `list` is
// true where they are elements that may be put into columns.
function formatRaw(ctx, value, depth) {
  const prototype = getPrototypeOf(value);
  // Plain objects and arrays, which are most of what is logged, skip the questions that only other objects need.
  const common = prototype === objectPrototype || prototype === arrayPrototype;
  const plain = common && typeof value === "object" && !hasOwn(value, "constructor");
  const name = !plain ? constructorName(ctx, value, depth) : prototype === objectPrototype ? "Object" : "Array";
  const tag = stringTag(ctx, value);
  const web = plain ? undefined : formatWeb(ctx, value, name, depth);
  if (web !== undefined) return web;
  const shape = describe(ctx, value, name, tag, plain);
  if (typeof shape === "string") return shape;
  if (depth > ctx.depth || ctx.left <= 0) return shape.whole ?? belowDepth(name, tag);
  return writeShape(ctx, value, depth, shape);
}

function belowDepth(name, tag) {
  const title = prefix(name, tag, "Object").slice(0, -1);
  return name === null ? title : `[${title}]`;
}

function writeShape(ctx, value, depth, shape) {
  ctx.seen.push(value);
  ctx.current = depth + 1;
  const output = shape.body === undefined ? [] : shape.body(ctx, value, depth + 1);
  items.properties(ctx, output, value, shape.keys, depth + 1);
  ctx.seen.pop();
  const list = shape.list ? (allNumeric(value, output.length) ? "numeric" : "mixed") : null;
  if (ctx.sorted) sortOutput(ctx, output, shape, list);
  let { base } = shape;
  const reference = ctx.circular?.get(value);
  if (reference !== undefined) base = base === "" ? `<ref *${reference}>` : `<ref *${reference}> ${base}`;
  return layout(ctx, output, base, shape.open, shape.close, ctx.current - depth - 1, list);
}

function sortOutput(ctx, output, shape, list) {
  const compare = typeof ctx.sorted === "function" ? ctx.sorted : undefined;
  if (list === null) return output.sort(compare);
  const named = output.splice(output.length - shape.keys.length).sort(compare);
  output.push(...named);
}

// Columns of numbers are aligned to the right.
function allNumeric(value, count) {
  for (let i = 0; i < count; i++) {
    const type = typeof getOwnPropertyDescriptor(value, i)?.value;
    if (type !== "number" && type !== "bigint") return false;
  }
  return true;
}

// Interfaces of the prelude register which of their attributes the console shows.
function formatWeb(ctx, value, name, depth) {
  if (typeof value !== "object") return undefined;
  let prototype = getPrototypeOf(value);
  for (let i = 0; prototype !== null && i < 10; i++) {
    const inspector = inspectors.get(prototype);
    if (inspector !== undefined && brands.some((is) => is(value))) {
      return attempt(() => inspector(value, webView(ctx, prototype, name, depth)), undefined);
    }
    prototype = getPrototypeOf(prototype);
  }
  return undefined;
}

function webView(ctx, prototype, name, depth) {
  const view = (value, keys) => view.entries(value, keys.map((key) => [key, Reflect.get(prototype, key, value)]), ": ");
  view.entries = (value, entries, separator) => {
    const title = prefix(name, "", "Object");
    const own = items.keys(ctx, value);
    if (entries.length + own.length === 0) return `${title}{}`;
    if (depth > ctx.depth) return `[${title.slice(0, -1)}]`;
    ctx.seen.push(value);
    ctx.current = depth + 1;
    ctx.indent += 2;
    const output = entries.map(([key, item]) => {
      return `${separator === ": " ? key : quote(key)}${separator}${formatValue(ctx, item, depth + 1)}`;
    });
    ctx.indent -= 2;
    items.properties(ctx, output, value, own, depth + 1);
    ctx.seen.pop();
    const reference = ctx.circular?.get(value);
    return layout(ctx, output, reference === undefined ? "" : `<ref *${reference}>`, `${title}{`, "}", ctx.current - depth - 1, null);
  };
  return view;
}

// The shape of a value by its kind, or the whole text where nothing is between braces.
function describe(ctx, value, name, tag, plain) {
  const kind = plain ? plainKind(value) : typeof value === "function" ? "Function" : isErrorLike(value) ? "Error" : kindOf(value);
  if (kind === undefined) return plainObject(ctx, value, name, tag, kind);
  const writer = shapes[kind];
  if (writer !== undefined) return writer(ctx, value, name, tag, kind);
  if (isView(value)) return typedArray(ctx, value, name, tag, kind);
  return plainObject(ctx, value, name, tag, kind);
}

function plainKind(value) {
  return isArray(value) ? "Array" : isErrorValue(value) ? "Error" : undefined;
}

function braces(title, keys, body, whole) {
  return { base: "", open: `${title}{`, close: "}", keys, body, whole };
}

function based(base, keys) {
  return keys.length === 0 ? base : { base, open: "{", close: "}", keys };
}

function plainObject(ctx, value, name, tag, kind) {
  const keys = items.keys(ctx, value);
  if (name === null && isNamespace(value)) return braces(prefix(null, "Module", "Module"), keys);
  let title = prefix(name, tag, kind ?? "Object");
  if (name === "Object") {
    title = isArguments(value) ? "[Arguments] " : tag === "" ? "" : title;
  }
  return keys.length === 0 ? `${title}{}` : braces(title, keys);
}

function isArguments(value) {
  return hasOwn(value, Symbol.iterator) && hasOwn(value, "length") && apply(objectToString, value, []) === "[object Arguments]";
}

function typedArray(ctx, value, name, tag, kind) {
  const length = apply(get.arrayLength, value, []);
  const keys = items.namedKeys(ctx, value, length);
  const title = prefix(name, tag, kind, `(${length})`);
  if (length === 0 && keys.length === 0) return `${title}[]`;
  return { base: "", open: `${title}[`, close: "]", keys, list: true, body: items.typedArray };
}

function boxed(method, quoteIt) {
  return (ctx, value, name, tag, kind) => {
    const primitive = apply(method, value, []);
    let keys = items.keys(ctx, value);
    if (kind === "String") keys = items.namedKeys(ctx, value, primitive.length);
    let base = `[${kind}`;
    if (kind !== name) base += name === null ? " (null prototype)" : ` (${name})`;
    base += `: ${quoteIt(ctx, primitive)}]`;
    if (tag !== "" && tag !== name) base += ` [${tag}]`;
    return based(base, keys);
  };
}

const shapes = {
  __proto__: null,
  Array(ctx, value, name, tag) {
    const title = name !== "Array" || tag !== "" ? prefix(name, tag, "Array", `(${value.length})`) : "";
    const keys = items.namedKeys(ctx, value, value.length);
    if (value.length === 0 && keys.length === 0) return `${title}[]`;
    return { base: "", open: `${title}[`, close: "]", keys, list: true, body: items.array };
  },
  Set(ctx, value, name, tag) {
    const size = apply(get.setSize, value, []);
    const title = prefix(name, tag, "Set", `(${size})`);
    const keys = items.keys(ctx, value);
    return size === 0 && keys.length === 0 ? `${title}{}` : braces(title, keys, items.set);
  },
  Map(ctx, value, name, tag) {
    const size = apply(get.mapSize, value, []);
    const title = prefix(name, tag, "Map", `(${size})`);
    const keys = items.keys(ctx, value);
    return size === 0 && keys.length === 0 ? `${title}{}` : braces(title, keys, items.map);
  },
  Function(ctx, value, name, tag) {
    return based(functionHeading(value, name, tag), items.keys(ctx, value));
  },
  RegExp(ctx, value, name, tag) {
    const title = prefix(name, tag, "RegExp");
    const literal = attempt(() => apply(regexpToString, name === null ? new RegExp(value) : value, []), "/(?:)/");
    const base = title === "RegExp " ? literal : `${title}${literal}`;
    const shape = based(base, items.keys(ctx, value));
    return typeof shape === "string" ? shape : { ...shape, whole: base };
  },
  Date(ctx, value, name, tag) {
    const time = apply(call.dateValue, value, []);
    const title = prefix(name, tag, "Date");
    const text = time !== time ? apply(dateToString, value, []) : apply(dateToISOString, value, []);
    return based(title === "Date " ? text : `${title}${text}`, items.keys(ctx, value));
  },
  Error: errorShape,
  ArrayBuffer(ctx, value, name, tag) {
    return bufferShape(ctx, value, prefix(name, tag, "ArrayBuffer"), items.buffer);
  },
  SharedArrayBuffer(ctx, value, name, tag) {
    return bufferShape(ctx, value, prefix(name, tag, "SharedArrayBuffer"), items.sharedBuffer);
  },
  DataView(ctx, value, name, tag) {
    const body = (context, view, depth) => ["byteLength", "byteOffset", "buffer"].map((key) => member(context, view, key, depth));
    return braces(prefix(name, tag, "DataView"), items.keys(ctx, value), body);
  },
  Promise(ctx, value, name, tag) {
    return braces(prefix(name, tag, "Promise"), items.keys(ctx, value), items.promise);
  },
  WeakSet(ctx, value, name, tag) {
    return braces(prefix(name, tag, "WeakSet"), items.keys(ctx, value), () => ["<items unknown>"]);
  },
  WeakMap(ctx, value, name, tag) {
    return braces(prefix(name, tag, "WeakMap"), items.keys(ctx, value), () => ["<items unknown>"]);
  },
  Number: boxed(call.numberValue, formatPrimitive),
  Boolean: boxed(call.booleanValue, formatPrimitive),
  BigInt: boxed(call.bigintValue, formatPrimitive),
  Symbol: boxed(call.symbolValue, formatPrimitive),
  String: boxed(call.stringValue, formatPrimitive),
};

function member(ctx, value, key, depth) {
  ctx.indent += 2;
  const shown = `${key}: ${formatValue(ctx, attempt(() => value[key], undefined), depth)}`;
  ctx.indent -= 2;
  return shown;
}

function bufferShape(ctx, value, title, bytes) {
  return braces(title, items.keys(ctx, value), (context, buffer, depth) => [
    ...bytes(context, buffer),
    member(context, buffer, "byteLength", depth),
  ]);
}

function errorShape(ctx, value, name, tag) {
  const parts = errorText(value);
  const whole = `${parts.text}${parts.frames}`;
  const keys = items.keys(ctx, value).filter((key) => {
    if (key !== "name" && key !== "message" && key !== "stack") return true;
    const own = attempt(() => value[key], "");
    return typeof own === "string" && key !== "stack" && !whole.includes(own);
  });
  if (attempt(() => "cause" in value, false) && !keys.includes("cause")) keys.push("cause");
  if (attempt(() => Array.isArray(value.errors), false) && !keys.includes("errors")) keys.push("errors");
  let base = errorHeading(parts.text, parts.name, name, tag);
  base = parts.frames === "" ? `[${base}]` : base + parts.frames;
  if (ctx.indent > 0) base = base.replaceAll("\n", `\n${" ".repeat(ctx.indent)}`);
  return based(base, keys);
}

// The value as text. `options` as those of Node's util.inspect, but for colours, which are never written.
function inspect(value, options = undefined) {
  return formatValue(createContext(options), value, 0);
}

internal.inspect = inspect;
internal.inspectCustom = customInspect;
