// node:os, node:constants and node:tty. What cannot be told truly is told the same everywhere.

const { ObjectKeys } = internal.primordials;
const { modules, process, refuse, fs, stream } = internal;

// ---- os ----

const signals = {
  __proto__: null,
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGIOT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11,
  SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGCHLD: 17, SIGSTKFLT: 16, SIGCONT: 18, SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21,
  SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28, SIGIO: 29, SIGPOLL: 29, SIGPWR: 30, SIGSYS: 31,
};
internal.signals = signals;
const errno = { __proto__: null };
for (const name of ObjectKeys(internal.systemErrors)) errno[name] = -internal.systemErrors[name][0];
const priority = {
  __proto__: null, PRIORITY_LOW: 19, PRIORITY_BELOW_NORMAL: 10, PRIORITY_NORMAL: 0, PRIORITY_ABOVE_NORMAL: -7, PRIORITY_HIGH: -14, PRIORITY_HIGHEST: -20,
};
const os = {
  arch: () => process.arch,
  availableParallelism: () => 1,
  cpus: () => [{ model: "b8g", speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
  endianness: () => "LE",
  freemem: () => 2 ** 30,
  getPriority: () => 0,
  homedir: () => process.env.HOME ?? "/cwd",
  hostname: () => "b8g",
  loadavg: () => [0, 0, 0],
  networkInterfaces: () => ({}),
  platform: () => process.platform,
  release: () => "6.0.0",
  setPriority: refuse("os.setPriority()"),
  tmpdir: () => process.env.TMPDIR ?? "/tmp",
  totalmem: () => 4 * 2 ** 30,
  type: () => "Linux",
  userInfo: () => ({ uid: 1000, gid: 1000, username: process.env.USER ?? "user", homedir: os.homedir(), shell: null }),
  uptime: () => process.uptime(),
  version: () => "b8g",
  machine: () => "x86_64",
  devNull: "/dev/null",
  EOL: "\n",
  constants: { __proto__: null, UV_UDP_REUSEADDR: 4, dlopen: { __proto__: null }, errno, signals, priority },
};
modules["node:os"] = os;
modules["node:constants"] = { ...errno, ...priority, ...signals, ...fs.constants };

// ---- tty ----

class ReadStream extends stream.Readable {
  constructor() {
    throw internal.unavailable("new tty.ReadStream");
  }
}
class WriteStream extends stream.Writable {
  constructor() {
    throw internal.unavailable("new tty.WriteStream");
  }
}
modules["node:tty"] = { isatty: () => false, ReadStream, WriteStream };
