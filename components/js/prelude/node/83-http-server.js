// Servers of node:http: HTTP/1.1 on the connections of 81-net-sockets.js. Start at `Connection`.
// Invariants: a head has an end and a size; what is no proper HTTP/1.1 is answered with status 400 and nothing behind it is read; the
// requests of a connection are answered one after another; what has two lengths is refused.

const { nodeError, net, http, bufferPart, asBuffer } = internal;
const { METHODS, STATUS_CODES, IncomingMessage, OutgoingBase, OutgoingMessage } = http;
const {
  ArrayPrototypeIncludes, ArrayPrototypePush, DatePrototypeToUTCString, Date, ObjectAssign, ObjectDefineProperty, ReflectApply, RegExpPrototypeExec, StringPrototypeIndexOf, StringPrototypeSlice,
  StringPrototypeToLowerCase, SetPrototypeAdd, SetPrototypeDelete, SetPrototypeForEach, NumberPrototypeToString,
} = internal.primordials;
const { latin1Decode, setTimer, clearTimer, unrefTimer } = sys;

const HEAD_MAX = 16384;
const FIELDS_MAX = 2000;
const CHUNK_LINE_MAX = 4096;
// Milliseconds in which somebody who was answered may still send.
const LINGERING = 2000;
const REQUEST_LINE = /^([A-Z-]+) (\S+) HTTP\/1\.([01])$/;
const FIELD_LINE = /^([\^_`a-zA-Z\-0-9!#$%&'*+.|~]+):[\t ]*(.*?)[\t ]*$/;
const NOT_A_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;
const LENGTH = /^[0-9]{1,15}$/;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,12})[\t ]*(?:;.*)?$/;
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;
const KEEP_ALIVE = /(?:^|,)[\t ]*keep-alive[\t ]*(?:,|$)/i;
const UPGRADE = /(?:^|,)[\t ]*upgrade[\t ]*(?:,|$)/i;
const has = (pattern, text) => text !== undefined && RegExpPrototypeExec(pattern, text) !== null;
const latin1 = (bytes) => latin1Decode(bytes, 0xff);
const bytesOf = (text) => {
  const bytes = new Uint8Array(text.length);
  sys.encodeInto(text, bytes, 0);
  return asBuffer(bytes);
};

const kConnection = Symbol("connection");

function setUpResponse(self, request) {
  ObjectDefineProperty(self, kConnection, { __proto__: null, value: null, writable: true, enumerable: false, configurable: true });
  self.req = request;
  self.statusCode = 200;
  self.statusMessage = undefined;
  self.sendDate = true;
  self._bodiless = request?.method === "HEAD";
  self._old = request?.httpVersionMinor === 0 || (request?.httpVersionMajor ?? 1) < 1;
}

// Sends the head, if it was not, and these bytes.
function put(response, bytes, callback) {
  const { socket, _head: head } = response;
  response._head = undefined;
  if (socket === null || socket.destroyed) return callback(null);
  if (head === undefined && bytes === null) return callback(null);
  if (head !== undefined && bytes !== null) socket.cork();
  if (head !== undefined) socket.write(head, bytes === null ? callback : undefined);
  if (bytes === null) return undefined;
  if (response.chunkedEncoding) {
    socket.write(`${NumberPrototypeToString(bytes.length, 16)}\r\n`, "latin1");
    socket.write(bytes);
    socket.write("\r\n", "latin1", () => callback(null));
  } else {
    socket.write(bytes, () => callback(null));
  }
  if (head !== undefined) socket.uncork();
  return undefined;
}

class ServerResponseBase extends OutgoingBase {
  constructor(request) {
    super();
    setUpResponse(this, request);
  }
  assignSocket(socket, connection = null) {
    this.socket = socket;
    this[kConnection] = connection;
    this.emit("socket", socket);
  }
  detachSocket() {
    this.socket = null;
  }
  writeContinue(callback) {
    this.socket?.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1", callback);
  }
  writeProcessing(callback) {
    this.socket?.write("HTTP/1.1 102 Processing\r\n\r\n", "latin1", callback);
  }
  writeEarlyHints(hints, callback) {
    callback?.();
  }

  writeHead(status, reason, headers) {
    if (this._begun) throw nodeError(Error, "ERR_HTTP_HEADERS_SENT", "Cannot write headers after they are sent to the client");
    const number = status | 0;
    if (number < 100 || number > 999) throw nodeError(RangeError, "ERR_HTTP_INVALID_STATUS_CODE", `Invalid status code: ${status}`);
    if (typeof reason === "string") {
      this.statusMessage = reason;
    } else {
      this.statusMessage ||= STATUS_CODES[number] || "unknown";
      headers ??= reason;
    }
    if (has(NOT_A_VALUE, this.statusMessage)) throw nodeError(TypeError, "ERR_INVALID_CHAR", "Invalid character in statusMessage");
    this.statusCode = number;
    if (headers) this._setAll(headers);
    this._send(number);
    return this;
  }
  writeHeader(...args) {
    return this.writeHead(...args);
  }
  _begin() {
    // By its name: programs replace it to see when the head goes.
    this.writeHead(this.statusCode);
    if (!this._begun) this._send(this.statusCode | 0);
  }

  // Makes the head; it goes with the first of the body.
  _send(status) {
    this._begun = true;
    if (status === 204 || status === 304 || status < 200) this._bodiless = true;
    const list = this._fieldList();
    let text = `HTTP/1.1 ${status} ${this.statusMessage ?? STATUS_CODES[status] ?? "unknown"}\r\n`;
    const known = { __proto__: null };
    for (let i = 0; i < list.length; i += 2) {
      known[StringPrototypeToLowerCase(list[i])] = list[i + 1];
      text += `${list[i]}: ${list[i + 1]}\r\n`;
    }
    if (this.sendDate && known.date === undefined) text += `Date: ${DatePrototypeToUTCString(new Date())}\r\n`;
    if (has(CLOSE, known.connection)) this.shouldKeepAlive = false;
    const framed = known["content-length"] !== undefined || known["transfer-encoding"] !== undefined;
    this.chunkedEncoding = has(/chunked/i, known["transfer-encoding"]) && !this._bodiless;
    const none = status === 204 || status === 304 || status < 200;
    if (!framed && !none) {
      if (this._length >= 0) text += this._bodiless && this._length === 0 ? "" : `Content-Length: ${this._length}\r\n`;
      else if (this._old) this.shouldKeepAlive = false;
      else if (!this._bodiless) [text, this.chunkedEncoding] = [`${text}Transfer-Encoding: chunked\r\n`, true];
    }
    if (known.connection === undefined) {
      const seconds = this[kConnection] === null ? 5 : this[kConnection].seconds;
      text += this.shouldKeepAlive ? `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n` : "Connection: close\r\n";
    }
    this._head = bytesOf(`${text}\r\n`);
  }
  flushHeaders() {
    if (!this._begun) this._begin();
    put(this, null, () => {});
  }

  _write(chunk, encoding, callback) {
    if (!this._begun) this._begin();
    put(this, this._bodiless || chunk.length === 0 ? null : chunk, callback);
  }
  _final(callback) {
    if (!this._begun) this._begin();
    const over = () => {
      callback();
      const connection = this[kConnection];
      this[kConnection] = null;
      connection?.answered(this);
    };
    put(this, null, () => {
      if (this.chunkedEncoding && this.socket !== null && !this.socket.destroyed) this.socket.write("0\r\n\r\n", "latin1", over);
      else over();
    });
  }
  _destroy(error, callback) {
    if (!this.writableFinished) this[kConnection]?.socket.destroy();
    this[kConnection] = null;
    callback(error);
  }
}
const ServerResponse = net.callable("ServerResponse", ServerResponseBase, (self, args) => {
  ReflectApply(OutgoingMessage, self, []);
  setUpResponse(self, args[0]);
});

const badRequest = (reason) => ObjectAssign(nodeError(Error, "HPE_INVALID_CONSTANT", `Parse Error: ${reason}`), { status: "400 Bad Request" });
const tooLarge = () => ObjectAssign(nodeError(Error, "HPE_HEADER_OVERFLOW", "Parse Error: Header overflow"), { status: "431 Request Header Fields Too Large" });

const HEAD = 0, BODY = 1, CHUNK_LINE = 2, CHUNK_END = 3, TRAILERS = 4, WAIT = 5, GONE = 6;

// A connection and where it is in what it hears.
class Connection {
  #server;
  #state = HEAD;
  #text = "";
  #left = 0;
  #request = null;
  #response = null;
  #rest = [];
  #timer = 0;
  // The other side says nothing more.
  #heard = false;
  #data;

  constructor(server, socket) {
    this.#server = server;
    this.socket = socket;
    this.seconds = (server.keepAliveTimeout / 1000) | 0;
    this.#data = (bytes) => this.take(bytes);
    socket.on("data", this.#data);
    socket.on("error", (error) => {
      if (server.listenerCount("clientError") > 0) server.emit("clientError", error, socket);
    });
    socket.on("end", () => {
      this.#heard = true;
      // Half a request is none.
      if (this.#request !== null && !this.#request.complete) socket.destroy();
      else if (this.#request === null && this.#state !== GONE) this.#hush();
    });
    socket.on("close", () => this.#lost());
    this.#await(server.headersTimeout);
  }

  get idle() { return this.#request === null; }

  #await(ms) {
    if (this.#timer > 0) clearTimer(this.#timer);
    this.#timer = 0;
    if (!(ms > 0)) return;
    this.#timer = setTimer(() => {
      this.#timer = 0;
      if (this.#state !== GONE && (this.#text !== "" || this.#request !== null)) this.socket.write("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n", "latin1");
      this.socket.destroy();
    }, ms, false);
    unrefTimer(this.#timer);
  }

  #lost() {
    this.#await(0);
    this.#state = GONE;
    this.#server._gone(this);
    const request = this.#request;
    const response = this.#response;
    this.#request = this.#response = null;
    if (request !== null && !request.complete) request.destroy(ObjectAssign(new Error("aborted"), { code: "ECONNRESET" }));
    else if (request !== null && !request.destroyed) request.destroy();
    if (response !== null && !response.destroyed) response.destroy();
  }

  // There will be no other request.
  #hush() {
    if (this.#text !== "") this.#fail(badRequest("Unexpected end"));
    else this.#leave();
  }

  #fail(error) {
    const { socket } = this;
    this.#state = GONE;
    if (this.#server.listenerCount("clientError") > 0) {
      this.#server.emit("clientError", error, socket);
      return;
    }
    socket.write(`HTTP/1.1 ${error.status}\r\nConnection: close\r\n\r\n`, "latin1");
    this.#leave();
  }

  // Says that this is all, and passes over what still comes for a while: a connection that is closed with something unread takes the
  // answer along.
  #leave() {
    const { socket } = this;
    this.#state = GONE;
    this.#server._gone(this);
    socket.end();
    socket.resume();
    this.#await(LINGERING);
  }

  // Goes through what came.
  take(bytes) {
    while (bytes !== null && bytes.length > 0) {
      if (this.#state === GONE) return;
      if (this.#state === WAIT) {
        // The next request waits until this one is answered.
        ArrayPrototypePush(this.#rest, bytes);
        this.socket.pause();
        return;
      }
      try {
        bytes = this.#state === BODY ? this.#body(bytes) : this.#lines(bytes);
      } catch (error) {
        if (error?.status === undefined) throw error;
        this.#fail(error);
        return;
      }
    }
  }

  // What ends with a line: answers the bytes behind it.
  #lines(bytes) {
    const end = this.#state === HEAD || this.#state === TRAILERS ? "\r\n\r\n" : "\r\n";
    const before = this.#text.length;
    if (before === 0 && this.#state === HEAD) this.#await(this.#server.headersTimeout);
    this.#text += latin1(bytes.length > HEAD_MAX ? bufferPart(bytes, 0, HEAD_MAX + 4) : bytes);
    let at = StringPrototypeIndexOf(this.#text, end, before < 3 ? 0 : before - 3);
    // No trailers: only the empty line.
    let length = end.length;
    if (this.#state === TRAILERS && StringPrototypeSlice(this.#text, 0, 2) === "\r\n") [at, length] = [0, 2];
    if (at < 0 || at > HEAD_MAX) {
      if (this.#text.length > (end.length === 4 ? HEAD_MAX : CHUNK_LINE_MAX)) throw tooLarge();
      return null;
    }
    const text = StringPrototypeSlice(this.#text, 0, at);
    this.#text = "";
    const rest = bufferPart(bytes, at + length - before, bytes.length);
    if (this.#state === HEAD) {
      return this.#begin(text, rest);
    } else if (this.#state === CHUNK_LINE) {
      const size = RegExpPrototypeExec(CHUNK_SIZE, text);
      if (size === null) throw badRequest("Invalid character in chunk size");
      this.#left = parseInt(size[1], 16);
      this.#state = this.#left === 0 ? TRAILERS : BODY;
    } else if (this.#state === CHUNK_END) {
      if (text !== "") throw badRequest("Expected LF after chunk data");
      this.#state = CHUNK_LINE;
    } else {
      this.#complete();
    }
    return rest;
  }

  // Reads a head and begins with its request.
  #begin(text, rest) {
    const { socket } = this;
    // Empty lines before a request are passed over.
    while (StringPrototypeSlice(text, 0, 2) === "\r\n") text = StringPrototypeSlice(text, 2);
    let from = StringPrototypeIndexOf(text, "\r\n");
    const first = RegExpPrototypeExec(REQUEST_LINE, from < 0 ? text : StringPrototypeSlice(text, 0, from));
    if (first === null || !ArrayPrototypeIncludes(METHODS, first[1])) throw badRequest("Expected HTTP/1.1 and a method that is known");
    const request = new IncomingMessage(socket);
    request.method = first[1];
    request.url = first[2];
    request.httpVersionMinor = +first[3];
    request.httpVersion = `1.${first[3]}`;
    let lengths = 0;
    let hosts = 0;
    while (from >= 0) {
      const start = from + 2;
      from = StringPrototypeIndexOf(text, "\r\n", start);
      const field = RegExpPrototypeExec(FIELD_LINE, from < 0 ? StringPrototypeSlice(text, start) : StringPrototypeSlice(text, start, from));
      if (field === null || has(NOT_A_VALUE, field[2])) throw badRequest("Invalid header");
      const name = StringPrototypeToLowerCase(field[1]);
      if (name === "content-length") lengths++;
      if (name === "host") hosts++;
      ArrayPrototypePush(request.rawHeaders, field[1], field[2]);
      if (request.rawHeaders.length > 2 * FIELDS_MAX) throw tooLarge();
    }
    const { headers } = request;
    const coding = headers["transfer-encoding"];
    const length = headers["content-length"];
    if (hosts > 1 || (hosts === 0 && request.httpVersionMinor === 1)) throw badRequest("Missing or repeated Host header");
    if (lengths > 1 || (length !== undefined && RegExpPrototypeExec(LENGTH, length) === null)) throw badRequest("Invalid Content-Length");
    if (coding !== undefined && (length !== undefined || StringPrototypeToLowerCase(coding) !== "chunked" || request.httpVersionMinor === 0)) {
      throw badRequest("Invalid Transfer-Encoding");
    }
    const keep = request.httpVersionMinor === 1 ? !has(CLOSE, headers.connection) : has(KEEP_ALIVE, headers.connection);
    if (headers.upgrade !== undefined && has(UPGRADE, headers.connection) && this.#server.listenerCount("upgrade") > 0) {
      this.#hand("upgrade", request, rest);
      return null;
    }
    if (request.method === "CONNECT") {
      if (this.#server.listenerCount("connect") > 0) this.#hand("connect", request, rest);
      else socket.destroy();
      return null;
    }
    this.#left = coding === undefined ? +(length ?? 0) : 0;
    this.#state = coding !== undefined ? CHUNK_LINE : this.#left > 0 ? BODY : WAIT;
    this.#chunked = coding !== undefined;
    this.#answer(request, keep);
    return rest;
  }
  #chunked = false;

  // Gives the connection to whoever speaks something else over it.
  #hand(event, request, rest) {
    const { socket } = this;
    request.complete = true;
    request.upgrade = true;
    request.push(null);
    this.#await(0);
    this.#state = GONE;
    this.#server._gone(this);
    socket.removeListener("data", this.#data);
    this.#server.emit(event, request, socket, asBuffer(rest));
  }

  #answer(request, keep) {
    const server = this.#server;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = keep && server.listening;
    response.assignSocket(this.socket, this);
    this.#request = request;
    this.#response = response;
    this.#await(server.requestTimeout);
    request._feed(() => {
      if (this.#request === request) this.socket.resume();
    });
    if (this.#state === WAIT) {
      request.complete = true;
      request.push(null);
    }
    const { expect } = request.headers;
    if (expect !== undefined) {
      if (StringPrototypeToLowerCase(expect) !== "100-continue") {
        if (server.listenerCount("checkExpectation") > 0) {
          server.emit("checkExpectation", request, response);
        } else {
          response.writeHead(417);
          response.end();
        }
        return;
      }
      if (server.listenerCount("checkContinue") > 0) {
        server.emit("checkContinue", request, response);
        return;
      }
      response.writeContinue();
    }
    server.emit("request", request, response);
  }

  #body(bytes) {
    const { length } = bytes;
    const taken = length > this.#left ? this.#left : length;
    this.#left -= taken;
    const request = this.#request;
    const done = this.#left === 0;
    if (done) this.#state = this.#chunked ? CHUNK_END : WAIT;
    // What nobody reads any more is passed over.
    if (!request.destroyed && !request.push(asBuffer(new Uint8Array(bufferPart(bytes, 0, taken)))) && !done) this.socket.pause();
    if (done && !this.#chunked) this.#complete();
    return bufferPart(bytes, taken, length);
  }

  #complete() {
    this.#state = WAIT;
    this.#request.complete = true;
    if (!this.#request.destroyed) this.#request.push(null);
    if (this.#response === null) this.#next();
  }

  // The answer is whole.
  answered(response) {
    if (this.#response !== response) return;
    this.#response = null;
    if (!response.shouldKeepAlive) {
      const request = this.#request;
      this.#request = null;
      this.#leave();
      if (!request.complete && !request.destroyed) request.destroy();
      return;
    }
    // The rest of a body that nobody wants is read, so that the next request can be.
    if (!this.#request.complete) this.#request.resume();
    else this.#next();
  }

  #next() {
    this.#request = null;
    this.#state = HEAD;
    this.#await(this.#server.keepAliveTimeout);
    if (!this.#server.listening) {
      this.#leave();
      return;
    }
    const rest = this.#rest;
    this.#rest = [];
    for (let i = 0; i < rest.length; i++) this.take(rest[i]);
    if (this.#heard && this.#request === null && this.#state !== GONE) this.#hush();
    this.socket.resume();
  }
}

class HttpServerBase extends net.ServerBase {
  #connections = new Set();

  constructor(options, listener) {
    if (typeof options === "function") [options, listener] = [{}, options];
    super({ allowHalfOpen: true });
    options ??= {};
    this.keepAliveTimeout = options.keepAliveTimeout ?? 5000;
    this.headersTimeout = options.headersTimeout ?? 60000;
    this.requestTimeout = options.requestTimeout ?? 300000;
    this.timeout = 0;
    this.maxHeadersCount = null;
    this.maxRequestsPerSocket = 0;
    if (typeof listener === "function") this.on("request", listener);
    this.on("connection", (socket) => {
      if (this.timeout > 0) socket.setTimeout(this.timeout, () => (this.emit("timeout", socket) ? undefined : socket.destroy()));
      SetPrototypeAdd(this.#connections, new Connection(this, socket));
    });
  }
  _gone(connection) {
    SetPrototypeDelete(this.#connections, connection);
  }
  setTimeout(ms, callback) {
    this.timeout = typeof ms === "number" ? ms : 0;
    if (callback) this.on("timeout", callback);
    return this;
  }
  close(callback) {
    super.close(callback);
    this.closeIdleConnections();
    return this;
  }
  closeIdleConnections() {
    SetPrototypeForEach(this.#connections, (connection) => {
      if (connection.idle) connection.socket.destroy();
    });
  }
  closeAllConnections() {
    SetPrototypeForEach(this.#connections, (connection) => connection.socket.destroy());
  }
}
const HttpServer = net.callable("Server", HttpServerBase);
ObjectAssign(http, { Server: HttpServer, ServerResponse, createServer: (options, listener) => new HttpServer(options, listener) });
