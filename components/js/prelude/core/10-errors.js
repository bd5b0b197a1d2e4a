// Errors of the handles, under the names that Deno gives them; `code` is what Node.js programs look for.

const { define } = internal;

// The numbers of docs/abi.md.
const E = {
  BADH: -1, RIGHTS: -2, TYPE: -3, ARG: -4, FAULT: -5, NOMEM: -6, AGAIN: -7, CLOSED: -8, CANCELED: -9, TIMEOUT: -10,
  NOENT: -11, EXIST: -12, LIMIT: -13, BUSY: -14, IO: -15, NOSYS: -16,
};
internal.E = E;

// number: [name, code, what happened]
const own = {
  [E.BADH]: ["BadResource", "EBADF", "it is closed"],
  [E.RIGHTS]: ["PermissionDenied", "EACCES", "it was not granted"],
  [E.TYPE]: ["NotSupported", "ENOTSUP", "the object cannot do this"],
  [E.ARG]: ["InvalidData", "EINVAL", "an argument is not valid"],
  [E.FAULT]: ["InvalidData", "EFAULT", "bad address"],
  [E.NOMEM]: ["OutOfMemory", "ENOMEM", "out of memory"],
  [E.AGAIN]: ["WouldBlock", "EAGAIN", "it would block"],
  [E.CLOSED]: ["BrokenPipe", "EPIPE", "the other side is gone"],
  [E.CANCELED]: ["Interrupted", "ECANCELED", "it was canceled"],
  [E.TIMEOUT]: ["TimedOut", "ETIMEDOUT", "it timed out"],
  [E.NOENT]: ["NotFound", "ENOENT", "no such file or directory"],
  [E.EXIST]: ["AlreadyExists", "EEXIST", "it exists already"],
  [E.LIMIT]: ["LimitReached", "EMFILE", "a limit was reached"],
  [E.BUSY]: ["Busy", "EBUSY", "it is in use"],
  [E.IO]: ["InputOutput", "EIO", "input/output error"],
  [E.NOSYS]: ["NotSupported", "ENOSYS", "it is not supported"],
};

// The same for the system's own errors, by their numbers on Linux.
const system = {
  1: ["PermissionDenied", "EPERM", "the system does not permit it"],
  2: ["NotFound", "ENOENT", "no such file or directory"],
  4: ["Interrupted", "EINTR", "it was interrupted"],
  5: ["InputOutput", "EIO", "input/output error"],
  9: ["BadResource", "EBADF", "it is closed"],
  11: ["WouldBlock", "EAGAIN", "it would block"],
  12: ["OutOfMemory", "ENOMEM", "the system is out of memory"],
  13: ["PermissionDenied", "EACCES", "the system does not permit it"],
  16: ["Busy", "EBUSY", "it is in use"],
  17: ["AlreadyExists", "EEXIST", "it exists already"],
  18: ["NotSupported", "EXDEV", "it is on another file system"],
  20: ["NotADirectory", "ENOTDIR", "it is not a directory"],
  21: ["IsADirectory", "EISDIR", "it is a directory"],
  22: ["InvalidData", "EINVAL", "an argument is not valid"],
  23: ["LimitReached", "ENFILE", "the system has too many open files"],
  24: ["LimitReached", "EMFILE", "too many open files"],
  27: ["LimitReached", "EFBIG", "the file would become too large"],
  28: ["StorageFull", "ENOSPC", "no space is left"],
  29: ["NotSupported", "ESPIPE", "it has no positions"],
  30: ["PermissionDenied", "EROFS", "the file system is read-only"],
  31: ["LimitReached", "EMLINK", "too many links"],
  32: ["BrokenPipe", "EPIPE", "the other side is gone"],
  36: ["InvalidData", "ENAMETOOLONG", "the name is too long"],
  39: ["DirectoryNotEmpty", "ENOTEMPTY", "the directory is not empty"],
  40: ["FilesystemLoop", "ELOOP", "too many symbolic links"],
  98: ["AddrInUse", "EADDRINUSE", "the address is in use"],
  99: ["AddrNotAvailable", "EADDRNOTAVAIL", "the address is not available"],
  101: ["NetworkUnreachable", "ENETUNREACH", "the network cannot be reached"],
  103: ["ConnectionAborted", "ECONNABORTED", "the connection was aborted"],
  104: ["ConnectionReset", "ECONNRESET", "the connection was reset"],
  107: ["NotConnected", "ENOTCONN", "it is not connected"],
  110: ["TimedOut", "ETIMEDOUT", "it timed out"],
  111: ["ConnectionRefused", "ECONNREFUSED", "the connection was refused"],
  113: ["HostUnreachable", "EHOSTUNREACH", "the host cannot be reached"],
  122: ["StorageFull", "EDQUOT", "the quota is used up"],
};

class HandleError extends Error {
  constructor(message, options) {
    super(message, options);
  }
}
define(HandleError.prototype, "name", "HandleError");

// Classes by name: made once each, so that `instanceof` works; the module "b8g" exports them as `errors`.
const classes = { __proto__: null };
for (const table of [own, system]) {
  for (const [name] of Object.values(table)) {
    if (classes[name]) continue;
    const made = { [name]: class extends HandleError {} }[name];
    define(made.prototype, "name", name);
    classes[name] = made;
  }
}
internal.errors = classes;

function make(name, code, message) {
  const error = new classes[name](message);
  error.code = code;
  return error;
}

// What is behind a handle or a path, for messages: `open "data/x.csv"`.
const describe = (doing, what) => (what === undefined ? doing : `${doing} ${JSON.stringify(String(what))}`);

// The error for a negative number. `doing` says what was tried and `what` to what.
internal.errorOf = (number, doing, what) => {
  const known = number <= -256 ? system[-number - 256] : own[number];
  if (known) return make(known[0], known[1], `${describe(doing, what)}: ${known[2]}`);
  const error = make("InputOutput", "EIO", `${describe(doing, what)}: system error ${-number - 256}`);
  return error;
};

const subject = {
  read: (what) => `read access to ${JSON.stringify(what)}`,
  write: (what) => `write access to ${JSON.stringify(what)}`,
  net: (what) => `network access to ${JSON.stringify(what)}`,
  env: (what) => `access to the environment variable ${JSON.stringify(what)}`,
};

// A value as a shell takes it back.
const shell = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

// The error for what was not granted. `flags` are the kinds of access that are missing.
internal.denied = (flags, what) => {
  what = String(what);
  const access = flags.map((flag) => subject[flag](what)).join(" and ");
  const again = flags.map((flag) => `--allow-${flag}=${shell(what)}`).join(" ");
  return make("PermissionDenied", "EACCES", `${access} was not granted; run again with ${again}`);
};

// The error for a use that a file or stream was not opened for.
internal.notOpened = (doing, what) => make("BadResource", "EBADF", `${describe(doing, what)}: it was not opened for that`);

// Passes a result on, or throws the error that it is. `flag` is the grant that RIGHTS means here.
internal.check = (result, doing, what, flag) => {
  if (result >= 0) return result;
  throw result === E.RIGHTS && flag ? internal.denied([flag], what) : internal.errorOf(result, doing, what);
};

// Ends the program with an error that its listeners have left.
internal.fatal = sys.fatal;
