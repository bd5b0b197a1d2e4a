// Bodies of requests and responses: where their bytes are, and how a program takes them. Start at `extract` and `mixBody`.
// A record: {kind, value, length, stream, used}. A stream is made of it only when the program asks for one: text that is taken whole
// goes from the exchange into one piece of memory.
// Invariant: a body is taken once: by a reader of its stream, or whole.

const { apply, isObject, toUSVString, symbolAsyncIterator } = internal.idl;
const { bytesOf, get } = internal.classify;
const { streams, blobs, multipart, forms, searchParams, mime, E } = internal;
const { resolvedWith, rejectedWith, deferred, viewParts } = streams;
const { utf8Encode, utf8Decode } = sys;
const { parse: parseJSON } = JSON;
const { isView } = ArrayBuffer;
const { min } = Math;
const transfer = ArrayBuffer.prototype.transfer;
const TypedBytes = Uint8Array;

const NONE = 0, TEXT = 1, BYTES = 2, EXCHANGE = 3, STREAM = 4;
const CHUNK = 65536;
// A length that somebody tells is believed up to here.
const BELIEVED_MAX = 256 << 20;

const record = (kind, value, length = -1) => ({ kind, value, length, stream: null, used: false });

// The body that a BodyInit says, and its type: {body, type}.
function extract(init) {
  if (typeof init === "string") return { body: record(TEXT, toUSVString(init)), type: "text/plain;charset=UTF-8" };
  if (isObject(init)) {
    if (streams.isReadable(init)) {
      const stream = streams.readableOf(init);
      if (stream.disturbed || stream.reader !== null) throw new TypeError("The body is a stream that is locked or was read from");
      return { body: { ...record(STREAM, undefined), stream: init }, type: null };
    }
    if (blobs.is(init)) return { body: record(BYTES, blobs.bytesOf(init)), type: blobs.typeOf(init) || null };
    if (searchParams.is(init)) {
      return { body: record(TEXT, searchParams.queryOf(init) ?? ""), type: "application/x-www-form-urlencoded;charset=UTF-8" };
    }
    if (forms.is(init)) {
      const { bytes, type } = multipart.write(init);
      return { body: record(BYTES, bytes), type };
    }
    const bytes = bytesOf(init);
    if (bytes !== undefined) return { body: record(BYTES, blobs.copyBytes(bytes)), type: null };
    if (typeof init[symbolAsyncIterator] === "function") {
      return { body: { ...record(STREAM, undefined), stream: streams.readableFrom(init) }, type: null };
    }
  }
  return { body: record(TEXT, toUSVString(init)), type: "text/plain;charset=UTF-8" };
}

const none = () => record(NONE, undefined, 0);
const incoming = (exchange, length) => record(EXCHANGE, exchange, length);

function isUsed(body) {
  return body.used || (body.stream !== null && streams.readableOf(body.stream).disturbed);
}

function isUnusable(body) {
  return isUsed(body) || (body.stream !== null && streams.readableOf(body.stream).reader !== null);
}

// The stream that the program sees.
function streamOf(body) {
  if (body.kind === NONE) return null;
  if (body.stream !== null) return body.stream;
  if (body.used) {
    const spent = streams.createReadableBytes(streams.noop, () => resolvedWith(undefined), () => resolvedWith(undefined));
    spent.disturbed = true;
    streams.closeReadable(spent);
    body.stream = spent.self;
  } else if (body.kind === EXCHANGE) {
    body.stream = internal.exchangeStream(body.value).self;
  } else {
    body.stream = blobs.streamOf(body.kind === TEXT ? utf8Encode(body.value) : body.value).self;
  }
  return body.stream;
}

// Takes the body for another owner; what stays is used.
function move(body) {
  if (body.kind === NONE) return none();
  const moved = { ...body };
  body.used = true;
  body.stream = null;
  body.value = undefined;
  return moved;
}

// A second body with the same bytes.
function clone(body) {
  if (body.kind === NONE || (body.stream === null && body.kind !== EXCHANGE)) return { ...body };
  const branches = streams.tee(streams.readableOf(streamOf(body)));
  body.kind = STREAM;
  body.value = undefined;
  body.stream = branches[0].self;
  return { ...record(STREAM, undefined), stream: branches[1].self };
}

// ---- taking all of it ----

function isChunk(value) {
  return isView(value) && apply(get.arrayTag, value, []) === "Uint8Array";
}

// Reads a stream to its end: chunk by chunk, each a Uint8Array.
function readChunks(stream, each, done) {
  const reader = streams.acquireReader(stream);
  const request = {
    chunk: (chunk) => {
      if (!isChunk(chunk)) {
        const error = new TypeError("Received non-Uint8Array chunk");
        streams.upon(streams.cancelReadable(stream, error), streams.noop);
        done(error, true);
        return;
      }
      each(chunk, () => streams.readChunk(reader, request));
    },
    close: () => done(undefined, false),
    error: (reason) => done(reason, true),
  };
  streams.readChunk(reader, request);
  return reader;
}

function collect(stream, done, fail) {
  const chunks = [];
  readChunks(stream, (chunk, next) => {
    chunks[chunks.length] = chunk;
    // In its own turn: a source that has everything ready must not make the stack grow.
    streams.upon(resolvedWith(undefined), next);
  }, (error, failed) => (failed ? fail(error) : done(blobs.concat(chunks))));
}

// Reads an exchange into one piece of memory.
function collectExchange(exchange, length, done, fail) {
  let bytes = new TypedBytes(length >= 0 ? min(length, BELIEVED_MAX) + 1 : CHUNK);
  let at = 0;
  const failed = (code) => {
    const error = internal.bodyError(exchange, code);
    exchange.close();
    fail(error);
  };
  const run = () => {
    for (;;) {
      const n = exchange.readNow(bytes, at);
      if (n === E.AGAIN) return exchange.whenReadable(run, failed);
      if (n < 0) return failed(n);
      at += n;
      if (n === 0) break;
      if (at < bytes.length) continue;
      try {
        bytes = resized(bytes, 2 * at);
      } catch (error) {
        exchange.close();
        return fail(error);
      }
    }
    exchange.close();
    return done(at === bytes.length ? bytes : resized(bytes, at));
  };
  run();
}

function resized(bytes, length) {
  return new TypedBytes(apply(transfer, viewParts(bytes).buffer, [length]));
}

// All bytes of a body that is usable, as an array that nobody else has.
function takeBytes(body, done, fail) {
  const { kind, value, stream } = body;
  if (kind === NONE) return done(new TypedBytes(0));
  body.used = true;
  if (stream !== null) return collect(streams.readableOf(stream), done, fail);
  body.value = undefined;
  if (kind === EXCHANGE) return collectExchange(value, body.length, done, fail);
  return done(kind === TEXT ? utf8Encode(value) : blobs.copyBytes(value));
}

// Text of bytes, without the mark that they are UTF-8.
function decode(bytes) {
  const marked = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if (!marked) return utf8Decode(bytes, false);
  const { buffer, offset } = viewParts(bytes);
  return utf8Decode(new TypedBytes(buffer, offset + 3, bytes.length - 3), false);
}

// Answers a promise of what `make` gives for all bytes.
function consume(body, make) {
  if (isUnusable(body)) return rejectedWith(new TypeError("Body is unusable: Body has already been read"));
  const result = deferred();
  const done = (bytes) => {
    try {
      result.resolve(make(bytes));
    } catch (error) {
      result.reject(error);
    }
  };
  try {
    takeBytes(body, done, result.reject);
  } catch (error) {
    result.reject(error);
  }
  return result.promise;
}

// Gives a class what the standard's mixin Body has. `bodyOf(this)` and `typeOf(this)` throw for what is no instance.
function mixBody(Class, bodyOf, typeOf) {
  const taking = (make) => (self) => {
    try {
      return consume(bodyOf(self), (bytes) => make(bytes, self));
    } catch (error) {
      return rejectedWith(error);
    }
  };
  const takers = {
    __proto__: null,
    arrayBuffer: taking((bytes) => viewParts(bytes).buffer),
    blob: taking((bytes, self) => {
      const type = mime.extract(typeOf(self));
      return blobs.create(bytes, type === null ? "" : mime.serialize(type));
    }),
    bytes: taking((bytes) => bytes),
    formData: taking((bytes, self) => multipart.parse(bytes, typeOf(self))),
    json: taking((bytes) => parseJSON(decode(bytes))),
    text: taking(decode),
  };
  const methods = {
    arrayBuffer() { return takers.arrayBuffer(this); },
    blob() { return takers.blob(this); },
    bytes() { return takers.bytes(this); },
    formData() { return takers.formData(this); },
    json() { return takers.json(this); },
    text() { return takers.text(this); },
    get body() { return streamOf(bodyOf(this)); },
    get bodyUsed() { return isUsed(bodyOf(this)); },
  };
  const keys = Reflect.ownKeys(methods);
  for (let i = 0; i < keys.length; i++) {
    const descriptor = Reflect.getOwnPropertyDescriptor(methods, keys[i]);
    Reflect.defineProperty(Class.prototype, keys[i], descriptor);
  }
}

// ---- sending ----

// Writes all of a body into an exchange. `done(error, failed)` hears of its end: with an error of the program's own stream, or, as a
// number, one of the exchange.
function send(body, exchange, done) {
  const { kind, value, stream } = body;
  body.used = true;
  if (stream !== null) return sendStream(streams.readableOf(stream), exchange, done);
  body.value = undefined;
  if (kind === EXCHANGE) return relay(value, exchange, done);
  return exchange.write(kind === TEXT ? utf8Encode(value) : value, 0, (code) => done(code, code < 0));
}

function sendStream(stream, exchange, done) {
  let over = false;
  const end = (error, failed) => {
    if (over) return;
    over = true;
    done(error, failed);
  };
  readChunks(stream, (chunk, next) => exchange.write(chunk, 0, (code) => {
    if (code < 0) {
      streams.upon(streams.cancelReadable(stream, internal.bodyError(exchange, code)), streams.noop);
      end(code, true);
    } else {
      streams.upon(resolvedWith(undefined), next);
    }
  }), (error, failed) => (failed ? end(error, true) : end(0, false)));
}

// From one exchange into another, through one buffer.
function relay(from, to, done) {
  const buffer = new TypedBytes(CHUNK);
  const { buffer: memory } = viewParts(buffer);
  const end = (error, failed) => {
    from.close();
    done(error, failed);
  };
  const failed = (code) => end(internal.bodyError(from, code), true);
  const run = () => {
    for (;;) {
      const n = from.readNow(buffer, 0);
      if (n === E.AGAIN) return from.whenReadable(run, failed);
      if (n < 0) return failed(n);
      if (n === 0) return end(0, false);
      const piece = new TypedBytes(memory, 0, n);
      const after = to.writeNow(piece, 0);
      if (after === n) continue;
      if (after < 0) return end(after, true);
      return to.write(piece, after, (code) => (code < 0 ? end(code, true) : run()));
    }
  };
  run();
}

internal.bodies = { NONE, TEXT, BYTES, EXCHANGE, STREAM, extract, none, incoming, isUnusable, move, clone, mixBody, send, streamOf };
