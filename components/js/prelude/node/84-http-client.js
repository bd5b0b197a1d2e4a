// The client of node:http and node:https: ClientRequest over the same exchanges of the host as fetch. Start at the class.
//
// The host makes the connections and keeps them, so agents decide nothing; one that would connect by itself is refused, because its
// proxy would be passed over in silence. Invariants: a request is sent once; its exchange is closed when it failed, was destroyed, or its
// answer was read or given up.

const { modules, nodeError, http, net, asBuffer, bufferPart, checkArgument: check, E, EventEmitter } = internal;
const { METHODS, STATUS_CODES, IncomingMessage, OutgoingMessage, OutgoingBase, ServerResponse, AgentBase, agentOf, Server, createServer } = http;
const {
  ArrayIsArray, ArrayPrototypePush, ObjectAssign, RegExpPrototypeExec, StringPrototypeIndexOf, StringPrototypeSlice, StringPrototypeToLowerCase,
  StringPrototypeToUpperCase,
} = internal.primordials;
const { httpSend, httpHead, watch, unwatch, handle: handleOf } = sys;
const { Exchange, fetchErrors } = internal;
const { createConnection, addRequest } = AgentBase.prototype;

const NET = 7;
const READABLE = 1;
const CHUNK = 65536;
const TOKEN = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/;
const NOT_A_PATH = /[^\x21-\xff]/;
const ERRNO = { __proto__: null, ECONNREFUSED: "connect", EHOSTUNREACH: "connect", ENETUNREACH: "connect", ETIMEDOUT: "connect", ECONNRESET: "read" };

// What a URL object says, as options.
function optionsOfURL(url) {
  const { hostname } = url;
  const options = {
    __proto__: null, protocol: url.protocol, hostname: hostname[0] === "[" ? StringPrototypeSlice(hostname, 1, -1) : hostname,
    path: `${url.pathname || ""}${url.search || ""}`,
  };
  if (url.port !== "") options.port = +url.port;
  if (url.username || url.password) options.auth = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return options;
}

function readArguments(input, options, callback) {
  let read;
  if (typeof input === "string") read = optionsOfURL(new URL(input));
  else if (input instanceof URL) read = optionsOfURL(input);
  else [callback, options, read] = [options, input, null];
  if (typeof options === "function") [callback, options] = [options, {}];
  return [ObjectAssign({ __proto__: null }, read, options), callback];
}

function closedError() {
  return nodeError(Error, "ECONNRESET", "socket hang up");
}

// The error that Node.js has for what failed.
function errorOf(handle, code, host, port) {
  if (code === E.RIGHTS) return net.failure(E.RIGHTS, "connect", host, port);
  const cause = fetchErrors.causeOf(handle, code, net.named(host, port));
  if (cause.code === "ENOTFOUND") return net.failure(E.NOENT, "connect", host, port);
  if (cause.code === "UND_ERR_SOCKET" || cause.code === "ECONNRESET") return closedError();
  const syscall = ERRNO[cause.code];
  const error = syscall === "connect" ? new Error(`connect ${cause.code} ${net.named(host, port)}`) : cause;
  error.code = cause.code;
  if (syscall === undefined) return error;
  error.errno = internal.systemErrors[cause.code]?.[0];
  error.syscall = syscall;
  return ObjectAssign(error, syscall === "connect" ? { address: host, port } : {});
}

class ClientRequestBase extends OutgoingBase {
  #exchange = null;
  #watched = -1;
  #net;
  #waiting = null;

  constructor(scheme, input, given, listener) {
    super();
    const [options, callback] = readArguments(input, given, listener);
    const { agent } = options;
    if (agent !== undefined && agent !== null && agent !== false && typeof agent.addRequest !== "function") {
      throw internal.invalidType("options.agent", "one of Agent-like Object, undefined, or false", agent);
    }
    const own = typeof options.createConnection === "function"
      || (agent && (agent.createConnection !== createConnection || agent.addRequest !== addRequest));
    if (own) throw internal.unavailable("an agent that connects by itself", "leave it out; the host connects");
    for (const name of ["socketPath", "ca", "cert", "key", "pfx", "lookup"]) {
      if (options[name] !== undefined && options[name] !== null && (name !== "lookup" || typeof options[name] !== "function")) {
        throw internal.unavailable(`the option ${name}`, name === "socketPath" ? "use a port" : "trust certificates with --cert");
      }
    }
    const expected = agent?.protocol ?? `${scheme}:`;
    const protocol = options.protocol || expected;
    if (protocol !== expected) {
      throw nodeError(TypeError, "ERR_INVALID_PROTOCOL", `Protocol "${protocol}" not supported. Expected "${expected}"`);
    }
    const method = options.method;
    if (method !== undefined && method !== null && typeof method !== "string") throw internal.invalidType("options.method", "of type string", method);
    if (method && RegExpPrototypeExec(TOKEN, method) === null) {
      throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN", `Method must be a valid HTTP token ["${method}"]`);
    }
    if (options.path && RegExpPrototypeExec(NOT_A_PATH, `${options.path}`) !== null) {
      throw nodeError(TypeError, "ERR_UNESCAPED_CHARACTERS", "Request path contains unescaped characters");
    }
    check.signal(options.signal, "options.signal");
    this.method = method ? StringPrototypeToUpperCase(method) : "GET";
    this.path = `${options.path || "/"}`;
    this.protocol = protocol;
    this.host = `${options.hostname || options.host || "localhost"}`;
    this.agent = agent === false ? undefined : agent ?? (scheme === "https" ? modules["node:https"].globalAgent : modules["node:http"].globalAgent);
    this.reusedSocket = false;
    this.aborted = false;
    this.res = null;
    this.timeout = options.timeout;
    this.maxHeadersCount = null;
    this.parser = null;
    this._port = +(options.port || options.defaultPort || this.agent?.defaultPort || (protocol === "https:" ? 443 : 80));
    if (!(this._port > 0 && this._port < 65536)) throw nodeError(RangeError, "ERR_SOCKET_BAD_PORT", `Port should be > 0 and < 65536. Received ${options.port}.`);
    if (callback !== undefined) {
      check.function(callback, "callback");
      this.once("response", callback);
    }
    this._setAll(options.headers);
    if (!this.hasHeader("host") && options.setHost !== false && !ArrayIsArray(options.headers)) {
      const usual = this._port === (protocol === "https:" ? 443 : 80);
      this.setHeader("Host", usual ? (StringPrototypeIndexOf(this.host, ":") >= 0 ? `[${this.host}]` : this.host) : net.named(this.host, this._port));
    }
    if (options.auth && !this.hasHeader("authorization")) {
      this.setHeader("Authorization", `Basic ${internal.Buffer.from(`${options.auth}`).toString("base64")}`);
    }
    if (options.signal) {
      const { signal } = options;
      const aborted = () => this.destroy(new internal.AbortError(undefined, { cause: signal.reason }));
      if (signal.aborted) {
        internal.nextTick(aborted);
      } else {
        signal.addEventListener("abort", aborted, { once: true });
        this.once("close", () => signal.removeEventListener("abort", aborted));
      }
    }
    // A socket for those who want to set something on it; what it stands for is the host's.
    internal.nextTick(() => {
      if (this.destroyed) return;
      this.socket = new net.Socket();
      this.socket.setTimeout = (ms, listener) => {
        this.#setTimeout(ms);
        if (typeof listener === "function") this.socket.once("timeout", listener);
        return this.socket;
      };
      this.emit("socket", this.socket);
      if (this.timeout > 0) this.#setTimeout(this.timeout);
    });
  }

  #timer = 0;
  #limit = 0;
  #setTimeout(ms) {
    this.#limit = ms;
    this.#touch();
  }
  #touch() {
    if (this.#timer > 0) sys.clearTimer(this.#timer);
    this.#timer = 0;
    if (!(this.#limit > 0) || this.destroyed) return;
    this.#timer = sys.setTimer(() => {
      this.#timer = 0;
      this.socket?.emit("timeout");
      this.emit("timeout");
      this.res?.emit("timeout");
    }, this.#limit, false);
    sys.unrefTimer(this.#timer);
  }
  setTimeout(ms, callback) {
    check.number(ms, "msecs", 0);
    this.timeout = ms;
    if (typeof callback === "function") this.once("timeout", callback);
    this.#setTimeout(ms);
    return this;
  }
  setNoDelay() {}
  setSocketKeepAlive() {}
  onSocket() {}
  abort() {
    if (this.aborted) return;
    this.aborted = true;
    internal.nextTick(() => this.emit("abort"));
    this.destroy();
  }

  // Sends the head.
  _begin() {
    this._begun = true;
    const list = this._fieldList();
    for (let i = 0; i < list.length; i += 2) list[i] = StringPrototypeToLowerCase(list[i]);
    const scheme = this.protocol === "https:" ? "https" : "http";
    if (this.hasHeader("upgrade")) return this.destroy(internal.unavailable("an upgrade of the protocol", "use WebSocket"));
    const bodiless = this.method === "GET" || this.method === "HEAD" || this.method === "DELETE" || this.method === "OPTIONS" || this.method === "TRACE";
    if (this._length >= 0 && !this.hasHeader("content-length") && (this._length > 0 || !bodiless)) ArrayPrototypePush(list, "content-length", `${this._length}`);
    const has = this._length !== 0;
    const net_ = handleOf(NET);
    const host = this.host === "localhost" ? "127.0.0.1" : this.host;
    const kept = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] !== "expect") ArrayPrototypePush(kept, list[i], list[i + 1]);
    const path = this.path[0] === "/" ? this.path : `/${this.path}`;
    const handle = net_ ? httpSend(net_, [this.method, scheme, net.named(host, this._port), path], kept, has) : E.RIGHTS;
    if (handle < 0) return this.destroy(this.#failed(-1, handle));
    this.#exchange = new Exchange(handle, true);
    this.#touch();
    if (this.hasHeader("expect")) internal.nextTick(() => this.emit("continue"));
    return this.#await();
  }
  #failed(handle, code) {
    return errorOf(handle, code, this.host === "localhost" ? "127.0.0.1" : this.host, this._port);
  }

  _write(chunk, encoding, callback) {
    if (!this._begun) this._begin();
    const exchange = this.#exchange;
    if (exchange === null || chunk.length === 0) return callback(null);
    this.#touch();
    // What the other side did not want: its answer says why, or that there is none.
    exchange.write(chunk, 0, () => callback(null));
    return undefined;
  }
  _final(callback) {
    if (!this._begun) this._begin();
    this.#exchange?.finish(false);
    callback();
  }
  flushHeaders() {
    if (!this._begun) this._begin();
  }

  #await() {
    const exchange = this.#exchange;
    if (exchange === null || exchange.handle < 0) return undefined;
    const head = httpHead(exchange.handle, true);
    if (head === E.AGAIN) {
      this.#watched = watch(exchange.handle, READABLE, () => {
        this.#watched = -1;
        this.#await();
      });
      if (this.#watched < 0) this.destroy(nodeError(Error, "EMFILE", "too many waits"));
      return undefined;
    }
    if (typeof head === "number") return this.destroy(this.#failed(exchange.handle, head));
    return this.#hear(exchange, head);
  }

  #hear(exchange, head) {
    this.#touch();
    const response = new IncomingMessage(this.socket);
    response.statusCode = head[0];
    response.statusMessage = STATUS_CODES[head[0]] ?? "";
    response.req = this;
    for (let i = 1; i < head.length; i++) response.rawHeaders[i - 1] = head[i];
    this.res = response;
    // What stays when the request is destroyed is the answer's.
    this.#exchange = null;
    let reading = false;
    const read = () => {
      if (reading || response.destroyed) return;
      const bytes = new Uint8Array(CHUNK);
      const length = exchange.readNow(bytes, 0);
      if (length === E.AGAIN) {
        reading = true;
        exchange.whenReadable(() => {
          reading = false;
          read();
        }, (code) => response.destroy(this.#failed(exchange.handle, code)));
        return;
      }
      this.#touch();
      if (length < 0) {
        response.destroy(nodeError(Error, "ECONNRESET", "aborted"));
      } else if (length === 0) {
        response.complete = true;
        exchange.close();
        this.#over();
        response.push(null);
      } else {
        response.push(asBuffer(length * 2 > CHUNK ? bufferPart(bytes, 0, length) : new Uint8Array(bufferPart(bytes, 0, length))));
      }
    };
    this.#waiting = response;
    response._abandon = () => {
      exchange.close();
      this.#over();
    };
    response._feed(read);
    internal.nextTick(() => {
      if (this.destroyed && !response.destroyed) return response.destroy(closedError());
      // Who does not take the answer does not want its body.
      return this.emit("response", response) ? undefined : response.resume();
    });
  }

  // Nothing more happens.
  #over() {
    this.#limit = 0;
    this.#touch();
    this.#waiting = null;
    if (!this.destroyed && this.writableFinished) internal.nextTick(() => this.destroy());
  }

  _destroy(error, callback) {
    this.#limit = 0;
    this.#touch();
    if (this.#watched >= 0) unwatch(this.#watched);
    this.#watched = -1;
    const pending = this.#exchange !== null || (!this._begun && this.res === null);
    this.#exchange?.close();
    this.#exchange = null;
    const response = this.#waiting;
    if (response !== null && !response.destroyed && !response.complete) response.destroy(error ?? closedError());
    this.socket?.destroy();
    callback(error ?? (pending && this.res === null ? closedError() : null));
  }
}

function client(name, port) {
  const Agent = agentOf(port, `${name}:`);
  function ClientRequest(input, options, callback) {
    const made = internal.primordials.ReflectConstruct(ClientRequestBase, [name, input, options, callback], new.target === undefined ? ClientRequest : new.target);
    // Its writable side is over long before the answer came: it must not be destroyed then.
    made._writableState.autoDestroy = false;
    return made;
  }
  ClientRequest.prototype = ClientRequestBase.prototype;
  internal.primordials.ObjectSetPrototypeOf(ClientRequest, OutgoingMessage);
  const request = (input, options, callback) => new ClientRequest(input, options, callback);
  return {
    Agent,
    globalAgent: new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5000 }),
    ClientRequest,
    request,
    get(input, options, callback) {
      const made = request(input, options, callback);
      made.end();
      return made;
    },
  };
}
const plain = client("http", 80);
const { ClientRequest: _, ...secure } = client("https", 443);
const BEHIND = "TLS ends before b8g: use node:http behind a proxy";
modules["node:https"] ??= {
  ...secure, Server: internal.refuseClass("https.Server", BEHIND, EventEmitter), createServer: internal.refuse("https.createServer()", BEHIND),
};
modules["node:http"] ??= {
  ...plain, METHODS, STATUS_CODES, IncomingMessage, OutgoingMessage, ServerResponse, Server, createServer,
  validateHeaderName: http.validateHeaderName, validateHeaderValue: http.validateHeaderValue, setMaxIdleHTTPParsers() {}, maxHeaderSize: 16384,
};
