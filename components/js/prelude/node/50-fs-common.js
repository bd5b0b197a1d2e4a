// What the parts of node:fs share: paths, flags, errors, what stat tells, and when callbacks are called.
// Start at `internal.fs`.
//
// Every operation is done at once, by a call of the guest; those with a callback or a promise tell of it later, from the event loop, as
// Node.js does: a program that asks again and again must not keep its timers from running.

const {
  Date, MathFloor, Number, BigInt, ObjectDefineProperty, ReflectApply, StringPrototypeIncludes, Promise,
} = internal.primordials;
const { ObjectAssign, ObjectSetPrototypeOf } = internal.primordials;
const { checkArgument: check, invalidType, invalidValue, systemError, encodings, E, STAT_SIZE } = internal;

const ROLE_FILES = 6;

const constants = Object.freeze({
  __proto__: null,
  UV_FS_SYMLINK_DIR: 1, UV_FS_SYMLINK_JUNCTION: 2, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, UV_DIRENT_UNKNOWN: 0, UV_DIRENT_FILE: 1,
  UV_DIRENT_DIR: 2, UV_DIRENT_LINK: 3, UV_DIRENT_FIFO: 4, UV_DIRENT_SOCKET: 5, UV_DIRENT_CHAR: 6, UV_DIRENT_BLOCK: 7, S_IFMT: 61440,
  S_IFREG: 32768, S_IFDIR: 16384, S_IFCHR: 8192, S_IFBLK: 24576, S_IFIFO: 4096, S_IFLNK: 40960, S_IFSOCK: 49152, O_CREAT: 64, O_EXCL: 128,
  UV_FS_O_FILEMAP: 0, O_NOCTTY: 256, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536, O_NOATIME: 262144, O_NOFOLLOW: 131072,
  O_SYNC: 1052672, O_DSYNC: 4096, O_DIRECT: 16384, O_NONBLOCK: 2048, S_IRWXU: 448, S_IRUSR: 256, S_IWUSR: 128, S_IXUSR: 64, S_IRWXG: 56,
  S_IRGRP: 32, S_IWGRP: 16, S_IXGRP: 8, S_IRWXO: 7, S_IROTH: 4, S_IWOTH: 2, S_IXOTH: 1, F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1,
  UV_FS_COPYFILE_EXCL: 1, COPYFILE_EXCL: 1, UV_FS_COPYFILE_FICLONE: 2, COPYFILE_FICLONE: 2, UV_FS_COPYFILE_FICLONE_FORCE: 4,
  COPYFILE_FICLONE_FORCE: 4,
});

// ---- paths ----

// A path as the program gave it, for messages; internal.toPath makes of it what a handle takes.
function pathOf(value, name = "path") {
  let path = value;
  if (value !== null && typeof value === "object") {
    if (internal.isUint8Array(value)) path = encodings.utf8.decode(value);
    else if (typeof value.href === "string" && typeof value.protocol === "string") path = internal.fileURLToPath(value);
  }
  if (typeof path !== "string") throw invalidType(name, "of type string or an instance of Buffer or URL", value);
  if (StringPrototypeIncludes(path, "\0")) throw invalidValue(name, value, "must be a string, Uint8Array, or URL without null bytes");
  return path;
}

const files = () => sys.handle(ROLE_FILES);

// ---- errors ----

// Throws the error for a negative number. `access` says which grants an operation needs that was refused.
function fail(number, syscall, path, dest, access = ["read"]) {
  if (number === E.RIGHTS) {
    const refused = dest === undefined || access[0] !== "write" ? path : missingOf(path, dest);
    const flags = path === undefined ? undefined : internal.denied(access, internal.toPath(refused)).message;
    throw systemError("EACCES", syscall, path, dest, flags);
  }
  throw systemError(internal.errorOf(number, "").code, syscall, path, dest);
}

// Of two paths that must be writable, the one that is not.
function missingOf(path, dest) {
  return internal.missingAccess(internal.toPath(path), { write: true, only: true }).length === 0 ? dest : path;
}

function checked(number, syscall, path, dest, access) {
  if (number < 0) fail(number, syscall, path, dest, access);
  return number;
}

// A request about a path to the directory of all grants.
function request(number, syscall, path, { out = null, argument = 0, payload = undefined, dest = undefined, access = undefined } = {}) {
  const handle = files();
  return checked(handle ? sys.ctl(handle, number, payload ?? internal.toPath(path), out, argument) : E.RIGHTS, syscall, path, dest, access);
}

// ---- options ----

function optionsOf(options, defaults) {
  if (options === undefined || options === null || typeof options === "function") return defaults;
  if (typeof options === "string") return { ...defaults, encoding: checkEncoding(options) };
  if (typeof options !== "object") throw invalidType("options", "one of type string or object", options);
  if (options.encoding !== "buffer") checkEncoding(options.encoding);
  if (options.signal !== null && options.signal !== undefined) {
    check.signal(options.signal, "options.signal");
    if (options.signal.aborted) throw new internal.AbortError(undefined, { cause: options.signal.reason });
  }
  return { ...defaults, ...options };
}

function checkEncoding(encoding) {
  if (encoding && encoding !== "buffer" && encodings.find(encoding) === undefined) throw invalidValue("encoding", encoding, "is invalid encoding");
  return encoding;
}

// A name in the encoding that was asked for.
function named(text, encoding) {
  if (encoding === "buffer") return internal.Buffer.from(text);
  return encoding === undefined || encoding === null || encoding === "utf8" || encoding === "utf-8" ? text : internal.Buffer.from(text).toString(encoding);
}

const FLAGS = {
  __proto__: null,
  r: 0, rs: 1052672, sr: 1052672, "r+": 2, "rs+": 1052674, "sr+": 1052674, w: 577, wx: 705, xw: 705, "w+": 578, "wx+": 706, "xw+": 706, a: 1089, ax: 1217,
  xa: 1217, as: 1053761, sa: 1053761, "a+": 1090, "ax+": 1218, "xa+": 1218, "as+": 1053762, "sa+": 1053762,
};

function flagsOf(flags, name = "flags") {
  if (typeof flags === "number") {
    check.integer(flags, name);
    return flags;
  }
  if (flags === undefined || flags === null) return constants.O_RDONLY;
  const known = typeof flags === "string" ? FLAGS[flags] : undefined;
  if (known === undefined) throw invalidValue(name, flags);
  return known;
}

// ---- what stat tells ----

// By the types of the ABI: the bits of the mode, and the type of a directory's entry.
const TYPE_MODES = [0, constants.S_IFBLK, constants.S_IFCHR, constants.S_IFDIR, constants.S_IFREG, constants.S_IFSOCK, constants.S_IFSOCK, constants.S_IFLNK, constants.S_IFIFO];
const ENTRY_TYPES = [0, 7, 6, 2, 1, 5, 5, 3, 4];
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
const LINK_MODE = 0o777;
const OWNER = 1000;
const BLOCK = 4096;

function StatsBase() {}
for (const [name, bits] of [
  ["isDirectory", constants.S_IFDIR], ["isFile", constants.S_IFREG], ["isBlockDevice", constants.S_IFBLK], ["isCharacterDevice", constants.S_IFCHR],
  ["isSymbolicLink", constants.S_IFLNK], ["isFIFO", constants.S_IFIFO], ["isSocket", constants.S_IFSOCK],
]) {
  StatsBase.prototype[name] = { [name]() {
    return (Number(this.mode) & constants.S_IFMT) === bits;
  } }[name];
}

function Stats(dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks, atimeMs, mtimeMs, ctimeMs, birthtimeMs) {
  ObjectAssign(this, { dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks, atimeMs, mtimeMs, ctimeMs, birthtimeMs });
  this.atime = new Date(atimeMs);
  this.mtime = new Date(mtimeMs);
  this.ctime = new Date(ctimeMs);
  this.birthtime = new Date(birthtimeMs);
}
ObjectSetPrototypeOf(Stats.prototype, StatsBase.prototype);
ObjectSetPrototypeOf(Stats, StatsBase);

function BigIntStats() {}
ObjectSetPrototypeOf(BigIntStats.prototype, StatsBase.prototype);

function statsOf(bytes, big) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, STAT_SIZE);
  const type = view.getUint32(16, true);
  const own = type === 3 ? DIRECTORY_MODE : type === 7 ? LINK_MODE : FILE_MODE;
  const mode = (TYPE_MODES[type] ?? 0) | own;
  const [dev, ino, size] = [view.getBigUint64(0, true), view.getBigUint64(8, true), view.getBigUint64(24, true)];
  const [atime, mtime, ctime] = [view.getBigUint64(32, true), view.getBigUint64(40, true), view.getBigUint64(48, true)];
  const birth = ctime < mtime && ctime > 0n ? ctime : mtime;
  const nlink = view.getUint32(20, true);
  if (!big) {
    const ms = (ns) => Number(ns / 1000n) / 1000;
    return new Stats(Number(dev), mode, nlink, OWNER, OWNER, 0, BLOCK, Number(ino), Number(size), MathFloor((Number(size) + 511) / 512),
      ms(atime), ms(mtime), ms(ctime), ms(birth));
  }
  const made = new BigIntStats();
  const ms = (ns) => ns / 1000000n;
  ObjectAssign(made, {
    dev, mode: BigInt(mode), nlink: BigInt(nlink), uid: BigInt(OWNER), gid: BigInt(OWNER), rdev: 0n, blksize: BigInt(BLOCK), ino, size,
    blocks: (size + 511n) / 512n, atimeMs: ms(atime), mtimeMs: ms(mtime), ctimeMs: ms(ctime), birthtimeMs: ms(birth),
    atimeNs: atime, mtimeNs: mtime, ctimeNs: ctime, birthtimeNs: birth,
    atime: new Date(Number(ms(atime))), mtime: new Date(Number(ms(mtime))), ctime: new Date(Number(ms(ctime))), birthtime: new Date(Number(ms(birth))),
  });
  return made;
}

const entryType = Symbol("type");

class Dirent {
  constructor(name, type, path) {
    this.name = name;
    this.parentPath = path;
    this.path = path;
    this[entryType] = type;
  }
}
for (const [name, type] of [
  ["isDirectory", 2], ["isFile", 1], ["isBlockDevice", 7], ["isCharacterDevice", 6], ["isSymbolicLink", 3], ["isFIFO", 4], ["isSocket", 5],
]) {
  ObjectDefineProperty(Dirent.prototype, name, { value: { [name]() {
    return this[entryType] === type;
  } }[name], writable: true, configurable: true, enumerable: false });
}

// ---- times ----

// Seconds since 1970, as a number, text or Date, in nanoseconds.
function nanoseconds(time, name) {
  let seconds = time;
  if (typeof time === "string" && `${+time}` === time) seconds = +time;
  else if (internal.types.isDate(time)) seconds = internal.primordials.DatePrototypeGetTime(time) / 1000;
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) throw invalidType(name, "one of type number or string or an instance of Date", time);
  const ms = seconds < 0 ? 0 : seconds * 1000;
  return BigInt(MathFloor(ms)) * 1000000n + BigInt(MathFloor((ms - MathFloor(ms)) * 1e6));
}

// ---- later ----

// Calls a function from the event loop.
function later(run) {
  sys.setImmediate(run);
}

// The form with a callback of something synchronous. What is wrong with the arguments is thrown, what went wrong is told.
function withCallback(name, run) {
  const made = { [name](...args) {
    const callback = args[args.length - 1];
    check.function(callback, "cb");
    args.length -= 1;
    let error = null;
    let result;
    try {
      result = ReflectApply(run, undefined, args);
    } catch (thrown) {
      if (thrown?.syscall === undefined && thrown?.name !== "AbortError") throw thrown;
      error = thrown;
    }
    later(() => {
      if (error !== null) ReflectApply(callback, undefined, [error]);
      else if (result === undefined) ReflectApply(callback, undefined, [null]);
      else ReflectApply(callback, undefined, [null, result]);
    });
  } }[name];
  return made;
}

// The form that answers a promise.
function withPromise(name, run) {
  return { [name](...args) {
    return new Promise((resolve, reject) => {
      let result;
      try {
        result = ReflectApply(run, undefined, args);
      } catch (error) {
        later(() => reject(error));
        return;
      }
      later(() => resolve(result));
    });
  } }[name];
}

internal.fs = {
  constants, pathOf, files, fail, checked, request, optionsOf, checkEncoding, named, flagsOf, statsOf, Stats, Dirent, ENTRY_TYPES, nanoseconds,
  later, withCallback, withPromise,
};
