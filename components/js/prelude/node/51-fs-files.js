// node:fs, synchronous: open files by their numbers. Start at `openSync`.

const {
  ArrayIsArray, ArrayBufferPrototypeSlice, MapPrototypeDelete, MapPrototypeGet, MapPrototypeHas, MapPrototypeSet, Number, TypedArrayPrototypeSet,
} = internal.primordials;
const { ObjectAssign } = internal.primordials;
const { checkArgument: check, invalidType, outOfRange, systemError, encodings, classify, asBuffer, bufferPart: part, E, STAT_SIZE, fs } = internal;
const { constants, pathOf, files, fail, checked, optionsOf, flagsOf, statsOf, nanoseconds } = fs;

const RIGHT = { READ: 4, WRITE: 8, SEEK: 0x100, MANAGE: 0x400, INSPECT: 0x1000 };
const FLAG = { CREATE: 1, EXCLUSIVE: 2, TRUNCATE: 4, DIRECTORY: 8, NOFOLLOW: 0x10, APPEND: 0x20, DSYNC: 0x80, SYNC: 0x100 };
const CTL = { STAT: 17, SET_SIZE: 18, SYNC: 19, SET_TIMES: 20 };
const OPERATION_WAIT = 20;
const KIND_DIRECTORY = 4;
const TIMES = 1 | 4;
const CHUNK = 65536;
const INT_MAX = 2 ** 31 - 1;
const FIRST_FREE = 3;
const STANDARD = [3, 4, 5]; // the roles of the numbers 0, 1 and 2
const STANDARD_PATHS = { __proto__: null, "/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/0": 0, "/dev/fd/1": 1, "/dev/fd/2": 2 };

// What is open, by number.
const open = new Map();

function checkNumber(fd) {
  check.integer(fd, "fd", 0, INT_MAX);
  return fd;
}

// The handle behind a number.
function handleOf(fd, syscall) {
  checkNumber(fd);
  if (fd < FIRST_FREE) return sys.handle(STANDARD[fd]) || fail(E.BADH, syscall);
  const found = MapPrototypeGet(open, fd);
  if (found === undefined) throw systemError("EBADF", syscall);
  return found;
}

function openSync(path, flags = "r") {
  const given = pathOf(path);
  const bits = flagsOf(flags);
  if (STANDARD_PATHS[given] !== undefined) return STANDARD_PATHS[given];
  const access = bits & 3;
  const write = access !== constants.O_RDONLY;
  const read = access !== constants.O_WRONLY;
  const has = (bit) => (bits & bit) === bit;
  const wanted = (has(constants.O_CREAT) ? FLAG.CREATE : 0) | (has(constants.O_EXCL) ? FLAG.EXCLUSIVE : 0) | (has(constants.O_TRUNC) ? FLAG.TRUNCATE : 0)
    | (has(constants.O_APPEND) ? FLAG.APPEND : 0) | (has(constants.O_DIRECTORY) ? FLAG.DIRECTORY : 0) | (has(constants.O_NOFOLLOW) ? FLAG.NOFOLLOW : 0)
    | (has(constants.O_SYNC) ? FLAG.SYNC : has(constants.O_DSYNC) ? FLAG.DSYNC : 0);
  const rights = RIGHT.INSPECT | RIGHT.SEEK | (read ? RIGHT.READ : 0) | (write ? RIGHT.WRITE | RIGHT.MANAGE : 0);
  const target = internal.toPath(given);
  let handle = files() ? sys.open(files(), target, wanted, rights) : E.RIGHTS;
  // A directory has no position.
  if (handle === E.RIGHTS && !write && files()) handle = sys.open(files(), target, wanted | FLAG.DIRECTORY, RIGHT.READ | RIGHT.INSPECT);
  if (handle === E.RIGHTS) fail(handle, "open", given, undefined, files() ? internal.missingAccess(target, { read, write }) : [write ? "write" : "read"]);
  checked(handle, "open", given);
  let fd = FIRST_FREE;
  while (MapPrototypeHas(open, fd)) fd++;
  MapPrototypeSet(open, fd, handle);
  return fd;
}

function closeSync(fd) {
  checkNumber(fd);
  if (fd < FIRST_FREE) return;
  const handle = handleOf(fd, "close");
  MapPrototypeDelete(open, fd);
  sys.close(handle);
}

// ---- bytes ----

function waitFor(handle, interest) {
  const items = new Uint32Array(2);
  items[0] = handle;
  items[1] = interest;
  sys.op(OPERATION_WAIT, 0, items, 1, -1, new Uint32Array(1));
}

// Reads into bytes; 0 at the end. A stream that has nothing yet is waited for.
function readInto(fd, bytes, position) {
  const handle = handleOf(fd, "read");
  for (;;) {
    const count = sys.read(handle, bytes, position);
    if (count === E.AGAIN) {
      waitFor(handle, 1);
      continue;
    }
    if (count >= 0) return count;
    if (count === E.RIGHTS || count === E.TYPE) {
      throw systemError(sys.info(handle).kind === KIND_DIRECTORY ? "EISDIR" : "EBADF", "read");
    }
    return checked(count, "read");
  }
}

// Writes some of the bytes.
function writeFrom(fd, bytes, position) {
  if (fd === 1 || fd === 2) {
    handleOf(fd, "write");
    return bytes.length === 0 ? 0 : checked(sys.print(STANDARD[fd], bytes), "write");
  }
  const handle = handleOf(fd, "write");
  for (;;) {
    const count = sys.write(handle, bytes, position);
    if (count === E.AGAIN) {
      waitFor(handle, 2);
      continue;
    }
    if (count === E.RIGHTS || count === E.TYPE) throw systemError("EBADF", "write");
    return checked(count, "write");
  }
}

function writeAll(fd, bytes, position) {
  let done = 0;
  while (done < bytes.length) {
    done += writeFrom(fd, done === 0 ? bytes : part(bytes, done, bytes.length), position === undefined ? undefined : position + done);
  }
  return done;
}

function bytesOf(value, name = "buffer") {
  const bytes = value !== null && typeof value === "object" ? classify.bytesOf(value) : undefined;
  if (bytes === undefined || !ArrayBuffer.isView(value)) throw invalidType(name, "an instance of Buffer, TypedArray, or DataView", value);
  return bytes;
}

function positionOf(position) {
  if (position === null || position === undefined || position === -1 || position === -1n) return undefined;
  if (typeof position === "bigint") return Number(position);
  check.integer(position, "position", -1);
  return position;
}

function range(bytes, offset, length) {
  if (offset === undefined || offset === null) offset = 0;
  else check.integer(offset, "offset", 0);
  if (length === undefined || length === null) length = bytes.length - offset;
  if (offset > bytes.length) throw outOfRange("offset", `<= ${bytes.length}`, offset);
  check.integer(length, "length");
  if (length > bytes.length - offset) throw outOfRange("length", `<= ${bytes.length - offset}`, length);
  if (length < 0) throw outOfRange("length", ">= 0", length);
  return offset === 0 && length === bytes.length ? bytes : part(bytes, offset, offset + length);
}

function readSync(fd, buffer, offsetOrOptions, length, position) {
  checkNumber(fd);
  const bytes = bytesOf(buffer);
  let offset = offsetOrOptions;
  if (offset !== null && typeof offset === "object") ({ offset = 0, length = bytes.length - (offset ?? 0), position = null } = offset);
  const target = range(bytes, offset, length);
  return target.length === 0 ? 0 : readInto(fd, target, positionOf(position));
}

function writeSync(fd, data, offsetOrOptions, length, position) {
  checkNumber(fd);
  if (typeof data === "string") {
    // writeSync(fd, string[, position[, encoding]])
    const encoding = encodings.of(length);
    const bytes = encoding === encodings.utf8 ? sys.utf8Encode(data) : internal.Buffer.from(data, encoding.name);
    return writeFrom(fd, bytes, positionOf(offsetOrOptions));
  }
  const bytes = bytesOf(data, "buffer");
  let offset = offsetOrOptions;
  if (offset !== null && typeof offset === "object") ({ offset = 0, length = bytes.length - (offset ?? 0), position = null } = offset);
  return writeFrom(fd, range(bytes, offset, length), positionOf(position));
}

function eachBuffer(fd, buffers, position, move) {
  checkNumber(fd);
  if (!ArrayIsArray(buffers)) throw invalidType("buffers", "an instance of ArrayBufferView[]", buffers);
  let at = positionOf(position);
  let done = 0;
  for (let i = 0; i < buffers.length; i++) {
    const bytes = bytesOf(buffers[i], "buffers");
    if (bytes.length === 0) continue;
    const count = move(fd, bytes, at);
    done += count;
    if (at !== undefined) at += count;
    if (count < bytes.length) break;
  }
  return done;
}

// ---- whole files ----

// Everything that is left of an open file.
function readRest(fd) {
  const handle = handleOf(fd, "read");
  const { size } = sys.info(handle);
  // One more byte than there should be, so that one read finds the end.
  let bytes = new Uint8Array(size > 0 && size < INT_MAX ? size + 1 : CHUNK);
  let used = 0;
  for (;;) {
    const count = readInto(fd, used === 0 ? bytes : part(bytes, used, bytes.length));
    if (count === 0) break;
    used += count;
    if (used === bytes.length) {
      const larger = new Uint8Array(bytes.length * 2);
      TypedArrayPrototypeSet(larger, bytes);
      bytes = larger;
    }
  }
  // The memory is no larger than what is in it, as programs expect of `buffer`.
  if (used === bytes.length) return bytes;
  return new Uint8Array(ArrayBufferPrototypeSlice(bytes.buffer, 0, used));
}

function readFileSync(path, options) {
  const { encoding, flag } = optionsOf(options, { encoding: undefined, flag: "r" });
  const own = typeof path !== "number";
  const fd = own ? openSync(path, flag) : path;
  let bytes;
  try {
    bytes = readRest(fd);
  } finally {
    if (own) closeSync(fd);
  }
  return encoding && encoding !== "buffer" ? encodings.of(encoding).decode(bytes) : asBuffer(bytes);
}

function dataOf(data, encoding) {
  if (typeof data === "string") {
    const found = encodings.of(encoding === "buffer" ? undefined : encoding);
    return found === encodings.utf8 ? sys.utf8Encode(data) : internal.Buffer.from(data, found.name);
  }
  if (!ArrayBuffer.isView(data)) throw invalidType("data", "of type string or an instance of Buffer, TypedArray, or DataView", data);
  return classify.bytesOf(data);
}

function writeFileSync(path, data, options, flags = "w") {
  const { encoding, flag, flush } = optionsOf(options, { encoding: "utf8", flag: flags });
  const bytes = dataOf(data, encoding);
  const own = typeof path !== "number";
  const fd = own ? openSync(path, flag) : path;
  try {
    writeAll(fd, bytes);
    if (flush) fsyncSync(fd);
  } finally {
    if (own) closeSync(fd);
  }
}

const appendFileSync = (path, data, options) => writeFileSync(path, data, options, "a");

// ---- the rest ----

function fstatSync(fd, options) {
  const handle = handleOf(fd, "fstat");
  const stat = new Uint8Array(STAT_SIZE);
  const result = sys.ctl(handle, CTL.STAT, null, stat);
  if (result < 0 && fd >= FIRST_FREE) checked(result, "fstat");
  return statsOf(stat, options?.bigint);
}

function ftruncateSync(fd, size = 0) {
  check.integer(size, "len");
  const result = sys.ctl(handleOf(fd, "ftruncate"), CTL.SET_SIZE, null, null, size < 0 ? 0 : size);
  if (result === E.RIGHTS) throw systemError("EINVAL", "ftruncate");
  checked(result, "ftruncate");
}

function fsyncSync(fd) {
  checked(sys.ctl(handleOf(fd, "fsync"), CTL.SYNC, null, null, 0), "fsync");
}

function fdatasyncSync(fd) {
  checked(sys.ctl(handleOf(fd, "fdatasync"), CTL.SYNC, null, null, 1), "fdatasync");
}

function futimesSync(fd, atime, mtime) {
  const times = new BigUint64Array(2);
  times[0] = nanoseconds(atime, "atime");
  times[1] = nanoseconds(mtime, "mtime");
  checked(sys.ctl(handleOf(fd, "futime"), CTL.SET_TIMES, times, null, TIMES), "futime");
}

ObjectAssign(fs, {
  checkNumber, handleOf, readRest, writeAll, dataOf, bytesOf,
  TIMES,
  sync: {
    openSync, closeSync, readSync, writeSync, readFileSync, writeFileSync: (path, data, options) => writeFileSync(path, data, options), appendFileSync,
    readvSync: (fd, buffers, position) => eachBuffer(fd, buffers, position, readInto),
    writevSync: (fd, buffers, position) => eachBuffer(fd, buffers, position, writeFrom),
    fstatSync, ftruncateSync, fsyncSync, fdatasyncSync, futimesSync,
    // There are no modes and owners behind handles: what is open may be used as it was granted.
    fchmodSync: (fd) => void handleOf(fd, "fchmod"),
    fchownSync: (fd) => void handleOf(fd, "fchown"),
  },
});
