// What both sides of node:http share: messages that come, as readable streams, and messages that go, as writable ones. Start at
// `IncomingMessage` and `OutgoingMessage`.
// Invariant: a head is sent once, and no name or value in it ends its line early.

const { stream, nodeError, invalidType, encodings, http, net, checkArgument: check } = internal;
const { ArrayIsArray, ArrayPrototypeJoin, ArrayPrototypePush, ObjectHasOwn, ObjectKeys, ObjectAssign, ObjectDefineProperty, StringPrototypeToLowerCase } = internal.primordials;
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

class IncomingBase extends stream.Readable {
  #headers;
  #distinct;
  #wanting = null;

  constructor(socket) {
    super({ highWaterMark: 65536 });
    this.httpVersionMajor = 1;
    this.httpVersionMinor = 1;
    this.httpVersion = "1.1";
    this.complete = false;
    this.rawHeaders = [];
    this.rawTrailers = [];
    this.trailers = {};
    this.joinDuplicateHeaders = undefined;
    this.aborted = false;
    this.upgrade = false;
    this.url = "";
    this.method = null;
    this.statusCode = null;
    this.statusMessage = null;
    this.socket = socket;
    this.client = socket;
  }
  get headers() {
    if (this.#headers === undefined) {
      this.#headers = {};
      for (let i = 0; i + 1 < this.rawHeaders.length; i += 2) addField(this.#headers, StringPrototypeToLowerCase(this.rawHeaders[i]), this.rawHeaders[i + 1]);
    }
    return this.#headers;
  }
  set headers(value) { this.#headers = value; }
  get headersDistinct() {
    if (this.#distinct === undefined) {
      this.#distinct = { __proto__: null };
      for (let i = 0; i + 1 < this.rawHeaders.length; i += 2) ArrayPrototypePush((this.#distinct[StringPrototypeToLowerCase(this.rawHeaders[i])] ??= []), this.rawHeaders[i + 1]);
    }
    return this.#distinct;
  }
  set headersDistinct(value) { this.#distinct = value; }
  get trailersDistinct() { return {}; }
  get connection() { return this.socket; }
  set connection(socket) { this.socket = socket; }

  // `wanting` is called whenever somebody wants more of the body.
  _feed(wanting) { this.#wanting = wanting; }
  _read() { this.#wanting?.(); }
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
const IncomingMessage = net.callable("IncomingMessage", IncomingBase);

const sentAlready = (doing) => nodeError(Error, "ERR_HTTP_HEADERS_SENT", `Cannot ${doing} headers after they are sent to the client`);

class OutgoingBase extends stream.Writable {
  // In lower case: [name as it was written, value].
  #fields = { __proto__: null };

  constructor() {
    super({ decodeStrings: true, highWaterMark: 65536 });
    this._begun = false;
    // How long the body is, when all of it is known before the head is sent.
    this._length = -1;
    this._bodiless = false;
    this.socket = null;
    this.sendDate = false;
    this.shouldKeepAlive = true;
    this.chunkedEncoding = false;
    this.useChunkedEncodingByDefault = true;
    this.strictContentLength = false;
    this.finished = false;
  }
  get headersSent() { return this._begun; }
  get _header() { return this._begun ? "sent" : null; }
  get connection() { return this.socket; }
  set connection(socket) { this.socket = socket; }

  setHeader(name, value) {
    if (this._begun) throw sentAlready("set");
    validateHeaderName(name);
    this.#set(name, value);
    return this;
  }
  #set(name, value) {
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
    this.#fields[StringPrototypeToLowerCase(name)] = [name, value];
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
    const known = this.#fields[StringPrototypeToLowerCase(name)];
    if (known === undefined) return this.setHeader(name, value);
    const values = ArrayIsArray(known[1]) ? known[1] : [known[1]];
    const more = ArrayIsArray(value) ? value : [value];
    for (let i = 0; i < more.length; i++) ArrayPrototypePush(values, more[i]);
    return this.setHeader(name, values);
  }
  getHeader(name) {
    check.string(name, "name");
    return this.#fields[StringPrototypeToLowerCase(name)]?.[1];
  }
  getHeaderNames() { return ObjectKeys(this.#fields); }
  getRawHeaderNames() {
    const names = ObjectKeys(this.#fields);
    for (let i = 0; i < names.length; i++) names[i] = this.#fields[names[i]][0];
    return names;
  }
  getHeaders() {
    const copy = { __proto__: null };
    const names = ObjectKeys(this.#fields);
    for (let i = 0; i < names.length; i++) copy[names[i]] = this.#fields[names[i]][1];
    return copy;
  }
  hasHeader(name) {
    check.string(name, "name");
    return this.#fields[StringPrototypeToLowerCase(name)] !== undefined;
  }
  removeHeader(name) {
    check.string(name, "name");
    if (this._begun) throw sentAlready("remove");
    delete this.#fields[StringPrototypeToLowerCase(name)];
  }

  // All fields as one flat list of names and values.
  _fieldList() {
    const list = [];
    const names = ObjectKeys(this.#fields);
    for (let i = 0; i < names.length; i++) {
      const [name, value] = this.#fields[names[i]];
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
const OutgoingMessage = net.callable("OutgoingMessage", OutgoingBase);

ObjectAssign(http, { IncomingMessage, IncomingBase, OutgoingMessage, OutgoingBase });
