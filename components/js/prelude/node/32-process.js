// process: what a program asks of its surroundings. Start at `process`; 33-process-events.js has what happens to it.
//
// Nothing here is read before a program asks for it. Invariant: the environment shows what was granted and nothing else; a name that
// was not granted looks like one that is not set, because packages look at many.

const { ArrayPrototypePush, MathFloor, MathRound, NumberIsInteger, BigInt, ObjectDefineProperty, StringPrototypeIndexOf, StringPrototypeSlice, ReflectDefineProperty } =
  internal.primordials;
const { ObjectKeys, ReflectGet } = internal.primordials;
const { EventEmitter, checkArgument: check, invalidType, invalidValue, outOfRange, nodeError } = internal;

const ROLE_ENV = 8;
const ENV_LIST = 65;
// Names that were asked for in vain and are told to the host.
const ASKED_MAX = 256;
const STDERR = 5;
const NS_PER_MS = 1e6;
const VERSION = "20.19.0";
const EXEC_PATH = "/usr/local/bin/b8g";
internal.processId = 1;

function process() {}
const prototype = Object.create(EventEmitter.prototype, { constructor: { value: process, writable: true, enumerable: false, configurable: true } });
const made = Object.create(prototype);
internal.process = made;
internal.printError = (text) => sys.print(STDERR, text);

// A property whose value is made when it is first read; the program may set it to something else.
function lazy(name, make) {
  let value;
  let known = false;
  ObjectDefineProperty(made, name, {
    get() {
      if (!known) {
        known = true;
        value = make();
      }
      return value;
    },
    set(other) {
      known = true;
      value = other;
    },
    enumerable: true,
    configurable: true,
  });
}
internal.lazyProcess = lazy;

// ---- the environment ----

// Puts what was granted into an object.
function readEnvironment(target) {
  const handle = sys.handle(ROLE_ENV);
  if (!handle) return target;
  let bytes = new Uint8Array(4096);
  let length = sys.ctl(handle, ENV_LIST, null, bytes, 0);
  if (length > bytes.length) {
    bytes = new Uint8Array(length);
    length = sys.ctl(handle, ENV_LIST, null, bytes, 0);
  }
  const text = length > 0 ? sys.utf8Decode(internal.bufferPart(bytes, 0, length), false) : "";
  for (let at = 0; at < text.length;) {
    const end = StringPrototypeIndexOf(text, "\0", at);
    const equals = StringPrototypeIndexOf(text, "=", at);
    if (end < 0) break;
    if (equals > at && equals < end) {
      const value = StringPrototypeSlice(text, equals + 1, end);
      ReflectDefineProperty(target, StringPrototypeSlice(text, at, equals), { __proto__: null, value, writable: true, enumerable: true, configurable: true });
    }
    at = end + 1;
  }
  return target;
}

lazy("env", () => {
  const target = readEnvironment({});
  internal.renewing(() => readEnvironment(target));
  let asked = 0;
  return new Proxy(target, {
    __proto__: null,
    // What was not granted looks as if it was not set; that it was asked for is told, with the flag.
    get(variables, name, receiver) {
      if (typeof name === "string" && !(name in variables) && asked < ASKED_MAX) {
        asked++;
        sys.env(name);
      }
      return ReflectGet(variables, name, receiver);
    },
    set(variables, name, value) {
      if (typeof name === "symbol" || typeof value === "symbol") throw new TypeError("Cannot convert a Symbol value to a string");
      return ReflectDefineProperty(variables, name, { __proto__: null, value: `${value}`, writable: true, enumerable: true, configurable: true });
    },
    defineProperty(variables, name, descriptor) {
      if (!("value" in descriptor) || !descriptor.configurable || !descriptor.writable || !descriptor.enumerable) {
        throw nodeError(TypeError, "ERR_INVALID_OBJECT_DEFINE_PROPERTY",
          "'process.env' only accepts a configurable, writable, and enumerable data descriptor");
      }
      return ReflectDefineProperty(variables, name, { __proto__: null, value: `${descriptor.value}`, writable: true, enumerable: true, configurable: true });
    },
  });
});
internal.readEnv = (name) => made.env[name];

// ---- what it was started with ----

lazy("argv", () => {
  const fill = (list) => {
    list.length = 0;
    ArrayPrototypePush(list, EXEC_PATH);
    const entry = sys.entry();
    if (entry !== undefined) ArrayPrototypePush(list, entry);
    const args = sys.args();
    for (let i = 0; i < args.length; i++) ArrayPrototypePush(list, args[i]);
    return list;
  };
  const argv = fill([]);
  internal.renewing(() => fill(argv));
  return argv;
});

// ---- time and memory ----

function hrtime(before) {
  const ns = MathRound(sys.nowMono() * NS_PER_MS);
  const now = [MathFloor(ns / 1e9), ns % 1e9];
  if (before === undefined) return now;
  check.array(before, "time");
  if (before.length !== 2) throw outOfRange("time", 2, before.length);
  const seconds = now[0] - before[0];
  const rest = now[1] - before[1];
  return rest < 0 ? [seconds - 1, rest + 1e9] : [seconds, rest];
}
hrtime.bigint = () => BigInt(MathRound(sys.nowMono() * NS_PER_MS));

function memoryUsage() {
  const [all, allocated, used] = sys.memoryUsage();
  return { rss: all, heapTotal: allocated, heapUsed: used, external: 0, arrayBuffers: 0 };
}
memoryUsage.rss = () => sys.memoryUsage()[0];

// ---- warnings ----

const RESERVED = ["Warning", "DeprecationWarning"];

function emitWarning(warning, type, code, ctor) {
  let detail;
  if (type !== null && typeof type === "object") {
    ({ ctor, code, detail, type } = type);
  } else if (typeof type === "function") {
    ctor = type;
    code = "";
    type = RESERVED[0];
  }
  if (type !== undefined) check.string(type, "type");
  if (typeof code === "function") code = undefined;
  else if (code !== undefined) check.string(code, "code");
  if (typeof warning === "string") {
    const text = warning;
    warning = new Error(text);
    warning.name = `${type || RESERVED[0]}`;
    if (code !== undefined) warning.code = code;
    if (detail !== undefined) warning.detail = detail;
  } else if (!(warning instanceof Error)) {
    throw invalidType("warning", "of type string or an instance of Error", warning);
  }
  if (warning.name === RESERVED[1] && made.noDeprecation) return;
  internal.nextTick(() => {
    if (!made.noWarnings && !(warning.name === RESERVED[1] && made.noDeprecation)) {
      const shown = `${warning.code ? `[${warning.code}] ` : ""}${warning.name}: ${warning.message}`;
      internal.printError(`(b8g:${internal.processId}) ${shown}\n${typeof warning.detail === "string" ? `${warning.detail}\n` : ""}`);
    }
    made.emit("warning", warning);
  });
}
internal.emitWarning = emitWarning;

// ---- the object ----

let title = "b8g";
let mask = 0o22;
const id = (name) => ({ [name]: () => 1000 })[name];
const unable = (name) => internal.refuse(`process.${name}()`);

const simple = {
  version: `v${VERSION}`,
  versions: { node: VERSION, b8g: "0.1.0", v8: "11.3.244.8-node.0", uv: "1.46.0", modules: "115", zlib: "1.3.0", openssl: "3.0.0", unicode: "15.0" },
  arch: "x64",
  platform: "linux",
  release: { name: "node", lts: "Iron" },
  moduleLoadList: [],
  config: Object.freeze({ target_defaults: Object.freeze({}), variables: Object.freeze({}) }),
  features: { inspector: false, debug: false, uv: false, ipv6: true, tls_alpn: true, tls_sni: true, tls_ocsp: false, tls: true, cached_builtins: true },
  execArgv: [],
  execPath: EXEC_PATH,
  argv0: "b8g",
  pid: internal.processId,
  ppid: 0,
  debugPort: 9229,
  report: {},
  allowedNodeEnvironmentFlags: new Set(),
  _exiting: false,
  cwd: () => internal.cwd(),
  chdir(directory) {
    check.string(directory, "directory");
    if (internal.modules["node:path"].resolve(directory) !== internal.cwd()) {
      throw internal.systemError("ENOSYS", "chdir", directory, undefined, "the working directory stays");
    }
  },
  umask(value) {
    const before = mask;
    if (value !== undefined) {
      const number = typeof value === "string" ? parseInt(value, 8) : value;
      if (!NumberIsInteger(number) || number < 0) throw invalidValue("mask", value, "must be a 32-bit unsigned integer or an octal string");
      mask = number & 0o777;
    }
    return before;
  },
  getuid: id("getuid"),
  geteuid: id("geteuid"),
  getgid: id("getgid"),
  getegid: id("getegid"),
  getgroups: () => [1000],
  setuid: unable("setuid"),
  setgid: unable("setgid"),
  seteuid: unable("seteuid"),
  setegid: unable("setegid"),
  setgroups: unable("setgroups"),
  initgroups: unable("initgroups"),
  dlopen: unable("dlopen"),
  hrtime,
  uptime: () => sys.nowMono() / 1000,
  memoryUsage,
  constrainedMemory: () => 0,
  availableMemory: () => sys.memoryUsage()[0],
  cpuUsage(before) {
    const user = MathRound(sys.nowMono() * 1000);
    return before === undefined ? { user, system: 0 } : { user: user - before.user, system: 0 - before.system };
  },
  resourceUsage: () => ({
    userCPUTime: MathRound(sys.nowMono() * 1000), systemCPUTime: 0, maxRSS: MathFloor(sys.memoryUsage()[0] / 1024), sharedMemorySize: 0,
    unsharedDataSize: 0, unsharedStackSize: 0, minorPageFault: 0, majorPageFault: 0, swappedOut: 0, fsRead: 0, fsWrite: 0, ipcSent: 0,
    ipcReceived: 0, signalsCount: 0, voluntaryContextSwitches: 0, involuntaryContextSwitches: 0,
  }),
  emitWarning,
  getActiveResourcesInfo: () => [],
  _getActiveHandles: () => [],
  _getActiveRequests: () => [],
  binding(name) {
    throw nodeError(Error, "ERR_INVALID_MODULE", `No such module: ${name}`);
  },
  setSourceMapsEnabled() {},
  getBuiltinModule(name) {
    const text = `${name}`;
    return internal.modules[StringPrototypeIndexOf(text, "node:") === 0 ? text : `node:${text}`];
  },
  kill(pid, signal = "SIGTERM") {
    if (pid !== (pid | 0)) throw invalidType("pid", "of type number", pid);
    if (pid !== internal.processId) throw internal.systemError("EPERM", "kill");
    if (signal === 0) return true;
    if (made.listenerCount(signal) > 0) internal.nextTick(() => made.emit(signal, signal));
    else made.exit(128 + (internal.signals?.[signal] ?? 15));
    return true;
  },
  abort() {
    sys.exit(134);
  },
  loadEnvFile(path = ".env") {
    const variables = internal.parseEnv(internal.modules["node:fs"].readFileSync(path, "utf8"));
    const names = internal.primordials.ObjectKeys(variables);
    for (let i = 0; i < names.length; i++) if (made.env[names[i]] === undefined) made.env[names[i]] = variables[names[i]];
  },
};
for (const name of ObjectKeys(simple)) made[name] = simple[name];
ObjectDefineProperty(made, "title", {
  enumerable: true,
  configurable: true,
  get: () => title,
  set(value) {
    title = `${value}`;
  },
});
ObjectDefineProperty(made, Symbol.toStringTag, { value: "process", writable: false, enumerable: false, configurable: true });
ObjectDefineProperty(made, "noDeprecation", { value: false, writable: true, enumerable: false, configurable: true });
ObjectDefineProperty(made, "noWarnings", { value: false, writable: true, enumerable: false, configurable: true });

// What a file of variables says: NAME=value, with or without quotes.
internal.parseEnv = (content) => {
  check.string(content, "content");
  const found = {};
  const line = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/gm;
  for (let match; (match = internal.primordials.RegExpPrototypeExec(line, content)) !== null;) {
    let value = internal.primordials.StringPrototypeTrim(match[2] ?? "");
    const quote = value[0];
    if ((quote === "'" || quote === '"' || quote === "`") && value.length > 1) {
      value = StringPrototypeSlice(value, 1, -1);
      if (quote === '"') value = internal.primordials.StringPrototypeReplaceAll(value, "\\n", "\n");
    }
    ReflectDefineProperty(found, match[1], { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  }
  return found;
};
internal.util.parseEnv = internal.parseEnv;
internal.modules["node:process"] = made;
