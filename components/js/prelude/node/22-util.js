// node:util. Start at `util`; `inspect` and `format` are the console's own.

const {
  ArrayIsArray, ArrayPrototypePush, FunctionPrototypeBind, MapPrototypeGet, MapPrototypeSet, ObjectDefineProperty, ObjectDefineProperties,
  ObjectGetOwnPropertyDescriptors, ObjectGetPrototypeOf, ObjectKeys, ObjectSetPrototypeOf, ReflectApply, ReflectConstruct, RegExpPrototypeSymbolReplace,
  StringPrototypeSlice, StringPrototypeToUpperCase, StringPrototypeSplit, StringPrototypeIndexOf, PromisePrototypeThen, Promise, Map,
} = internal.primordials;
const { ObjectAssign } = internal.primordials;
const { checkArgument: check, invalidType, invalidValue, nodeError, types } = internal;
const customPromisify = Symbol.for("nodejs.util.promisify.custom");
const argumentNames = Symbol("customPromisifyArgs");
internal.promisifyArguments = argumentNames;

function inspect(value, options, ...more) {
  // The old form: inspect(value, showHidden, depth, colors).
  if (typeof options === "boolean" || more.length > 0) {
    options = { showHidden: options || undefined, ...(more[0] === undefined ? {} : { depth: more[0] }), ...(more[1] === undefined ? {} : { colors: more[1] }) };
  }
  return internal.inspect(value, options === null ? undefined : options);
}
inspect.custom = internal.inspectCustom;
internal.utilInspect = inspect; // what a program's own inspection functions are given

// Codes of the terminal: how a style begins and how it ends.
inspect.colors = {
  __proto__: null,
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], blink: [5, 25], inverse: [7, 27], hidden: [8, 28],
  strikethrough: [9, 29], doubleunderline: [21, 24], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39],
  magenta: [35, 39], cyan: [36, 39], white: [37, 39], bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49], bgYellow: [43, 49], bgBlue: [44, 49],
  bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49], framed: [51, 54], overlined: [53, 55], gray: [90, 39], redBright: [91, 39],
  greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39], magentaBright: [95, 39], cyanBright: [96, 39], whiteBright: [97, 39],
  bgGray: [100, 49], bgRedBright: [101, 49], bgGreenBright: [102, 49], bgYellowBright: [103, 49], bgBlueBright: [104, 49],
  bgMagentaBright: [105, 49], bgCyanBright: [106, 49], bgWhiteBright: [107, 49],
};
for (const [alias, name] of [
  ["grey", "gray"], ["blackBright", "gray"], ["bgGrey", "bgGray"], ["bgBlackBright", "bgGray"], ["strikeThrough", "strikethrough"], ["crossedOut", "strikethrough"],
  ["faint", "dim"], ["inverted", "inverse"], ["swapColors", "inverse"], ["conceal", "hidden"], ["crossedout", "strikethrough"],
]) {
  ObjectDefineProperty(inspect.colors, alias, { get: () => inspect.colors[name], enumerable: false, configurable: true });
}
inspect.styles = {
  __proto__: null,
  special: "cyan", number: "yellow", bigint: "yellow", boolean: "yellow", undefined: "grey", null: "bold", string: "green", symbol: "green",
  date: "magenta", regexp: "red", module: "underline",
};
inspect.defaultOptions = {
  __proto__: null,
  showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100, maxStringLength: 10000, breakLength: 80,
  compact: 3, sorted: false, getters: false, numericSeparator: false,
};

function format(...args) {
  return internal.format(args);
}

function formatWithOptions(options, ...args) {
  check.object(options, "inspectOptions");
  return internal.formatWith === undefined ? internal.format(args) : internal.formatWith(options, args);
}

// ---- functions ----

function promisify(original) {
  check.function(original, "original");
  const custom = original[customPromisify];
  if (custom) {
    check.function(custom, "util.promisify.custom");
    return ObjectDefineProperty(custom, customPromisify, { value: custom, enumerable: false, writable: false, configurable: true });
  }
  const names = original[argumentNames];
  function promised(...args) {
    return new Promise((resolve, reject) => {
      ArrayPrototypePush(args, (error, ...values) => {
        if (error) return reject(error);
        if (names !== undefined && values.length > 1) {
          const object = {};
          for (let i = 0; i < names.length; i++) object[names[i]] = values[i];
          return resolve(object);
        }
        return resolve(values[0]);
      });
      ReflectApply(original, this, args);
    });
  }
  ObjectSetPrototypeOf(promised, ObjectGetPrototypeOf(original));
  ObjectDefineProperty(promised, customPromisify, { value: promised, enumerable: false, writable: false, configurable: true });
  const descriptors = ObjectGetOwnPropertyDescriptors(original);
  delete descriptors.prototype;
  delete descriptors.arguments;
  delete descriptors.caller;
  return ObjectDefineProperties(promised, descriptors);
}
promisify.custom = customPromisify;

function callbackify(original) {
  check.function(original, "original");
  function callbackified(...args) {
    const callback = args[args.length - 1];
    check.function(callback, "last argument");
    args.length -= 1;
    const done = FunctionPrototypeBind(callback, this);
    PromisePrototypeThen(
      Promise.resolve(ReflectApply(original, this, args)),
      (value) => internal.nextTick(done, null, value),
      (reason) => internal.nextTick(() => {
        if (reason) return done(reason);
        const error = nodeError(Error, "ERR_FALSY_VALUE_REJECTION", "Promise was rejected with falsy value");
        error.reason = reason;
        return done(error);
      }),
    );
  }
  const descriptors = ObjectGetOwnPropertyDescriptors(original);
  if (typeof descriptors.length?.value === "number") descriptors.length.value++;
  if (typeof descriptors.name?.value === "string") descriptors.name.value += "Callbackified";
  delete descriptors.prototype;
  delete descriptors.arguments;
  delete descriptors.caller;
  return ObjectDefineProperties(callbackified, descriptors);
}

const warned = new Map();

function deprecate(fn, message, code) {
  check.function(fn, "fn");
  if (code !== undefined) check.string(code, "code");
  let told = false;
  function deprecated(...args) {
    if (!told && !(code !== undefined && MapPrototypeGet(warned, code))) {
      told = true;
      if (code !== undefined) MapPrototypeSet(warned, code, true);
      internal.emitWarning(message, "DeprecationWarning", code, deprecated);
    }
    return new.target ? ReflectConstruct(fn, args, new.target) : ReflectApply(fn, this, args);
  }
  ObjectSetPrototypeOf(deprecated, fn);
  if (fn.prototype) deprecated.prototype = fn.prototype;
  return deprecated;
}

function inherits(constructor, superConstructor) {
  check.function(constructor ?? undefined, "ctor");
  check.function(superConstructor ?? undefined, "superCtor");
  if (superConstructor.prototype === undefined) throw invalidType("superCtor.prototype", "of type object", superConstructor.prototype);
  ObjectDefineProperty(constructor, "super_", { value: superConstructor, writable: true, configurable: true });
  ObjectSetPrototypeOf(constructor.prototype, superConstructor.prototype);
}

// ---- text ----

const CONTROL = /[\u001B\u009B][[\]()#;?]*(?:(?:(?:(?:;[-a-zA-Z\d/#&.:=?%@~_]+)*|[a-zA-Z\d]+(?:;[-a-zA-Z\d/#&.:=?%@~_]*)*)?(?:\u0007|\u001B\u005C|\u009C))|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]))/g;

function stripVTControlCharacters(text) {
  check.string(text, "str");
  return RegExpPrototypeSymbolReplace(CONTROL, text, "");
}

function styleText(style, text) {
  check.string(text, "text");
  const styles = ArrayIsArray(style) ? style : [style];
  let [head, tail] = ["", ""];
  for (let i = 0; i < styles.length; i++) {
    const codes = inspect.colors[styles[i]];
    if (codes === undefined) {
      throw invalidValue("format", styles[i], `must be one of: ${internal.primordials.ArrayPrototypeJoin(internal.primordials.ArrayPrototypeMap(ObjectKeys(inspect.colors), (name) => `'${name}'`), ", ")}`);
    }
    head += `\u001b[${codes[0]}m`;
    tail = `\u001b[${codes[1]}m${tail}`;
  }
  return `${head}${text}${tail}`;
}

function toUSVString(text) {
  return `${text}`.toWellFormed();
}

// ---- debuglog ----

function enabledFor(name) {
  const list = StringPrototypeSplit(`${internal.readEnv?.("NODE_DEBUG") ?? ""}`, ",");
  for (let i = 0; i < list.length; i++) {
    const wanted = StringPrototypeToUpperCase(list[i]);
    if (wanted === name || (wanted[wanted.length - 1] === "*" && StringPrototypeIndexOf(name, StringPrototypeSlice(wanted, 0, -1)) === 0)) return true;
  }
  return false;
}

function debuglog(set, whenEnabled) {
  const name = StringPrototypeToUpperCase(`${set}`);
  let enabled;
  const isEnabled = () => (enabled ??= enabledFor(name));
  const log = (...args) => {
    if (!isEnabled()) return;
    if (typeof whenEnabled === "function") {
      const told = whenEnabled;
      whenEnabled = undefined;
      told(log);
    }
    internal.printError(`${name} ${internal.processId}: ${internal.format(args)}\n`);
  };
  ObjectDefineProperty(log, "enabled", { get: isEnabled, configurable: true, enumerable: true });
  return log;
}

// ---- signals and errors ----

function aborted(signal, resource) {
  if (signal === undefined) throw invalidType("signal", "an instance of AbortSignal", signal);
  check.signal(signal, "signal");
  check.object(resource, "resource");
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function getSystemErrorName(number) {
  check.number(number, "err");
  const names = ObjectKeys(internal.systemErrors);
  for (let i = 0; i < names.length; i++) if (internal.systemErrors[names[i]][0] === number) return names[i];
  return undefined;
}

function getSystemErrorMap() {
  const map = new Map();
  const names = ObjectKeys(internal.systemErrors);
  for (let i = 0; i < names.length; i++) {
    const [number, message] = internal.systemErrors[names[i]];
    MapPrototypeSet(map, number, [names[i], message]);
  }
  return map;
}

const isPrimitive = (value) => value === null || (typeof value !== "object" && typeof value !== "function");

const util = {
  _errnoException(number, syscall, original) {
    const code = getSystemErrorName(number) ?? `Unknown system error ${number}`;
    const error = new Error(`${syscall} ${code}${original ? ` ${original}` : ""}`);
    return ObjectAssign(error, { errno: number, code, syscall });
  },
  _extend(target, source) {
    if (source === null || typeof source !== "object") return target;
    const keys = ObjectKeys(source);
    for (let i = keys.length - 1; i >= 0; i--) target[keys[i]] = source[keys[i]];
    return target;
  },
  aborted,
  callbackify,
  debug: debuglog,
  debuglog,
  deprecate,
  format,
  formatWithOptions,
  getSystemErrorMap,
  getSystemErrorName,
  inherits,
  inspect,
  isArray: ArrayIsArray,
  isBoolean: (value) => typeof value === "boolean",
  isBuffer: (value) => internal.Buffer.isBuffer(value),
  isDeepStrictEqual: (a, b) => internal.deepEqual(a, b, true),
  isNull: (value) => value === null,
  isNullOrUndefined: (value) => value === null || value === undefined,
  isNumber: (value) => typeof value === "number",
  isString: (value) => typeof value === "string",
  isSymbol: (value) => typeof value === "symbol",
  isUndefined: (value) => value === undefined,
  isRegExp: types.isRegExp,
  isObject: (value) => value !== null && typeof value === "object",
  isDate: types.isDate,
  isError: (value) => types.isNativeError(value) || value instanceof Error,
  isFunction: (value) => typeof value === "function",
  isPrimitive,
  log(...args) {
    const now = new Date();
    const two = (number) => (number < 10 ? `0${number}` : `${number}`);
    const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    console.log("%s - %s", `${now.getDate()} ${months[now.getMonth()]} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`, format(...args));
  },
  MIMEType: internal.refuseClass("util.MIMEType"),
  MIMEParams: internal.refuseClass("util.MIMEParams"),
  parseArgs: undefined,
  promisify,
  stripVTControlCharacters,
  styleText,
  toUSVString,
  TextDecoder: globalThis.TextDecoder,
  TextEncoder: globalThis.TextEncoder,
  transferableAbortController: () => new AbortController(),
  transferableAbortSignal: (signal) => signal,
  types,
};
internal.util = util;
internal.modules["node:util"] = util;
internal.modules["node:sys"] = util;
