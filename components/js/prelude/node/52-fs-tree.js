// node:fs, synchronous: what is done by path, to files and directories. Start at `tree`.

const {
  ArrayPrototypeJoin, ArrayPrototypePush, ArrayPrototypeShift, ArrayPrototypeSlice, DataView, StringPrototypeCharCodeAt, StringPrototypeSlice,
  StringPrototypeSplit, TypedArrayPrototypeSet,
} = internal.primordials;
const { ObjectAssign } = internal.primordials;
const { checkArgument: check, nodeError, systemError, bufferPart: part, E, STAT_SIZE, fs, modules } = internal;
const { constants, pathOf, files, fail, checked, request, optionsOf, named, statsOf, Dirent, ENTRY_TYPES, nanoseconds, sync, TIMES } = fs;
const path = modules["node:path"];

const CTL = { PATH_STAT: 32, MAKE_DIR: 33, REMOVE: 34, RENAME: 35, LINK: 36, SYMLINK: 37, READ_LINK: 38, LIST: 39, PATH_SET_TIMES: 40 };
const REMOVE = { FILE: 1, DIRECTORY: 2, TREE: 3 };
const FLAG_DIRECTORY = 8;
const RIGHT = { READ: 4, INSPECT: 0x1000 };
const NO_FOLLOW = 1;
const TIMES_NO_FOLLOW = 16;
const LIST_SIZE = 32768;
const LINK_SIZE = 4096;
const LINKS_MAX = 40;
const COPY_CHUNK = 1 << 20;
const WRITE = ["write"];
const SLASH = 47;

// The bytes of a Stat; a negative number if there is none.
function statBytes(target, argument) {
  const bytes = new Uint8Array(STAT_SIZE);
  const handle = files();
  const result = handle ? sys.ctl(handle, CTL.PATH_STAT, internal.toPath(target), bytes, argument) : E.RIGHTS;
  return result < 0 ? result : bytes;
}

const isMissing = (result) => {
  const { code } = internal.errorOf(result, "");
  return code === "ENOENT" || code === "ENOTDIR";
};

function statWith(syscall, argument) {
  return (target, options) => {
    const given = pathOf(target);
    const result = statBytes(given, argument);
    if (typeof result !== "number") return statsOf(result, options?.bigint);
    if (options?.throwIfNoEntry === false && isMissing(result)) return undefined;
    return fail(result, syscall, given);
  };
}
const statSync = statWith("stat", 0);
const lstatSync = statWith("lstat", NO_FOLLOW);

function existsSync(target) {
  try {
    return typeof statBytes(pathOf(target), 0) !== "number";
  } catch {
    return false;
  }
}

function accessSync(target, mode = constants.F_OK) {
  const given = pathOf(target);
  check.integer(mode, "mode", 0, 7);
  const result = statBytes(given, 0);
  if (typeof result === "number") fail(result, "access", given);
  if ((mode & constants.W_OK) !== 0 && internal.missingAccess(internal.toPath(given), { write: true, only: true }).length > 0) {
    fail(E.RIGHTS, "access", given, undefined, WRITE);
  }
}

// ---- directories ----

// The entries of a directory: [name, type].
function list(given, syscall) {
  const grants = files();
  const target = internal.toPath(given);
  const directory = checked(grants ? sys.open(grants, target, FLAG_DIRECTORY, RIGHT.READ | RIGHT.INSPECT) : E.RIGHTS, syscall, given);
  const found = [];
  try {
    const buffer = new Uint8Array(LIST_SIZE);
    const view = new DataView(buffer.buffer);
    for (let cookie = 0n;;) {
      const length = checked(sys.ctl(directory, CTL.LIST, null, buffer, cookie), syscall, given);
      if (length === 0) return found;
      for (let at = 0; at + 24 <= length;) {
        const size = view.getUint32(at + 20, true);
        const name = sys.utf8Decode(part(buffer, at + 24, at + 24 + size), false);
        cookie = view.getBigUint64(at, true);
        if (name !== "." && name !== "..") ArrayPrototypePush(found, [name, ENTRY_TYPES[view.getUint32(at + 16, true)] ?? 0]);
        at += 24 + size;
      }
    }
  } finally {
    sys.close(directory);
  }
}

const joined = (directory, name) => (directory === "" || directory === "." ? name : StringPrototypeCharCodeAt(directory, directory.length - 1) === SLASH ? `${directory}${name}` : `${directory}/${name}`);

function readdirSync(target, options) {
  const given = pathOf(target);
  const { encoding, withFileTypes, recursive } = optionsOf(options, {});
  const found = [];
  // Directories that are still to be read: their path, and what their entries' names begin with.
  const queue = [[given, ""]];
  while (queue.length > 0) {
    const [directory, prefix] = ArrayPrototypeShift(queue);
    const entries = list(directory, "scandir");
    for (let i = 0; i < entries.length; i++) {
      const [name, type] = entries[i];
      const relative = joined(prefix, name);
      ArrayPrototypePush(found, withFileTypes ? new Dirent(named(name, encoding), type, directory) : named(relative, encoding));
      if (recursive && type === constants.UV_DIRENT_DIR) ArrayPrototypePush(queue, [path.join(directory, name), relative]);
    }
  }
  return found;
}

// The nearest directory above that is missing; undefined if none is.
function firstMissing(given) {
  let missing;
  for (let at = given; ;) {
    const result = statBytes(at, 0);
    if (typeof result !== "number" || !isMissing(result)) return missing;
    missing = at;
    const above = path.dirname(at);
    if (above === at || above === ".") return missing;
    at = above;
  }
}

function mkdirSync(target, options) {
  const given = pathOf(target);
  const recursive = options !== null && typeof options === "object" ? options.recursive ?? false : false;
  check.boolean(recursive, "options.recursive");
  if (!recursive) {
    request(CTL.MAKE_DIR, "mkdir", given, { access: WRITE });
    return undefined;
  }
  const first = firstMissing(given);
  if (first === undefined) {
    const bytes = statBytes(given, 0);
    if (typeof bytes !== "number" && statsOf(bytes).isDirectory()) return undefined;
    throw systemError("EEXIST", "mkdir", given);
  }
  request(CTL.MAKE_DIR, "mkdir", given, { access: WRITE, argument: 1 });
  return first;
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function mkdtempSync(prefix, options) {
  const given = pathOf(prefix, "prefix");
  const random = new Uint8Array(6);
  for (let tries = 0; ; tries++) {
    checked(sys.random(random), "mkdtemp", `${given}XXXXXX`);
    let name = given;
    for (let i = 0; i < random.length; i++) name += LETTERS[random[i] % LETTERS.length];
    const result = files() ? sys.ctl(files(), CTL.MAKE_DIR, internal.toPath(name), null, 0) : E.RIGHTS;
    if (result >= 0) return named(name, optionsOf(options, {}).encoding);
    if (tries > 100 || internal.errorOf(result, "").code !== "EEXIST") fail(result, "mkdtemp", `${given}XXXXXX`, undefined, WRITE);
  }
}

// ---- removing ----

function unlinkSync(target) {
  request(CTL.REMOVE, "unlink", pathOf(target), { argument: REMOVE.FILE, access: WRITE });
}

function rmdirSync(target, options) {
  const given = pathOf(target);
  if (options?.recursive) {
    if (typeof statBytes(given, NO_FOLLOW) !== "number") rmSync(given, { recursive: true, force: true });
    else request(CTL.REMOVE, "rmdir", given, { argument: REMOVE.DIRECTORY, access: WRITE });
    return;
  }
  request(CTL.REMOVE, "rmdir", given, { argument: REMOVE.DIRECTORY, access: WRITE });
}

function rmSync(target, options) {
  const given = pathOf(target);
  const { recursive = false, force = false } = options ?? {};
  check.boolean(recursive, "options.recursive");
  check.boolean(force, "options.force");
  const bytes = statBytes(given, NO_FOLLOW);
  if (typeof bytes === "number") {
    if (force && isMissing(bytes)) return;
    fail(bytes, "lstat", given);
  }
  if (!statsOf(bytes).isDirectory()) {
    request(CTL.REMOVE, "rm", given, { argument: REMOVE.FILE, access: WRITE });
    return;
  }
  if (!recursive) {
    throw extended("ERR_FS_EISDIR", `Path is a directory: rm returned EISDIR (is a directory) ${given}`, 21, "rm", given);
  }
  request(CTL.REMOVE, "rm", given, { argument: REMOVE.TREE, access: WRITE });
}

// An error that Node.js' own operations have, beside those of the system.
function extended(code, message, errno, syscall, target) {
  const error = nodeError(Error, code, message);
  error.name = "SystemError";
  return ObjectAssign(error, { errno, syscall, path: target });
}

// ---- moving, linking ----

function pair(number, syscall, from, to, access) {
  const [a, b] = [pathOf(from, "oldPath"), pathOf(to, "newPath")];
  const handle = files();
  const result = handle ? sys.ctl(handle, number, `${internal.toPath(a)}\0${internal.toPath(b)}`, null, 0) : E.RIGHTS;
  checked(result, syscall, a, b, access);
}

function symlinkSync(target, link) {
  const [a, b] = [pathOf(target, "target"), pathOf(link)];
  const cwd = internal.cwd();
  // The name of the working directory means nothing to the host.
  const kept = a === cwd || StringPrototypeSlice(a, 0, cwd.length + 1) === `${cwd}/` ? path.relative(path.dirname(b), a) || "." : a;
  const handle = files();
  checked(handle ? sys.ctl(handle, CTL.SYMLINK, `${kept}\0${internal.toPath(b)}`, null, 0) : E.RIGHTS, "symlink", a, b, WRITE);
}

function readLink(given) {
  const bytes = new Uint8Array(LINK_SIZE);
  const length = files() ? sys.ctl(files(), CTL.READ_LINK, internal.toPath(given), bytes, 0) : E.RIGHTS;
  return length < 0 ? length : sys.utf8Decode(part(bytes, 0, length), false);
}

function readlinkSync(target, options) {
  const given = pathOf(target);
  const text = readLink(given);
  if (typeof text === "number") fail(text, "readlink", given);
  return named(text, optionsOf(options, {}).encoding);
}

// Follows every link on the way. Directories above what was granted are taken as they are named. `syscall` is what errors name.
function followLinks(target, options, syscall) {
  const given = path.resolve(pathOf(target));
  let links = 0;
  let at = "/";
  let rest = StringPrototypeSplit(given, "/");
  for (let i = 0; i < rest.length; i++) {
    if (rest[i] === "") continue;
    const next = joined(at, rest[i]);
    const bytes = statBytes(next, NO_FOLLOW);
    if (typeof bytes === "number") {
      if (bytes !== E.RIGHTS || i === rest.length - 1) fail(bytes, syscall, next);
    } else if (statsOf(bytes).isSymbolicLink()) {
      if (++links > LINKS_MAX) throw systemError("ELOOP", "realpath", given);
      const text = readLink(next);
      if (typeof text === "number") fail(text, "readlink", next);
      const left = ArrayPrototypeSlice(rest, i + 1);
      rest = StringPrototypeSplit(path.resolve(at, text, ArrayPrototypeJoin(left, "/")), "/");
      at = "/";
      i = -1;
      continue;
    }
    at = next;
  }
  return named(at, optionsOf(options, {}).encoding);
}
const realpathSync = (target, options) => followLinks(target, options, "lstat");
realpathSync.native = (target, options) => followLinks(target, options, "realpath");

// ---- contents ----

function truncateSync(target, size = 0) {
  if (typeof target === "number") return sync.ftruncateSync(target, size);
  const fd = sync.openSync(target, "r+");
  try {
    sync.ftruncateSync(fd, size);
  } finally {
    sync.closeSync(fd);
  }
}

function copyFileSync(from, to, mode = 0) {
  const [a, b] = [pathOf(from, "src"), pathOf(to, "dest")];
  check.integer(mode, "mode", 0, 7);
  const rename = (error) => {
    if (error.syscall === undefined) throw error;
    throw systemError(error.code, "copyfile", a, b);
  };
  let source;
  let target;
  try {
    source = sync.openSync(a, "r");
    target = sync.openSync(b, mode & constants.COPYFILE_EXCL ? "wx" : "w");
    const chunk = new Uint8Array(COPY_CHUNK);
    for (let count; (count = sync.readSync(source, chunk)) > 0;) fs.writeAll(target, count === chunk.length ? chunk : part(chunk, 0, count));
  } catch (error) {
    if (error.code === "EACCES") throw error;
    rename(error);
  } finally {
    if (source !== undefined) sync.closeSync(source);
    if (target !== undefined) sync.closeSync(target);
  }
}

function setTimes(target, atime, mtime, syscall, flags) {
  const given = pathOf(target);
  const name = sys.utf8Encode(internal.toPath(given));
  const payload = new Uint8Array(16 + name.length);
  const view = new DataView(payload.buffer);
  view.setBigUint64(0, nanoseconds(atime, "atime"), true);
  view.setBigUint64(8, nanoseconds(mtime, "mtime"), true);
  TypedArrayPrototypeSet(payload, name, 16);
  request(CTL.PATH_SET_TIMES, syscall, given, { payload, argument: flags, access: WRITE });
}

// What must be there and may be written; modes and owners are not the program's to change.
function unchanged(syscall) {
  return (target) => {
    const given = pathOf(target);
    const result = statBytes(given, 0);
    if (typeof result === "number") fail(result, syscall, given);
  };
}

// ---- trees ----

function cpSync(from, to, options = {}) {
  const [a, b] = [pathOf(from, "src"), pathOf(to, "dest")];
  check.object(options, "options");
  const filter = options.filter;
  if (filter !== undefined) check.function(filter, "options.filter");
  if (filter && !filter(a, b)) return;
  const settings = { force: true, recursive: false, errorOnExist: false, dereference: false, ...options };
  const parent = path.dirname(b);
  if (!existsSync(parent)) mkdirSync(parent, { recursive: true });
  copyTree(a, b, settings);
}

function copyTree(a, b, settings) {
  const stats = settings.dereference ? statSync(a) : lstatWithCp(a);
  const there = statBytes(b, NO_FOLLOW);
  const other = typeof there === "number" ? undefined : statsOf(there);
  if (stats.isDirectory()) {
    if (!settings.recursive) throw extended("ERR_FS_EISDIR", `Path is a directory: cp returned EISDIR (${a} is a directory (not copied)) ${a}`, 22, "cp", a);
    if (other !== undefined && !other.isDirectory()) {
      throw extended("ERR_FS_CP_DIR_TO_NON_DIR", `Cannot overwrite non-directory with directory: cp returned EISDIR (cannot overwrite non-directory ${b} with directory ${a}) ${b}`, 21, "cp", b);
    }
    const inside = path.relative(path.resolve(a), path.resolve(b));
    if (inside !== "" && inside !== ".." && StringPrototypeSlice(inside, 0, 3) !== "../") {
      throw extended("ERR_FS_CP_EINVAL", `Invalid src or dest: cp returned EINVAL (cannot copy ${a} to a subdirectory of self ${b}) ${b}`, 22, "cp", b);
    }
    if (other === undefined) mkdirSync(b);
    const entries = list(a, "opendir");
    for (let i = 0; i < entries.length; i++) {
      const [x, y] = [path.join(a, entries[i][0]), path.join(b, entries[i][0])];
      if (!settings.filter || settings.filter(x, y)) copyTree(x, y, settings);
    }
    return;
  }
  if (other !== undefined) {
    if (other.isDirectory()) {
      throw extended("ERR_FS_CP_NON_DIR_TO_DIR", `Cannot overwrite directory with non-directory: cp returned ENOTDIR (cannot overwrite directory ${b} with non-directory ${a}) ${b}`, 20, "cp", b);
    }
    if (!settings.force) {
      if (settings.errorOnExist) throw extended("ERR_FS_CP_EEXIST", `Target already exists: cp returned EEXIST (${b} already exists) ${b}`, 17, "cp", b);
      return;
    }
    unlinkSync(b);
  }
  if (stats.isSymbolicLink()) {
    const text = readlinkSync(a);
    symlinkSync(settings.verbatimSymlinks || path.isAbsolute(text) ? text : path.resolve(path.dirname(a), text), b);
  } else {
    copyFileSync(a, b, settings.mode);
    if (settings.preserveTimestamps) setTimes(b, stats.atime, stats.mtime, "utime", TIMES);
  }
}

function lstatWithCp(target) {
  const result = statBytes(target, NO_FOLLOW);
  return typeof result === "number" ? fail(result, "cp", target) : statsOf(result);
}

// ---- Dir ----

class Dir {
  #path;
  #entries;
  #at = 0;
  #closed = false;

  constructor(given, entries) {
    this.#path = given;
    this.#entries = entries;
  }
  get path() {
    return this.#path;
  }
  readSync() {
    if (this.#closed) throw nodeError(Error, "ERR_DIR_CLOSED", "Directory handle was closed");
    if (this.#at >= this.#entries.length) return null;
    const [name, type] = this.#entries[this.#at++];
    return new Dirent(name, type, this.#path);
  }
  read(callback) {
    if (callback === undefined) return fs.withPromise("read", () => this.readSync())();
    return fs.withCallback("read", () => this.readSync() ?? NO_ENTRY)((error, entry) => callback(error, entry === NO_ENTRY ? null : entry));
  }
  closeSync() {
    if (this.#closed) throw nodeError(Error, "ERR_DIR_CLOSED", "Directory handle was closed");
    this.#closed = true;
  }
  close(callback) {
    if (callback === undefined) return fs.withPromise("close", () => this.closeSync())();
    return fs.withCallback("close", () => this.closeSync())(callback);
  }
  async *[Symbol.asyncIterator]() {
    try {
      for (let entry; (entry = await this.read()) !== null;) yield entry;
    } finally {
      if (!this.#closed) this.closeSync();
    }
  }
}
const NO_ENTRY = {};

function opendirSync(target) {
  const given = pathOf(target);
  return new Dir(given, list(given, "opendir"));
}

fs.Dir = Dir;
ObjectAssign(sync, {
  statSync, lstatSync, existsSync, accessSync, readdirSync, mkdirSync, mkdtempSync, unlinkSync, rmdirSync, rmSync, symlinkSync, readlinkSync,
  realpathSync, truncateSync, copyFileSync, cpSync, opendirSync,
  renameSync: (from, to) => pair(CTL.RENAME, "rename", from, to, WRITE),
  linkSync: (from, to) => pair(CTL.LINK, "link", from, to, WRITE),
  utimesSync: (target, atime, mtime) => setTimes(target, atime, mtime, "utime", TIMES),
  lutimesSync: (target, atime, mtime) => setTimes(target, atime, mtime, "lutime", TIMES | TIMES_NO_FOLLOW),
  chmodSync: unchanged("chmod"),
  lchmodSync: unchanged("lchmod"),
  chownSync: unchanged("chown"),
  lchownSync: unchanged("lchown"),
  statfsSync(target) {
    throw systemError("ENOSYS", "statfs", pathOf(target));
  },
});
