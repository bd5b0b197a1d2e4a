// node:net over the sockets of the host: connections as streams, and servers. Start at `Socket` and `NetServer`.
//
// A handle is waited for only while somebody wants what comes, or has something to send. Invariants: a socket whose handle is closed
// calls back whoever waits, once; what was not granted is EACCES, with the flag in the message.

const { modules, stream, EventEmitter, nodeError, asBuffer, bufferPart, checkArgument: check, E } = internal;
const { FunctionPrototypeSymbolHasInstance, NumberIsInteger, ObjectAssign, ReflectConstruct, ObjectDefineProperty, ObjectGetPrototypeOf, ObjectSetPrototypeOf, StringPrototypeIndexOf, SetPrototypeAdd, SetPrototypeDelete } =
  internal.primordials;
const { watch, unwatch, readAt, writeAt, close: closeHandle, ctl, handle: handleOf, open: openHandle } = sys;
const { setTimer, clearTimer } = sys;

const NET = 7;
const READABLE = 1, WRITABLE = 2;
const RIGHTS = 0x4 | 0x8 | 0x40 | 0x400 | 0x1000;
const NONBLOCK = 0x40;
const SHUTDOWN = 48, CONNECTED = 49, SOCKET = 100, BIND = 101, LISTEN = 103, ACCEPT = 104, LOCAL_ADDRESS = 105, PEER_ADDRESS = 106;
const TCP4 = 4, TCP6 = 6;
const WRITING = 2;
const CHUNK = 65536;
const BACKLOG = 128;
const ACCEPTED_AT_ONCE = 16;

// ---- errors and addresses ----

// How Node.js says what failed: `connect ECONNREFUSED 127.0.0.1:1`.
function failure(number, syscall, address, port) {
  const where = address === undefined ? "" : ` ${address}${port === undefined ? "" : `:${port}`}`;
  const flag = syscall === "listen" ? "--allow-listen" : "--allow-net";
  const { code } = number === E.RIGHTS ? { code: "EACCES" } : number === E.NOENT ? { code: "ENOTFOUND" } : internal.errorOf(number, syscall);
  const error = new Error(code === "ENOTFOUND" ? `getaddrinfo ENOTFOUND ${address}`
    : code === "EACCES" ? `${syscall} EACCES: permission denied${where}; run again with ${flag}=${address}:${port}` : `${syscall} ${code}${where}`);
  error.errno = code === "ENOTFOUND" ? -3008 : internal.systemErrors[code]?.[0] ?? -4094;
  error.code = code;
  error.syscall = code === "ENOTFOUND" ? "getaddrinfo" : syscall;
  if (address !== undefined) error[code === "ENOTFOUND" ? "hostname" : "address"] = address;
  if (port !== undefined && code !== "ENOTFOUND") error.port = port;
  return error;
}

const named = (host, port) => (StringPrototypeIndexOf(host, ":") >= 0 ? `[${host}]:${port}` : `${host}:${port}`);

// Reads the little-endian number of as many bytes at a place.
const numberAt = (bytes, at, count) => {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
  return value;
};

// What an Address of docs/abi.md says; undefined for a socket that has none.
function addressOf(handle, request) {
  const bytes = new Uint8Array(32);
  if (handle < 0 || ctl(handle, request, null, bytes) < 0) return undefined;
  const port = numberAt(bytes, 4, 4);
  if (numberAt(bytes, 0, 4) === 4) return { address: `${bytes[19]}.${bytes[18]}.${bytes[17]}.${bytes[16]}`, family: "IPv4", port };
  return { address: shortened(bytes), family: "IPv6", port };
}

// An address of version 6 in its shortest form.
function shortened(bytes) {
  const groups = [];
  for (let i = 0; i < 8; i++) groups[i] = numberAt(bytes, i < 4 ? 14 - 2 * i : 30 - 2 * i, 2);
  let from = -1;
  let longest = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > longest) [from, longest] = [i, length];
  }
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i === from) {
      text += "::";
      i += longest - 1;
    } else {
      text += `${text !== "" && text[text.length - 1] !== ":" ? ":" : ""}${groups[i].toString(16)}`;
    }
  }
  return text;
}

function checkPort(port, name = "options.port") {
  const number = typeof port === "string" && port !== "" ? +port : port;
  if (typeof number !== "number" || !NumberIsInteger(number) || number < 0 || number > 65535) {
    throw nodeError(RangeError, "ERR_SOCKET_BAD_PORT", `${name} should be >= 0 and < 65536. Received ${internal.describeReceived(port)}.`);
  }
  return number;
}

// What connect() and listen() were given: options and a callback.
function argumentsOf(args) {
  const last = args.length > 0 ? args[args.length - 1] : undefined;
  const callback = typeof last === "function" ? last : undefined;
  const first = args[0];
  if (typeof first === "object" && first !== null) return [ObjectAssign({}, first), callback];
  if (typeof first === "string" && !(+first >= 0)) return [{ path: first }, callback];
  const options = {};
  if (typeof first !== "function" && first !== undefined && first !== null) options.port = first;
  if (typeof args[1] === "string") options.host = args[1];
  const backlog = typeof args[1] === "number" ? args[1] : args[2];
  if (typeof backlog === "number") options.backlog = backlog;
  return [options, callback];
}

// ---- connections ----

class SocketBase extends stream.Duplex {
  #handle = -1;
  #reading = -1;
  #writing = -1;
  #timer = 0;
  #peer;
  #local;
  #server = null;

  constructor(options = {}) {
    if (typeof options === "number") options = { fd: options };
    if (options?.fd !== undefined) throw internal.unavailable("a socket of a file descriptor", "use connect()");
    super({
      __proto__: null, allowHalfOpen: options?.allowHalfOpen ?? false, readableHighWaterMark: options?.readableHighWaterMark ?? CHUNK,
      writableHighWaterMark: options?.writableHighWaterMark, autoDestroy: true, emitClose: true, decodeStrings: true, signal: options?.signal,
    });
    this.connecting = false;
    this.bytesRead = 0;
    this._bytesDispatched = 0;
    this.timeout = 0;
    this._host = null;
    this.on("end", () => {
      if (!this.allowHalfOpen) this.end();
    });
  }

  // A connection that a server accepted.
  static accepted(handle, options, server) {
    const socket = new Socket(options);
    socket.#handle = handle;
    socket.#server = server;
    socket.server = server;
    return socket;
  }

  connect(...args) {
    const [options, callback] = argumentsOf(args);
    if (options.path !== undefined) throw internal.unavailable("a local socket", "use a port");
    const port = checkPort(options.port);
    const host = `${options.host ?? "localhost"}`;
    const address = host === "localhost" ? "127.0.0.1" : host;
    if (callback !== undefined) this.once("connect", callback);
    this.connecting = true;
    this._host = host;
    const net = handleOf(NET);
    const handle = net ? openHandle(net, named(address, port), NONBLOCK, RIGHTS) : E.RIGHTS;
    if (handle < 0) {
      internal.nextTick(() => this.destroy(failure(handle, "connect", address, port)));
      return this;
    }
    this.#handle = handle;
    this.#touch();
    const connected = () => {
      this.#writing = -1;
      const state = ctl(handle, CONNECTED);
      if (state === E.AGAIN) {
        this.#writing = watch(handle, WRITABLE, connected);
        if (this.#writing < 0) this.destroy(failure(this.#writing, "connect", address, port));
      } else if (state < 0) {
        this.destroy(failure(state, "connect", address, port));
      } else {
        this.connecting = false;
        this.#touch();
        this.emit("connect");
        this.emit("ready");
        this.read(0);
      }
    };
    internal.nextTick(() => {
      if (this.#handle === handle) connected();
    });
    return this;
  }

  _read() {
    if (this.connecting || this.#handle < 0) {
      this.once("connect", () => this._read());
      return;
    }
    if (this.#reading >= 0) return;
    const bytes = new Uint8Array(CHUNK);
    const length = readAt(this.#handle, bytes, 0);
    if (length === E.AGAIN) {
      this.#reading = watch(this.#handle, READABLE, () => {
        this.#reading = -1;
        this._read();
      });
      if (this.#reading < 0) this.destroy(failure(this.#reading, "read"));
      return;
    }
    if (length < 0) {
      this.destroy(failure(length, "read"));
      return;
    }
    this.#touch();
    this.bytesRead += length;
    if (length === 0) this.push(null);
    else this.push(asBuffer(length * 2 > CHUNK ? bufferPart(bytes, 0, length) : new Uint8Array(bufferPart(bytes, 0, length))));
  }

  _write(chunk, encoding, callback) {
    if (this.connecting) {
      this.once("connect", () => this._write(chunk, encoding, callback));
      return;
    }
    if (this.#handle < 0) {
      callback(nodeError(Error, "ERR_SOCKET_CLOSED", "Socket is closed"));
      return;
    }
    this.#touch();
    const send = (at) => {
      if (this.#handle < 0) return callback(nodeError(Error, "ERR_SOCKET_CLOSED", "Socket is closed"));
      const after = writeAt(this.#handle, chunk, at);
      if (after < 0 && after !== E.AGAIN) return callback(failure(after, "write"));
      if (after >= 0) {
        this._bytesDispatched += after - at;
        this.#touch();
        if (after >= chunk.length) return callback();
      }
      this.#writing = watch(this.#handle, WRITABLE, () => {
        this.#writing = -1;
        send(after < 0 ? at : after);
      });
      return this.#writing < 0 ? callback(failure(this.#writing, "write")) : undefined;
    };
    send(0);
  }

  _final(callback) {
    if (this.connecting) {
      this.once("connect", () => this._final(callback));
      return;
    }
    if (this.#handle >= 0) ctl(this.#handle, SHUTDOWN, null, null, WRITING);
    callback();
  }

  _destroy(error, callback) {
    this.connecting = false;
    // They are told after the end, too.
    this.#peer = this.#peer ?? addressOf(this.#handle, PEER_ADDRESS);
    this.#local = this.#local ?? addressOf(this.#handle, LOCAL_ADDRESS);
    if (this.#reading >= 0) unwatch(this.#reading);
    if (this.#writing >= 0) unwatch(this.#writing);
    this.#reading = this.#writing = -1;
    this.#stopTimer();
    if (this.#handle >= 0) closeHandle(this.#handle);
    this.#handle = -1;
    callback(error);
    if (this.#server !== null) this.#server._lost(this);
    this.#server = null;
  }

  #stopTimer() {
    if (this.#timer > 0) clearTimer(this.#timer);
    this.#timer = 0;
  }

  // Something happened: the time without any begins anew.
  #touch() {
    this.#stopTimer();
    if (this.timeout > 0 && !this.destroyed) {
      this.#timer = setTimer(() => {
        this.#timer = 0;
        this.emit("timeout");
      }, this.timeout, false);
      sys.unrefTimer(this.#timer);
    }
  }

  setTimeout(ms, callback) {
    check.number(ms, "msecs", 0);
    this.timeout = ms;
    this.#touch();
    if (callback !== undefined) {
      check.function(callback, "callback");
      if (ms === 0) this.removeListener("timeout", callback);
      else this.once("timeout", callback);
    }
    return this;
  }
  setNoDelay() { return this; }
  setKeepAlive() { return this; }
  ref() { return this; }
  unref() { return this; }
  destroySoon() {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", this.destroy);
  }
  resetAndDestroy() {
    return this.destroy();
  }
  address() {
    return this.#localAddress() ?? {};
  }
  #localAddress() { return (this.#local ??= addressOf(this.#handle, LOCAL_ADDRESS)); }
  #peerAddress() { return (this.#peer ??= addressOf(this.#handle, PEER_ADDRESS)); }
  get localAddress() { return this.#localAddress()?.address; }
  get localPort() { return this.#localAddress()?.port; }
  get localFamily() { return this.#localAddress()?.family; }
  get remoteAddress() { return this.#peerAddress()?.address; }
  get remotePort() { return this.#peerAddress()?.port; }
  get remoteFamily() { return this.#peerAddress()?.family; }
  get pending() { return this.#handle < 0 || this.connecting; }
  get bytesWritten() { return this._bytesDispatched + this.writableLength; }
  get bufferSize() { return this.writableLength; }
  get readyState() {
    if (this.connecting) return "opening";
    if (this.readable && this.writable) return "open";
    return this.readable ? "readOnly" : this.writable ? "writeOnly" : "closed";
  }
}

// Node.js lets them be called without `new`, and old packages inherit from them by hand: `setUp(self, args)` makes what they made
// one of these, where that can be done.
function callable(name, Base, setUp = undefined) {
  const made = { [name]: function (...args) {
    if (new.target === undefined && setUp !== undefined && FunctionPrototypeSymbolHasInstance(made, this)) return setUp(this, args);
    return ReflectConstruct(Base, args, new.target === undefined ? made : new.target);
  } }[name];
  made.prototype = Base.prototype;
  ObjectDefineProperty(Base.prototype, "constructor", { value: made, writable: true, enumerable: false, configurable: true });
  ObjectSetPrototypeOf(made, ObjectGetPrototypeOf(Base));
  return made;
}
const Socket = callable("Socket", SocketBase);

// ---- servers ----

class ServerBase extends EventEmitter {
  #handle = -1;
  #watched = -1;
  #connections = new Set();
  #count = 0;
  #options;

  constructor(options, listener) {
    super();
    if (typeof options === "function") [options, listener] = [{}, options];
    this.#options = { ...options };
    if (typeof listener === "function") this.on("connection", listener);
    this.maxConnections = undefined;
  }

  get listening() { return this.#handle >= 0; }
  get connections() { return this.#count; }

  listen(...args) {
    const [options, callback] = argumentsOf(args);
    if (this.#handle >= 0) throw nodeError(Error, "ERR_SERVER_ALREADY_LISTEN", "Listen method has been called more than once without closing.");
    if (callback !== undefined) this.once("listening", callback);
    if (options.path !== undefined || options.fd !== undefined) throw internal.unavailable("a local socket", "listen at a port");
    const port = checkPort(options.port ?? 0);
    const host = `${options.host ?? "0.0.0.0"}`;
    const address = host === "localhost" ? "127.0.0.1" : host;
    const failed = this.#bind(address, port, options.backlog ?? BACKLOG);
    internal.nextTick(() => {
      if (failed < 0) {
        this.#drop();
        this.emit("error", failure(failed, "listen", address, port));
      } else if (this.#handle >= 0) {
        this.emit("listening");
      }
    });
    return this;
  }

  #bind(address, port, backlog) {
    const net = handleOf(NET);
    if (!net) return E.RIGHTS;
    const handle = ctl(net, SOCKET, null, null, StringPrototypeIndexOf(address, ":") >= 0 ? TCP6 : TCP4);
    if (handle < 0) return handle;
    this.#handle = handle;
    const bound = ctl(handle, BIND, named(address, port));
    if (bound < 0) return bound;
    const listening = ctl(handle, LISTEN, null, null, backlog);
    return listening < 0 ? listening : this.#wait();
  }

  #wait() {
    this.#watched = watch(this.#handle, READABLE, () => this.#accept());
    return this.#watched;
  }

  #accept() {
    this.#watched = -1;
    for (let i = 0; i < ACCEPTED_AT_ONCE && this.#handle >= 0; i++) {
      const handle = ctl(this.#handle, ACCEPT);
      if (handle < 0) {
        if (handle !== E.AGAIN) this.emit("drop", {});
        break;
      }
      if (this.maxConnections !== undefined && this.#count >= this.maxConnections) {
        closeHandle(handle);
        this.emit("drop", {});
        continue;
      }
      const socket = SocketBase.accepted(handle, this.#options, this);
      SetPrototypeAdd(this.#connections, socket);
      this.#count++;
      this.emit("connection", socket);
      if (!this.#options.pauseOnConnect) socket.read(0);
    }
    if (this.#handle >= 0 && this.#watched < 0) {
      const watched = this.#wait();
      if (watched < 0) this.emit("error", failure(watched, "accept"));
    }
  }

  _lost(socket) {
    if (!SetPrototypeDelete(this.#connections, socket)) return;
    this.#count--;
    this.#closed();
  }

  #drop() {
    if (this.#watched >= 0) unwatch(this.#watched);
    this.#watched = -1;
    if (this.#handle >= 0) closeHandle(this.#handle);
    this.#handle = -1;
  }

  // It is closed when its last connection is.
  #closed() {
    if (this.#handle < 0 && this.#count === 0) internal.nextTick(() => this.emit("close"));
  }

  close(callback) {
    const open = this.#handle >= 0;
    if (typeof callback === "function") {
      if (open) this.once("close", callback);
      else this.once("close", () => callback(nodeError(Error, "ERR_SERVER_NOT_RUNNING", "Server is not running.")));
    }
    this.#drop();
    if (open || this.#count === 0) this.#closed();
    return this;
  }

  // Calls back with each connection.
  _each(callback) {
    internal.primordials.SetPrototypeForEach(this.#connections, callback);
  }

  address() {
    if (this.#handle < 0) return null;
    const { address, family, port } = addressOf(this.#handle, LOCAL_ADDRESS) ?? {};
    return { address, family, port };
  }
  getConnections(callback) {
    internal.nextTick(callback, null, this.#count);
    return this;
  }
  ref() { return this; }
  unref() { return this; }
  async [Symbol.asyncDispose]() {
    await new Promise((resolve) => this.close(resolve));
  }
}
const NetServer = callable("Server", ServerBase);

const connect = (...args) => {
  const [options, callback] = argumentsOf(args);
  const socket = new Socket(options);
  if (options.timeout) socket.setTimeout(options.timeout);
  return callback === undefined ? socket.connect(options) : socket.connect(options, callback);
};
ObjectAssign(modules["node:net"], {
  connect, createConnection: connect, createServer: (options, listener) => new NetServer(options, listener), Server: NetServer, Socket, Stream: Socket,
});
internal.net = { Socket, ServerBase, failure, named, callable };
