// What both sides of node:http share: messages that come, as readable streams, and messages that go, as writable ones. Start at
// `IncomingMessage` and `OutgoingMessage`.
// Invariant: a head is sent once, and no name or value in it ends its line early.

const { stream, nodeError, invalidType, encodings, http, net, checkArgument: check } = internal;
const { ArrayIsArray, ArrayPrototypeJoin, ArrayPrototypePush, ObjectHasOwn, ObjectKeys, ObjectAssign, ObjectDefineProperty, ReflectApply, StringPrototypeToLowerCase } = internal.primordials;
const { validateHeaderName, validateHeaderValue } = http;

// Fields of which the first counts, as Node.js has it.
const FIRST = { __proto__: null };
for (const name of [
  "content-type", "content-length", "user-agent", "referer", "host", "authorization", "proxy-authorization", "if-modified-since", "if-unmodified-since",
  "from", "location", "max-forwards", "retry-after", "etag", "last-modified", "server", "age", "expires",
]) {
  FIRST[name] = true;
}

// Puts a field among the others.
function addField(fields, name, value) {
  const known = ObjectHasOwn(fields, name) ? fields[name] : undefined;
  if (name === "set-cookie") {
    if (known === undefined) fields[name] = [value];
    else ArrayPrototypePush(known, value);
  } else if (known === undefined) {
    ObjectDefineProperty(fields, name, { value, writable: true, enumerable: true, configurable: true });
  } else if (FIRST[name] === undefined) {
    fields[name] = `${known}${name === "cookie" ? "; " : ", "}${value}`;
  }
}

const INCOMING = { __proto__: null, highWaterMark: 65536 };
const OUTGOING = { __proto__: null, decodeStrings: true, highWaterMark: 65536 };
const kHeaders = Symbol("headers");
const kDistinct = Symbol("headersDistinct");
const kWanting = Symbol("wanting");
const kFields = Symbol("fields");
const hidden = (self, key, value) => ObjectDefineProperty(self, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

class IncomingBase extends stream.Readable {
  constructor(socket) {
    super(INCOMING);
    setUpIncoming(this, socket);
  }
  get headers() {
    if (this[kHeaders] === undefined) {
      this[kHeaders] = {};
      for (let i = 0; i + 1 < this.rawHeaders.length; i += 2) addField(this[kHeaders], StringPrototypeToLowerCase(this.rawHeaders[i]), this.rawHeaders[i + 1]);
    }
    return this[kHeaders];
  }
  set headers(value) { this[kHeaders] = value; }
  get headersDistinct() {
    if (this[kDistinct] === undefined) {
      this[kDistinct] = { __proto__: null };
      for (let i = 0; i + 1 < this.rawHeaders.length; i += 2) ArrayPrototypePush((this[kDistinct][StringPrototypeToLowerCase(this.rawHeaders[i])] ??= []), this.rawHeaders[i + 1]);
    }
    return this[kDistinct];
  }
  set headersDistinct(value) { this[kDistinct] = value; }
  get trailersDistinct() { return {}; }
  get connection() { return this.socket; }
  set connection(socket) { this.socket = socket; }

  // `wanting` is called whenever somebody wants more of the body.
  _feed(wanting) { this[kWanting] = wanting; }
  _read() { this[kWanting]?.(); }
  _destroy(error, callback) {
    if (!this.readableEnded || !this.complete) {
      this.aborted = true;
      this.emit("aborted");
    }
    this._abandon?.(error);
    // Who does not listen is not disturbed by a request that nobody finished.
    if (error && !this.readableEnded && this.listenerCount("error") === 0) error = null;
    internal.nextTick(callback, error);
  }
  setTimeout(ms, callback) {
    if (callback) this.on("timeout", callback);
    this.socket?.setTimeout(ms);
    return this;
  }
}
function setUpIncoming(self, socket) {
  hidden(self, kHeaders, undefined);
  hidden(self, kDistinct, undefined);
  hidden(self, kWanting, null);
  self.httpVersionMajor = 1;
  self.httpVersionMinor = 1;
  self.httpVersion = "1.1";
  self.complete = false;
  self.rawHeaders = [];
  self.rawTrailers = [];
  self.trailers = {};
  self.joinDuplicateHeaders = undefined;
  self.aborted = false;
  self.upgrade = false;
  self.url = "";
  self.method = null;
  self.statusCode = null;
  self.statusMessage = null;
  self.socket = socket;
  self.client = socket;
}
const IncomingMessage = net.callable("IncomingMessage", IncomingBase, (self, args) => {
  ReflectApply(stream.Readable, self, [INCOMING]);
  setUpIncoming(self, args[0]);
});

const sentAlready = (doing) => nodeError(Error, "ERR_HTTP_HEADERS_SENT", `Cannot ${doing} headers after they are sent to the client`);

class OutgoingBase extends stream.Writable {
  constructor() {
    super(OUTGOING);
    setUpOutgoing(this);
  }
  get headersSent() { return this._begun; }
  get _header() { return this._begun ? "sent" : null; }
  get connection() { return this.socket; }
  set connection(socket) { this.socket = socket; }

  setHeader(name, value) {
    if (this._begun) throw sentAlready("set");
    validateHeaderName(name);
    if (ArrayIsArray(value)) {
      const copy = [];
      for (let i = 0; i < value.length; i++) {
        validateHeaderValue(name, value[i]);
        copy[i] = value[i];
      }
      value = copy;
    } else {
      validateHeaderValue(name, value);
    }
    this[kFields][StringPrototypeToLowerCase(name)] = [name, value];
    return this;
  }
  setHeaders(headers) {
    if (this._begun) throw sentAlready("set");
    if (!headers || typeof headers !== "object" || typeof headers.forEach !== "function" || typeof headers.get !== "function") {
      throw invalidType("headers", "an instance of Headers or Map", headers);
    }
    headers.forEach((value, name) => this.setHeader(name, value));
    return this;
  }
  appendHeader(name, value) {
    if (this._begun) throw sentAlready("append");
    validateHeaderName(name);
    const known = this[kFields][StringPrototypeToLowerCase(name)];
    if (known === undefined) return this.setHeader(name, value);
    const values = ArrayIsArray(known[1]) ? known[1] : [known[1]];
    const more = ArrayIsArray(value) ? value : [value];
    for (let i = 0; i < more.length; i++) ArrayPrototypePush(values, more[i]);
    return this.setHeader(name, values);
  }
  getHeader(name) {
    check.string(name, "name");
    return this[kFields][StringPrototypeToLowerCase(name)]?.[1];
  }
  getHeaderNames() { return ObjectKeys(this[kFields]); }
  getRawHeaderNames() {
    const names = ObjectKeys(this[kFields]);
    for (let i = 0; i < names.length; i++) names[i] = this[kFields][names[i]][0];
    return names;
  }
  getHeaders() {
    const copy = { __proto__: null };
    const names = ObjectKeys(this[kFields]);
    for (let i = 0; i < names.length; i++) copy[names[i]] = this[kFields][names[i]][1];
    return copy;
  }
  hasHeader(name) {
    check.string(name, "name");
    return this[kFields][StringPrototypeToLowerCase(name)] !== undefined;
  }
  removeHeader(name) {
    check.string(name, "name");
    if (this._begun) throw sentAlready("remove");
    delete this[kFields][StringPrototypeToLowerCase(name)];
  }

  // All fields as one flat list of names and values.
  _fieldList() {
    const list = [];
    const names = ObjectKeys(this[kFields]);
    for (let i = 0; i < names.length; i++) {
      const [name, value] = this[kFields][names[i]];
      if (!ArrayIsArray(value)) ArrayPrototypePush(list, name, `${value}`);
      else if (names[i] === "cookie") ArrayPrototypePush(list, name, ArrayPrototypeJoin(value, "; "));
      else for (let j = 0; j < value.length; j++) ArrayPrototypePush(list, name, `${value[j]}`);
    }
    return list;
  }
  // Fields in any of the forms that Node.js takes: an object, a flat list, a list of pairs.
  _setAll(headers) {
    if (ArrayIsArray(headers)) {
      const pairs = headers.length > 0 && ArrayIsArray(headers[0]);
      for (let i = 0; i < headers.length; i += pairs ? 1 : 2) {
        if (pairs) this.appendHeader(headers[i][0], headers[i][1]);
        else this.appendHeader(headers[i], headers[i + 1]);
      }
    } else if (headers) {
      const names = ObjectKeys(headers);
      for (let i = 0; i < names.length; i++) if (names[i] !== "") this.setHeader(names[i], headers[names[i]]);
    }
  }

  write(chunk, encoding, callback) {
    if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) {
      throw invalidType("chunk", "of type string or an instance of Buffer or Uint8Array", chunk);
    }
    return super.write(chunk, encoding, callback);
  }
  end(chunk, encoding, callback) {
    if (typeof chunk === "function") [chunk, callback] = [undefined, chunk];
    else if (typeof encoding === "function") [encoding, callback] = [undefined, encoding];
    if (chunk !== undefined && chunk !== null && typeof chunk !== "string" && !(chunk instanceof Uint8Array)) {
      throw invalidType("chunk", "of type string or an instance of Buffer or Uint8Array", chunk);
    }
    if (!this._begun && this.writableLength === 0) {
      this._length = chunk === undefined || chunk === null ? 0 : typeof chunk === "string" ? encodings.of(encoding).length(chunk) : chunk.length;
    }
    this.finished = true;
    return super.end(chunk === null ? undefined : chunk, encoding, callback);
  }
  flushHeaders() {
    if (!this._begun) this._begin();
  }
  addTrailers() {}
  setTimeout(ms, callback) {
    if (callback) this.on("timeout", callback);
    if (this.socket) this.socket.setTimeout(ms);
    else this.once("socket", (socket) => socket.setTimeout(ms));
    return this;
  }
}
function setUpOutgoing(self) {
  // In lower case: [name as it was written, value].
  hidden(self, kFields, { __proto__: null });
  self._begun = false;
  // How long the body is, when all of it is known before the head is sent.
  self._length = -1;
  self._bodiless = false;
  self.socket = null;
  self.sendDate = false;
  self.shouldKeepAlive = true;
  self.chunkedEncoding = false;
  self.useChunkedEncodingByDefault = true;
  self.strictContentLength = false;
  self.finished = false;
}
const OutgoingMessage = net.callable("OutgoingMessage", OutgoingBase, (self) => {
  ReflectApply(stream.Writable, self, [OUTGOING]);
  setUpOutgoing(self);
});

ObjectAssign(http, { IncomingMessage, IncomingBase, OutgoingMessage, OutgoingBase });
