// node:fs and node:fs/promises: the forms of every operation, made of the synchronous ones. Start at `fs`.

const { fs: parts, checkArgument: check, modules, unavailable, refuse } = internal;
const { constants, sync, withCallback, withPromise, Stats, Dirent, Dir, FileHandle, ReadStream, WriteStream, targetOf } = parts;
const { ObjectDefineProperty, ReflectApply } = internal.primordials;
const { ObjectAssign } = internal.primordials;
const promisifyArguments = internal.promisifyArguments;

const fs = {};
const promises = {};

// Operations with all forms: their name without "Sync".
const PATHS = [
  "access", "appendFile", "chmod", "chown", "copyFile", "cp", "lchmod", "lchown", "link", "lstat", "lutimes", "mkdir", "mkdtemp", "opendir", "readdir",
  "readFile", "readlink", "realpath", "rename", "rm", "rmdir", "stat", "statfs", "symlink", "truncate", "unlink", "utimes", "writeFile",
];
// Those of open files have no form with a promise: FileHandle has them.
const NUMBERS = ["open", "close", "fchmod", "fchown", "fdatasync", "fstat", "fsync", "ftruncate", "futimes"];

for (const name of [...PATHS, ...NUMBERS]) {
  const run = sync[`${name}Sync`];
  ObjectDefineProperty(run, "name", { value: `${name}Sync`, configurable: true });
  fs[`${name}Sync`] = run;
  fs[name] = withCallback(name, run);
}
for (const name of PATHS) {
  const run = sync[`${name}Sync`];
  promises[name] = withPromise(name, name === "readFile" || name === "writeFile" || name === "appendFile"
    ? (target, ...rest) => run(targetOf(target, name), ...rest) : run);
}
promises.open = withPromise("open", (path, flags, mode) => new FileHandle(sync.openSync(path, flags, mode)));
promises.constants = constants;

for (const name of ["exists", "read", "write", "readv", "writev"]) fs[`${name}Sync`] = sync[`${name}Sync`];

fs.exists = function exists(path, callback) {
  check.function(callback, "cb");
  const found = sync.existsSync(path);
  parts.later(() => callback(found));
};
ObjectDefineProperty(fs.exists, Symbol.for("nodejs.util.promisify.custom"), {
  value: (path) => new Promise((resolve) => fs.exists(path, resolve)), enumerable: false, writable: true, configurable: true,
});

// Calls back with a number and the buffer that was used.
function moving(name, move, names) {
  const made = { [name](fd, ...args) {
    const callback = args[args.length - 1];
    check.function(callback, "cb");
    args.length -= 1;
    let [buffer] = args;
    if (name === "read" && (buffer === undefined || (buffer !== null && typeof buffer === "object" && !ArrayBuffer.isView(buffer)))) {
      const { buffer: given = internal.Buffer.alloc(16384), offset = 0, length, position = null } = buffer ?? {};
      buffer = given;
      args = [buffer, offset, length, position];
    }
    withCallback(name, () => ReflectApply(move, undefined, [fd, ...args]))((error, count) => callback(error, count ?? 0, buffer));
  } }[name];
  ObjectDefineProperty(made, promisifyArguments, { value: names, enumerable: false });
  return made;
}
fs.read = moving("read", sync.readSync, ["bytesRead", "buffer"]);
fs.write = moving("write", sync.writeSync, ["bytesWritten", "buffer"]);
fs.readv = moving("readv", sync.readvSync, ["bytesRead", "buffers"]);
fs.writev = moving("writev", sync.writevSync, ["bytesWritten", "buffers"]);
fs.realpath.native = withCallback("realpath", sync.realpathSync.native);
promises.realpath = withPromise("realpath", sync.realpathSync.native);

const WATCH = "what is granted is not watched; b8g watch starts a program again when its files change";

ObjectAssign(fs, {
  createReadStream: (path, options) => new ReadStream(path, options),
  createWriteStream: (path, options) => new WriteStream(path, options),
  openAsBlob(path) {
    if (globalThis.Blob === undefined) return Promise.reject(unavailable("fs.openAsBlob()"));
    return promises.readFile(path).then((bytes) => new globalThis.Blob([bytes]));
  },
  watch: refuse("fs.watch()", WATCH),
  watchFile: refuse("fs.watchFile()", WATCH),
  unwatchFile() {},
  Dirent,
  Stats,
  ReadStream,
  WriteStream,
  FileReadStream: ReadStream,
  FileWriteStream: WriteStream,
  _toUnixTimestamp: (time) => Number(parts.nanoseconds(time, "time")) / 1e9,
  Dir,
  F_OK: constants.F_OK,
  R_OK: constants.R_OK,
  W_OK: constants.W_OK,
  X_OK: constants.X_OK,
  constants,
  promises,
});
promises.watch = refuse("fsPromises.watch()", WATCH);
modules["node:fs"] = fs;
modules["node:fs/promises"] = promises;
