// WebSocket: messages both ways over a connection that began as a request of HTTP (RFC 6455). Start at `Connection`.
// Invariants: `error` and `close` are fired once at most, `close` last, and never while the program's own code runs; what the
// other side sends is checked before it is believed: a length that it claims takes no memory before the bytes are there.

const { apply, expose, constants, need, toDOMString, toUSVString, toSequence, toDictionary, isObject, brands, inspectors } = internal.idl;
const { DOMException, EventTarget, Event, ErrorEvent, fireEvent, defineHandler, Exchange, E, headers: lists, streams, blobs } = internal;
const { refused, causeOf } = internal.fetchErrors;
const { parseURL, serializeURL, serializeHost } = internal.urlParser;
const { lower, matches } = internal.pairs;
const { bytesOf } = internal.classify;
const { compute } = internal;
const { httpSend, httpHead, watch, utf8Encode, utf8Decode, mask, setTimer, clearTimer, handle: handleOf } = sys;
const TypedBytes = Uint8Array;
const ErrorClass = Error;
const { min } = Math;
const MessageEvent = globalThis.MessageEvent;
const joinList = Array.prototype.join;

const NET = 7, READABLE = 1, WEBSOCKET = 4;
const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
const CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
const NORMAL = 1000, PROTOCOL = 1002, NO_STATUS = 1005, ABNORMAL = 1006, NOT_TEXT = 1007;
const PIECE = 65536;
const CONTROL_BYTES_MAX = 125;
const NOTHING = -1;
const CLOSE_PATIENCE_MS = 10_000;
// How long a connection that was given up stays, so that its last frame gets there.
const LINGER_MS = 1_000;
const FRAGMENTS_MAX = 1 << 20;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SHA_1 = 1;

function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word = (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0);
    text += DIGITS[word >> 18] + DIGITS[(word >> 12) & 63] + (left > 1 ? DIGITS[(word >> 6) & 63] : "=") + (left > 2 ? DIGITS[word & 63] : "=");
  }
  return text;
}

// undefined if it is no UTF-8.
function textOf(bytes) {
  try {
    return utf8Decode(bytes, true);
  } catch {
    return undefined;
  }
}

// A frame of a client: masked with a key that nobody can foresee, so that no proxy can be made to misread it.
function frame(opcode, payload) {
  const { length } = payload;
  const head = length < 126 ? 2 : length < 65536 ? 4 : 10;
  const whole = new TypedBytes(head + 4 + length);
  whole[0] = 0x80 | opcode;
  whole[1] = 0x80 | (length < 126 ? length : length < 65536 ? 126 : 127);
  for (let i = head - 1, rest = length; i > 1; i--, rest = (rest - rest % 256) / 256) whole[i] = rest % 256;
  const key = compute.random(new TypedBytes(4));
  for (let i = 0; i < 4; i++) whole[head + i] = key[i];
  compute.put(whole, payload, head + 4);
  mask(whole, head + 4, key);
  return whole;
}

// What may stand in a frame that closes.
const isCode = (code) => (code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_STATUS && code !== ABNORMAL) || (code >= 3000 && code <= 4999);

class CloseEvent extends Event {
  #wasClean = false;
  #code = 0;
  #reason = "";
  constructor(type, eventInitDict = undefined) {
    need(arguments.length, 1, "CloseEvent");
    super(type, eventInitDict);
    if (eventInitDict === undefined || eventInitDict === null) return;
    const { code, reason, wasClean } = eventInitDict;
    if (code !== undefined) this.#code = code & 0xffff;
    if (reason !== undefined) this.#reason = toUSVString(reason);
    if (wasClean !== undefined) this.#wasClean = !!wasClean;
  }
  get wasClean() { return this.#wasClean; }
  get code() { return this.#code; }
  get reason() { return this.#reason; }
}
expose(CloseEvent);
inspectors.set(CloseEvent.prototype, (event, show) => show(event, ["type", "wasClean", "code", "reason"]));

class Connection {
  constructor(socket, url, protocols, fields) {
    this.socket = socket;
    this.url = url;
    this.protocols = protocols;
    this.fields = fields;
    this.state = CONNECTING;
    this.protocol = "";
    this.binaryType = "blob";
    this.exchange = null;
    // Frames to write, first first, and whether one is being written.
    this.queue = [];
    this.first = 0;
    this.writes = false;
    this.waiting = 0;
    this.sentClose = false;
    this.timer = -1;
    // What was read and not understood yet.
    this.room = new TypedBytes(0);
    this.from = 0;
    this.to = 0;
    // The message that is coming: its kind, and its pieces.
    this.kind = 0;
    this.pieces = [];
    // Why it closed, as the other side said.
    this.code = ABNORMAL;
    this.reason = "";
    this.clean = false;
  }

  begin() {
    const { url, fields } = this;
    const key = base64(compute.random(new TypedBytes(16)));
    this.expected = base64(compute.digest(SHA_1, utf8Encode(key + GUID)));
    lists.append(fields, "sec-websocket-key", key);
    lists.append(fields, "sec-websocket-version", "13");
    if (this.protocols.length > 0) lists.append(fields, "sec-websocket-protocol", apply(joinList, this.protocols, [", "]));
    if (lists.get(fields, "user-agent") === null) lists.append(fields, "user-agent", "b8g");
    const scheme = url.scheme === "wss" ? "https" : "http";
    const where = `${url.host}:${url.port ?? (scheme === "https" ? 443 : 80)}`;
    const path = `${url.path}${url.query === null ? "" : `?${url.query}`}`;
    const net = handleOf(NET);
    const handle = net ? httpSend(net, [ "GET", scheme, serializeHost(url), path ], fields, WEBSOCKET) : E.RIGHTS;
    if (handle < 0) {
      const { cause } = refused(handle, where);
      setTimer(() => this.fail(cause), 0, false);
      return;
    }
    this.exchange = new Exchange(handle, true);
    this.exchange.where = where;
    this.watchHead();
  }

  // The answer may be there at once, but the program has not said yet what it listens to.
  watchHead() {
    const id = watch(this.exchange.handle, READABLE, () => this.await());
    if (id < 0) setTimer(() => this.fail(new ErrorClass("too many waits")), 0, false);
  }

  await() {
    const { exchange } = this;
    if (exchange.handle < 0) return undefined;
    const head = httpHead(exchange.handle, true);
    if (head === E.AGAIN) return this.watchHead();
    if (typeof head === "number") return this.fail(causeOf(exchange.handle, head, exchange.where));
    const list = [];
    for (let i = 1; i < head.length; i++) list[i - 1] = head[i];
    const protocol = lists.get(list, "sec-websocket-protocol");
    let asked = protocol === null;
    for (let i = 0; i < this.protocols.length && !asked; i++) asked = this.protocols[i] === protocol;
    const wrong = head[0] !== 101 ? `the server answered with status ${head[0]}`
      : lower(lists.get(list, "upgrade") ?? "") !== "websocket" ? "the server speaks no WebSocket"
      : lists.get(list, "sec-websocket-accept") !== this.expected ? "the server's answer is to another request"
      : !asked ? "the server chose a protocol that was not asked for"
      : lists.get(list, "sec-websocket-extensions") !== null ? "the server uses an extension that was not asked for" : null;
    if (wrong !== null) return this.fail(new ErrorClass(wrong));
    if (this.state !== CONNECTING) return this.giveUp();
    this.state = OPEN;
    this.protocol = protocol ?? "";
    fireEvent(this.socket, new Event("open"));
    return this.read();
  }

  // ---- what is sent ----

  send(opcode, payload) {
    this.waiting += payload.length;
    const { queue } = this;
    queue[queue.length] = { bytes: frame(opcode, payload), length: payload.length };
    if (!this.writes) this.write();
  }

  write() {
    const { queue, exchange } = this;
    if (this.first === queue.length) {
      this.queue = [];
      this.first = 0;
      this.writes = false;
      return;
    }
    this.writes = true;
    const { bytes, length } = queue[this.first];
    queue[this.first++] = undefined;
    exchange.write(bytes, 0, (error) => {
      this.waiting -= length;
      // Why it went wrong the reader hears.
      if (error === 0) this.write();
    });
  }

  sendClose(code, reason) {
    if (this.sentClose) return;
    this.sentClose = true;
    const text = utf8Encode(reason);
    const payload = new TypedBytes(code === NO_STATUS ? 0 : 2 + text.length);
    if (code !== NO_STATUS) {
      payload[0] = code >> 8;
      payload[1] = code & 255;
      compute.put(payload, text, 2);
    }
    this.send(CLOSE, payload);
    this.timer = setTimer(() => {
      // It was waited for long enough.
      this.sentClose = false;
      this.end();
    }, CLOSE_PATIENCE_MS, false);
  }

  // ---- what is received ----

  read() {
    const { exchange } = this;
    while (this.state !== CLOSED && exchange.handle >= 0) {
      try {
        this.makeRoom();
        const read = exchange.readNow(this.room, this.to);
        if (read === E.AGAIN) {
          exchange.whenReadable(() => this.read(), () => this.end());
          return;
        }
        if (read <= 0) {
          this.end();
          return;
        }
        this.to += read;
        // Behind a frame that closes nothing has a meaning.
        while (this.state !== CLOSED && !this.clean && this.understand());
        if (this.clean) this.from = this.to;
      } catch (error) {
        // There is no memory left, say: what it held goes first.
        this.pieces = [];
        this.room = new TypedBytes(0);
        this.fail(error);
      }
    }
  }

  makeRoom() {
    const { room, from, to } = this;
    if (to < room.length && (from === 0 || room.length - to > PIECE / 2)) return;
    const rest = to - from;
    const moved = new TypedBytes(rest + PIECE);
    compute.put(moved, compute.view(room, from, to), 0);
    this.room = moved;
    this.from = 0;
    this.to = rest;
  }

  // Takes one frame off what was read; false if it is not whole.
  understand() {
    const { room, from } = this;
    const there = this.to - from;
    if (there < 2) return false;
    const first = room[from];
    const opcode = first & 15;
    const final = (first & 0x80) !== 0;
    let length = room[from + 1] & 0x7f;
    const head = length < 126 ? 2 : length === 126 ? 4 : 10;
    if ((first & 0x70) !== 0 || (room[from + 1] & 0x80) !== 0) return this.violated("a frame with bits that have no meaning");
    if (there < head) return false;
    if (head > 2) {
      length = 0;
      for (let i = 2; i < head; i++) length = length * 256 + room[from + i];
    }
    const isControl = opcode >= CLOSE;
    if (isControl ? opcode > PONG || !final || length > CONTROL_BYTES_MAX : opcode > BINARY) return this.violated("a frame of no kind that there is");
    if (!isControl && (opcode === CONTINUATION) !== (this.kind !== 0)) return this.violated("a message within a message, or none that goes on");
    if (there < head + length) return false;
    const payload = compute.cut(room, from + head, from + head + length);
    this.from = from + head + length;
    if (isControl) this.control(opcode, payload);
    else this.part(opcode, payload, final);
    return true;
  }

  control(opcode, payload) {
    if (opcode === PING && !this.sentClose) this.send(PONG, payload);
    if (opcode !== CLOSE) return;
    const said = payload.length === 0 ? NOTHING : payload.length === 1 ? 0 : payload[0] * 256 + payload[1];
    let reason = "";
    if (payload.length > 2) reason = textOf(compute.cut(payload, 2, payload.length));
    if (reason === undefined || (said !== NOTHING && !isCode(said))) {
      this.violated("a reason to close that is none");
      return;
    }
    const code = said === NOTHING ? NO_STATUS : said;
    this.code = code;
    this.reason = reason;
    this.clean = true;
    if (this.state === OPEN) this.state = CLOSING;
    this.sendClose(code, "");
    this.finish();
  }

  // Says that nothing follows, once all is written. The end of the connection is the other side's.
  finish() {
    if (this.writes) setTimer(() => this.finish(), 1, false);
    else this.exchange.finish(false);
  }

  part(opcode, payload, final) {
    if (opcode !== CONTINUATION) this.kind = opcode;
    const { pieces } = this;
    if (pieces.length === FRAGMENTS_MAX) {
      this.violated("a message of too many pieces");
      return;
    }
    pieces[pieces.length] = payload;
    if (!final) return;
    const { kind } = this;
    const whole = pieces.length === 1 ? payload : compute.concat(pieces);
    this.kind = 0;
    this.pieces = [];
    if (this.state !== OPEN) return;
    const data = kind === TEXT ? textOf(whole) : this.binaryType === "blob" ? blobs.create(whole, "") : compute.toBuffer(whole);
    if (data === undefined) {
      this.violated("text that is no UTF-8", NOT_TEXT);
      return;
    }
    const { url } = this;
    fireEvent(this.socket, new MessageEvent("message", { data, origin: `${url.scheme}://${serializeHost(url)}` }));
  }

  violated(what, code = PROTOCOL) {
    if (this.state === OPEN || this.state === CLOSING) {
      this.state = CLOSING;
      this.sendClose(code, "");
    }
    this.fail(new ErrorClass(`the server sent ${what}`));
    return false;
  }

  // ---- the end ----

  fail(error) {
    if (this.state === CLOSED) return;
    this.state = CLOSED;
    this.clean = false;
    this.code = ABNORMAL;
    this.reason = "";
    fireEvent(this.socket, new ErrorEvent("error", { error, message: error.message }));
    this.over();
  }

  giveUp() {
    this.fail(new ErrorClass("the connection was given up before it stood"));
  }

  end() {
    if (this.state === CLOSED) return;
    if (!this.clean) {
      this.fail(new ErrorClass("the connection was lost"));
      return;
    }
    this.state = CLOSED;
    this.over();
  }

  over() {
    if (this.timer >= 0) clearTimer(this.timer);
    if (this.exchange !== null && this.sentClose) this.linger();
    else this.exchange?.close();
    fireEvent(this.socket, new CloseEvent("close", { code: this.code, reason: this.reason, wasClean: this.clean }));
  }

  // Lets what was written get there: why the connection ends, say.
  linger() {
    const { exchange } = this;
    const scrap = new TypedBytes(4096);
    const timer = setTimer(() => exchange.close(), LINGER_MS, false);
    const go = () => {
      let n = 1;
      // Who goes on and on is not listened to.
      for (let i = 0; i < 64 && n > 0; i++) n = exchange.readNow(scrap, 0);
      if (n === E.AGAIN) {
        exchange.whenReadable(go, streams.noop);
        return;
      }
      clearTimer(timer);
      exchange.close();
    };
    exchange.finish(false);
    go();
  }

  close(code, reason) {
    if (this.state >= CLOSING) return;
    if (this.state === CONNECTING) {
      this.state = CLOSING;
      setTimer(() => this.giveUp(), 0, false);
      return;
    }
    this.state = CLOSING;
    this.sendClose(code ?? NO_STATUS, reason ?? "");
  }
}

class WebSocket extends EventTarget {
  #connection;

  constructor(url, protocols = undefined) {
    need(arguments.length, 1, "WebSocket");
    super();
    const given = toUSVString(url);
    const record = parseURL(given, null);
    if (record === null) throw new DOMException(`"${given}" is no URL`, "SyntaxError");
    if (record.scheme === "http") record.scheme = "ws";
    if (record.scheme === "https") record.scheme = "wss";
    if (record.scheme !== "ws" && record.scheme !== "wss") throw new DOMException(`A WebSocket's URL begins with ws: or wss:, not ${record.scheme}:`, "SyntaxError");
    if (record.fragment !== null) throw new DOMException("A WebSocket's URL has no fragment", "SyntaxError");
    const fields = [];
    let wanted = protocols;
    // As Node.js and Deno have it: an object may name the protocols, and fields of the request.
    if (isObject(protocols) && typeof protocols[internal.idl.symbolIterator] !== "function") {
      const init = toDictionary(protocols, "WebSocket: options");
      wanted = init.protocols;
      const { headers } = init;
      if (headers !== undefined) {
        const list = lists.of(new Headers(headers));
        for (let i = 0; i < list.length; i += 2) lists.append(fields, list[i], list[i + 1]);
      }
    }
    const names = wanted === undefined ? [] : typeof wanted === "string" ? [wanted] : toSequence(wanted, "WebSocket: protocols");
    const seen = { __proto__: null };
    for (let i = 0; i < names.length; i++) {
      names[i] = toDOMString(names[i]);
      const name = lower(names[i]);
      if (matches(lists.TOKEN, names[i]) === null || seen[name]) throw new DOMException(`"${names[i]}" is no name of a protocol, or one twice`, "SyntaxError");
      seen[name] = true;
    }
    this.#connection = new Connection(this, record, names, fields);
    this.#connection.begin();
  }
  get url() { return serializeURL(this.#connection.url); }
  get readyState() { return this.#connection.state; }
  get bufferedAmount() { return this.#connection.waiting; }
  get extensions() { this.#connection; return ""; }
  get protocol() { return this.#connection.protocol; }
  get binaryType() { return this.#connection.binaryType; }
  set binaryType(value) {
    const type = toDOMString(value);
    if (type === "blob" || type === "arraybuffer") this.#connection.binaryType = type;
  }
  send(data) {
    const connection = this.#connection;
    need(arguments.length, 1, "WebSocket.send");
    const bytes = blobs.is(data) ? blobs.bytesOf(data) : isObject(data) ? bytesOf(data) : undefined;
    const isText = bytes === undefined;
    const payload = isText ? utf8Encode(toUSVString(data)) : bytes;
    if (connection.state === CONNECTING) throw new DOMException("The connection does not stand yet", "InvalidStateError");
    if (connection.state === OPEN) connection.send(isText ? TEXT : BINARY, payload);
    else connection.waiting += payload.length;
  }
  close(code = undefined, reason = undefined) {
    const connection = this.#connection;
    let number;
    if (code !== undefined) {
      number = min(+code >= 0 ? +code : 0, 65535) | 0;
      if (number !== NORMAL && (number < 3000 || number > 4999)) throw new DOMException("The code is 1000, or from 3000 to 4999", "InvalidAccessError");
    }
    const text = reason === undefined ? "" : toUSVString(reason);
    if (utf8Encode(text).length > CONTROL_BYTES_MAX - 2) throw new DOMException("The reason is longer than 123 bytes", "SyntaxError");
    connection.close(text !== "" ? number ?? NORMAL : number, text);
  }
  static {
    brands.push((value) => isObject(value) && #connection in value);
  }
}
expose(WebSocket);
constants(WebSocket, { CONNECTING, OPEN, CLOSING, CLOSED });
for (const type of ["open", "message", "error", "close"]) defineHandler(WebSocket.prototype, type);
inspectors.set(WebSocket.prototype, (socket, show) => show(socket, ["url", "readyState", "protocol", "binaryType", "bufferedAmount"]));
const { Headers } = globalThis;
