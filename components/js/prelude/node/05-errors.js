// Errors as Node.js throws them: with a code, and a message that says what was received. Start at `nodeError`.

const { StringPrototypeIncludes, StringPrototypeEndsWith, StringPrototypeSlice, NumberIsInteger, ArrayIsArray } =
  internal.primordials;
const { defineProperty } = Object;

// What a value is, at the end of a message.
function describeReceived(value) {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value === "function") return value.name ? `function ${value.name}` : "function ";
  if (typeof value === "object") {
    const made = value.constructor?.name;
    return made ? `an instance of ${made}` : internal.inspect(value, { depth: -1 });
  }
  const text = internal.inspect(value, { colors: false });
  return `type ${typeof value} (${text.length > 28 ? `${StringPrototypeSlice(text, 0, 25)}...` : text})`;
}

const own = (error, name, value, enumerable = true) => defineProperty(error, name, { __proto__: null, value, writable: true, enumerable, configurable: true });

function toString() {
  return `${this.name} [${this.code}]: ${this.message}`;
}

internal.describeReceived = describeReceived;

// Makes an error of a class with a code. Its stack begins with both, as its text does.
function nodeError(Base, code, message) {
  const error = new Base(message);
  if (typeof error.stack === "string") {
    // The heading is "Name: message"; the code goes behind the name.
    const { name } = error;
    own(error, "stack", `${name} [${code}]${StringPrototypeSlice(error.stack, name.length)}`, false);
  }
  own(error, "code", code);
  own(error, "toString", toString, false);
  return error;
}
internal.nodeError = nodeError;

// An argument has the wrong type.
internal.invalidType = (name, expected, value) => {
  const what = StringPrototypeIncludes(name, ".") ? "property" : "argument";
  const subject = StringPrototypeEndsWith(name, " argument") ? `The ${name}` : `The "${name}" ${what}`;
  return nodeError(TypeError, "ERR_INVALID_ARG_TYPE", `${subject} must be ${expected}. Received ${describeReceived(value)}`);
};

internal.invalidValue = (name, value, reason = "is invalid") => {
  const shown = internal.inspect(value);
  const what = StringPrototypeIncludes(name, ".") ? "property" : "argument";
  const cut = shown.length > 128 ? `${StringPrototypeSlice(shown, 0, 128)}...` : shown;
  return nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The ${what} '${name}' ${reason}. Received ${cut}`);
};

// 1234567 as 1_234_567.
function separated(text) {
  let out = "";
  let end = text.length;
  const start = text[0] === "-" ? 1 : 0;
  for (; end >= start + 4; end -= 3) out = `_${StringPrototypeSlice(text, end - 3, end)}${out}`;
  return `${StringPrototypeSlice(text, 0, end)}${out}`;
}

internal.outOfRange = (name, range, value) => {
  let shown;
  if (typeof value === "bigint") shown = `${value > 2n ** 32n || value < -(2n ** 32n) ? separated(`${value}`) : value}n`;
  else if (NumberIsInteger(value) && (value > 2 ** 32 || value < -(2 ** 32))) shown = separated(`${value}`);
  else shown = internal.inspect(value);
  return nodeError(RangeError, "ERR_OUT_OF_RANGE", `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`);
};

// ---- checks of arguments ----

const check = {
  string(value, name) {
    if (typeof value !== "string") throw internal.invalidType(name, "of type string", value);
  },
  boolean(value, name) {
    if (typeof value !== "boolean") throw internal.invalidType(name, "of type boolean", value);
  },
  function(value, name) {
    if (typeof value !== "function") throw internal.invalidType(name, "of type function", value);
  },
  object(value, name) {
    if (value === null || typeof value !== "object" || ArrayIsArray(value)) throw internal.invalidType(name, "of type object", value);
  },
  array(value, name) {
    if (!ArrayIsArray(value)) throw internal.invalidType(name, "an instance of Array", value);
  },
  number(value, name, min, max) {
    if (typeof value !== "number") throw internal.invalidType(name, "of type number", value);
    if ((min !== undefined && value < min) || (max !== undefined && value > max) || ((min !== undefined || max !== undefined) && value !== value)) {
      const range = `${min === undefined ? "" : `>= ${min}`}${min !== undefined && max !== undefined ? " && " : ""}${max === undefined ? "" : `<= ${max}`}`;
      throw internal.outOfRange(name, range, value);
    }
  },
  integer(value, name, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
    if (typeof value !== "number") throw internal.invalidType(name, "of type number", value);
    if (!NumberIsInteger(value)) throw internal.outOfRange(name, "an integer", value);
    if (value < min || value > max) throw internal.outOfRange(name, `>= ${min} && <= ${max}`, value);
  },
  signal(value, name) {
    if (value !== undefined && (value === null || typeof value !== "object" || !("aborted" in value))) {
      throw internal.invalidType(name, "an instance of AbortSignal", value);
    }
  },
};
internal.checkArgument = check;
internal.checkString = check.string;

class AbortError extends Error {
  constructor(message = "The operation was aborted", options = undefined) {
    super(message, options);
    this.code = "ABORT_ERR";
    this.name = "AbortError";
  }
}
internal.AbortError = AbortError;

// What cannot be had here, by the name that the program called. `instead` says what can.
internal.unavailable = (name, instead) => nodeError(
  Error, "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", `${name} is not available in b8g${instead === undefined ? "" : `: ${instead}`}`,
);
// A function that says so.
internal.refuse = (name, instead) => {
  const refused = { [name](...args) {
    throw internal.unavailable(name, instead);
  } }[name];
  return refused;
};
// A class that says so when it is made; programs extend such classes, and look at their prototypes.
internal.refuseClass = (name, instead, Base = Object) => {
  const holder = { [name]: class extends Base {
    constructor() {
      throw internal.unavailable(`new ${name}`, instead);
    }
  } };
  return holder[name];
};

// ---- errors of the system ----

// code: [number, message]
const SYSTEM = {
  __proto__: null,
  EPERM: [-1, "operation not permitted"], ENOENT: [-2, "no such file or directory"], EINTR: [-4, "interrupted system call"],
  EIO: [-5, "i/o error"], EBADF: [-9, "bad file descriptor"], EAGAIN: [-11, "resource temporarily unavailable"],
  ENOMEM: [-12, "not enough memory"], EACCES: [-13, "permission denied"], EFAULT: [-14, "bad address in system call argument"],
  EBUSY: [-16, "resource busy or locked"], EEXIST: [-17, "file already exists"], EXDEV: [-18, "cross-device link not permitted"],
  ENOTDIR: [-20, "not a directory"], EISDIR: [-21, "illegal operation on a directory"], EINVAL: [-22, "invalid argument"],
  ENFILE: [-23, "file table overflow"], EMFILE: [-24, "too many open files"], EFBIG: [-27, "file too large"],
  ENOSPC: [-28, "no space left on device"], ESPIPE: [-29, "invalid seek"], EROFS: [-30, "read-only file system"],
  EMLINK: [-31, "too many links"], EPIPE: [-32, "broken pipe"], ENAMETOOLONG: [-36, "name too long"],
  ENOSYS: [-38, "function not implemented"], ENOTEMPTY: [-39, "directory not empty"], ELOOP: [-40, "too many symbolic links encountered"],
  EADDRINUSE: [-98, "address already in use"], EADDRNOTAVAIL: [-99, "address not available"], ENETUNREACH: [-101, "network is unreachable"],
  ECONNABORTED: [-103, "software caused connection abort"], ECONNRESET: [-104, "connection reset by peer"], ENOTCONN: [-107, "socket is not connected"],
  ETIMEDOUT: [-110, "connection timed out"], ECONNREFUSED: [-111, "connection refused"], EHOSTUNREACH: [-113, "host is unreachable"],
  EDQUOT: [-122, "disk quota exceeded"], ECANCELED: [-125, "operation canceled"], ENOTSUP: [-95, "operation not supported on socket"],
};
internal.systemErrors = SYSTEM;

// The error of a call of the system: `ENOENT: no such file or directory, open 'x'`.
internal.systemError = (code, syscall, path, dest, note) => {
  const known = SYSTEM[code] ?? [-4094, "unknown error"];
  const what = path === undefined ? "" : ` '${path}'${dest === undefined ? "" : ` -> '${dest}'`}`;
  const error = new Error(`${code}: ${known[1]}, ${syscall}${what}${note === undefined ? "" : ` (${note})`}`);
  error.errno = known[0];
  error.code = code;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
};
