// The module "b8g": the door to what the program was granted. ../../b8g.d.ts documents it.

const { defineLazy, check, denied, errorOf, ready, fileInfo, E, File, Connection, Standard, STAT_SIZE } = internal;

const ROLE = { STDIN: 3, STDOUT: 4, STDERR: 5, FILES: 6, NET: 7 };
const RIGHT = { READ: 4, WRITE: 8, WAIT: 0x40, SEEK: 0x80 * 2, CREATE: 0x200, MANAGE: 0x400, INSPECT: 0x1000 };
const FLAG = { CREATE: 1, EXCLUSIVE: 2, TRUNCATE: 4, DIRECTORY: 8, APPEND: 0x20, NONBLOCK: 0x40 };
const CTL = { PATH_STAT: 32, MAKE_DIR: 33, REMOVE: 34, RENAME: 35, READ_LINK: 38, LIST: 39, CONNECTED: 49 };
const LIST_SIZE = 32768;
const startsWith = Function.prototype.call.bind(String.prototype.startsWith);
const slice = Function.prototype.call.bind(String.prototype.slice);
const includes = Function.prototype.call.bind(String.prototype.includes);
const WRITABLE = 2;

const b8g = {};
internal.b8g = b8g;

// A path, from a string or a file: URL.
function toPath(value) {
  if (typeof value !== "string") {
    if (value && value.protocol === "file:") value = decodeURIComponent(value.pathname);
    else throw new TypeError("a path must be a string or a file: URL");
  }
  if (includes(value, "\0")) throw new TypeError("a path must not contain a NUL character");
  if (!startsWith(value, DIRECTORY)) return value;
  return value === DIRECTORY ? "." : value[DIRECTORY.length] === "/" ? slice(value, DIRECTORY.length + 1) || "." : value;
}
internal.toPath = toPath;

// Where the program takes itself to have been started: the directory to which relative paths are relative, whatever its name on
// the host.
const DIRECTORY = "/cwd"; // WORKING_DIRECTORY in ../../guest/guest.h
internal.cwd = () => DIRECTORY;

const files = () => sys.handle(ROLE.FILES);

// ---- files ----

// Which kinds of access to a path are missing; nothing is changed to find out.
function missing(path, options) {
  const flags = [];
  const without = (right) => {
    const handle = files() ? sys.open(files(), path, 0, right) : E.RIGHTS;
    if (handle >= 0) sys.close(handle);
    return handle === E.RIGHTS;
  };
  if (options.read && without(RIGHT.READ)) flags.push("read");
  if (options.write && without(RIGHT.WRITE)) flags.push("write");
  if (flags.length === 0 && !options.only) flags.push(options.write ? "write" : "read");
  return flags;
}

function openFile(target, options = {}) {
  const path = toPath(target);
  const { append, create, createNew, truncate } = options;
  const write = Boolean(options.write || append || create || createNew || truncate);
  const read = Boolean(options.read ?? !write);
  if (!read && !write) throw new TypeError("open: neither read nor write is wanted");
  const flags = (create ? FLAG.CREATE : 0) | (createNew ? FLAG.CREATE | FLAG.EXCLUSIVE : 0) |
    (truncate ? FLAG.TRUNCATE : 0) | (append ? FLAG.APPEND : 0);
  const rights = RIGHT.SEEK | RIGHT.INSPECT | (read ? RIGHT.READ : 0) | (write ? RIGHT.WRITE | RIGHT.MANAGE : 0);
  const handle = files() ? sys.open(files(), path, flags, rights) : E.RIGHTS;
  if (handle >= 0) return new File(handle, path);
  throw handle === E.RIGHTS ? denied(missing(path, { read, write }), path) : errorOf(handle, "open", path);
}

internal.missingAccess = missing;

b8g.open = async function open(path, options) {
  return openFile(path, options);
};

b8g.readFile = async function readFile(path) {
  const file = openFile(path, { read: true });
  try {
    return await file.bytes();
  } finally {
    file.close();
  }
};

b8g.readTextFile = async function readTextFile(path) {
  return sys.utf8Decode(await b8g.readFile(path), false);
};

async function writeWhole(path, data, { append = false, create = true, createNew = false } = {}) {
  const file = openFile(path, { read: false, write: true, append, create, createNew, truncate: !append });
  try {
    await file.write(data);
  } finally {
    file.close();
  }
}

b8g.writeFile = async function writeFile(path, data, options) {
  await writeWhole(path, data, options);
};

b8g.writeTextFile = async function writeTextFile(path, text, options) {
  await writeWhole(path, String(text), options);
};

// ---- paths ----

// A request about a path to the directory of all grants.
function request(number, path, { doing, flag, argument = 0, out = null, payload = path }) {
  const handle = files();
  return check(handle ? sys.ctl(handle, number, payload, out, argument) : E.RIGHTS, doing, path, flag);
}

function statPath(target, argument) {
  const stat = new Uint8Array(STAT_SIZE);
  request(CTL.PATH_STAT, toPath(target), { doing: "stat", flag: "read", argument, out: stat });
  return fileInfo(stat);
}

b8g.stat = async function stat(path) {
  return statPath(path, 0);
};

b8g.lstat = async function lstat(path) {
  return statPath(path, 1);
};

b8g.mkdir = async function mkdir(path, options) {
  request(CTL.MAKE_DIR, toPath(path), { doing: "make directory", flag: "write", argument: options?.recursive ? 1 : 0 });
};

b8g.remove = async function remove(path, options) {
  request(CTL.REMOVE, toPath(path), { doing: "remove", flag: "write", argument: options?.recursive ? 3 : 0 });
};

b8g.rename = async function rename(from, to) {
  const [a, b] = [toPath(from), toPath(to)];
  const payload = `${a}\0${b}`;
  const result = files() ? sys.ctl(files(), CTL.RENAME, payload, null, 0) : E.RIGHTS;
  // Both must be writable: the one that is not is the one to name.
  const refused = result === E.RIGHTS && missing(a, { write: true, only: true }).length === 0 ? b : a;
  check(result, "rename", refused, "write");
};

// The entries in what LIST wrote; the last cookie continues the list.
function* entries(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 24 <= bytes.length;) {
    const type = view.getUint32(at + 16, true);
    const length = view.getUint32(at + 20, true);
    const name = sys.utf8Decode(bytes.subarray(at + 24, at + 24 + length), false);
    yield { cookie: view.getBigUint64(at, true), name, type };
    at += 24 + length;
  }
}

async function* list(path) {
  const grants = files();
  const rights = RIGHT.READ | RIGHT.INSPECT;
  const directory = check(grants ? sys.open(grants, path, FLAG.DIRECTORY, rights) : E.RIGHTS, "read directory", path, "read");
  try {
    const buffer = new Uint8Array(LIST_SIZE);
    for (let cookie = 0n;;) {
      const length = check(sys.ctl(directory, CTL.LIST, null, buffer, cookie), "read directory", path);
      if (length === 0) return;
      for (const entry of entries(buffer.slice(0, length))) {
        cookie = entry.cookie;
        if (entry.name === "." || entry.name === "..") continue;
        yield { name: entry.name, isFile: entry.type === 4, isDirectory: entry.type === 3, isSymlink: entry.type === 7 };
      }
    }
  } finally {
    sys.close(directory);
  }
}

b8g.readDir = function readDir(path) {
  return list(toPath(path));
};

// ---- the network ----

b8g.connect = async function connect({ host = "127.0.0.1", hostname = host, port } = {}) {
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new TypeError("connect: port must be from 1 to 65535");
  const name = hostname.includes(":") && hostname[0] !== "[" ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  const net = sys.handle(ROLE.NET);
  const rights = RIGHT.READ | RIGHT.WRITE | RIGHT.WAIT | RIGHT.MANAGE | RIGHT.INSPECT;
  const handle = check(net ? sys.open(net, name, FLAG.NONBLOCK, rights) : E.RIGHTS, "connect to", name, "net");
  for (;;) {
    const state = sys.ctl(handle, CTL.CONNECTED);
    if (state >= 0) return new Connection(handle, name);
    if (state !== E.AGAIN) {
      sys.close(handle);
      throw errorOf(state, "connect to", name);
    }
    await ready(handle, WRITABLE);
  }
};

// ---- the process ----

defineLazy(b8g, "args", () => {
  const args = sys.args();
  internal.renewing(() => internal.refill(args, sys.args()));
  return args;
});
defineLazy(b8g, "stdin", () => new Standard(ROLE.STDIN, "stdin"));
defineLazy(b8g, "stdout", () => new Standard(ROLE.STDOUT, "stdout"));
defineLazy(b8g, "stderr", () => new Standard(ROLE.STDERR, "stderr"));

b8g.env = function env(name) {
  name = String(name);
  const value = sys.env(name);
  return typeof value === "number" ? check(value, "read the environment variable", name, "env") : value;
};

b8g.exit = function exit(code = 0) {
  sys.exit(Number(code) | 0);
};

// ---- other contexts ----

internal.channels(b8g);

// ---- freezing ----

let checkpoints = [];

b8g.checkpoint = function checkpoint() {
  return new Promise((resolve) => {
    checkpoints.push(resolve);
    sys.wantCheckpoint();
  });
};

// Called when it was done, or could not be, and in each copy that goes on from there.
internal.checkpointed = (copy) => {
  const waiting = checkpoints;
  checkpoints = [];
  for (let i = 0; i < waiting.length; i++) waiting[i]({ restored: copy >= 0, copy: copy >= 0 ? copy : null });
};

b8g.errors = internal.errors;
