// Blob and File: bytes that nobody can change, and that slices share. Start at `Blob`.
// A record: {bytes, type}. Invariant: the memory of `bytes` is never handed out, only copies of it.

const {
  KEY, apply, expose, need, toDOMString, toUSVString, toDictionary, toSequence, isObject, symbolIterator, brands, inspectors,
} = internal.idl;
const { bytesOf } = internal.classify;
const { lower, matches } = internal.pairs;
const { streams } = internal;
const { resolvedWith, rejectedWith, viewParts } = streams;
const { utf8Encode, utf8Decode } = sys;
const { min, max, trunc } = Math;
const setBytes = Uint8Array.prototype.set;
const replaceString = String.prototype.replace;
const { now: dateNow } = Date;
const TypedBytes = Uint8Array;

const CHUNK = 65536;
const NOT_PRINTABLE = /[^\x20-\x7e]/;
const LINE_ENDS = /\r\n?|\n/g;

// One array of bytes of several.
function concat(parts) {
  let length = 0;
  for (let i = 0; i < parts.length; i++) length += parts[i].length;
  const all = new TypedBytes(length);
  let at = 0;
  for (let i = 0; i < parts.length; i++) {
    apply(setBytes, all, [parts[i], at]);
    at += parts[i].length;
  }
  return all;
}

const copyBytes = (bytes) => concat([bytes]);

let recordOf;
let isBlob;

class Blob {
  #record;

  constructor(blobParts = undefined, options = undefined) {
    if (blobParts === KEY) {
      this.#record = options;
      return;
    }
    this.#record = { bytes: new TypedBytes(0), type: "" };
    const parts = blobParts === undefined ? [] : readParts(blobParts);
    const init = toDictionary(options, "Blob: options");
    const endings = init?.endings === undefined ? "transparent" : toDOMString(init.endings);
    if (endings !== "transparent" && endings !== "native") throw new TypeError(`Blob: "${endings}" is no kind of line endings`);
    this.#record.type = normalType(init?.type === undefined ? "" : toDOMString(init.type));
    const pieces = [];
    for (let i = 0; i < parts.length; i++) pieces[i] = pieceOf(parts[i], endings === "native");
    this.#record.bytes = concat(pieces);
  }
  get size() { return this.#record.bytes.length; }
  get type() { return this.#record.type; }
  slice(start = 0, end = undefined, contentType = "") {
    const { bytes } = this.#record;
    const from = place(start, bytes.length);
    const to = end === undefined ? bytes.length : place(end, bytes.length);
    const { buffer, offset } = viewParts(bytes);
    const part = new TypedBytes(buffer, offset + from, max(to - from, 0));
    return new Blob(KEY, { bytes: part, type: normalType(toDOMString(contentType)) });
  }
  stream() { return streamOf(this.#record.bytes).self; }
  text() { return answer(this, (bytes) => utf8Decode(bytes, false)); }
  arrayBuffer() { return answer(this, (bytes) => viewParts(copyBytes(bytes)).buffer); }
  bytes() { return answer(this, copyBytes); }
  static {
    recordOf = (blob) => blob.#record;
    isBlob = (value) => isObject(value) && #record in value;
  }
}
expose(Blob);
brands.push(isBlob);
inspectors.set(Blob.prototype, (blob, show) => show(blob, ["size", "type"]));

function answer(blob, make) {
  try {
    return resolvedWith(make(recordOf(blob).bytes));
  } catch (error) {
    return rejectedWith(error);
  }
}

// [Clamp] long long, counted from the end if it is negative.
function place(value, length) {
  const number = +value;
  const whole = number === number ? trunc(number) : 0;
  return whole < 0 ? max(length + whole, 0) : min(whole, length);
}

function normalType(type) {
  return matches(NOT_PRINTABLE, type) === null ? lower(type) : "";
}

function readParts(value) {
  if (!isObject(value) || typeof value[symbolIterator] !== "function") throw new TypeError("Blob: the parts must be a sequence");
  return toSequence(value, "Blob: the parts");
}

function pieceOf(part, native) {
  if (isBlob(part)) return recordOf(part).bytes;
  const bytes = isObject(part) ? bytesOf(part) : undefined;
  if (bytes !== undefined) return bytes;
  const text = toUSVString(part);
  return utf8Encode(native ? apply(replaceString, text, [LINE_ENDS, "\n"]) : text);
}

// A stream of bytes that are there.
function streamOf(bytes) {
  const { buffer, offset, bytes: length } = viewParts(bytes);
  let at = 0;
  return streams.createReadableBytes(streams.noop, (controller) => {
    const part = min(CHUNK, length - at);
    if (part > 0) {
      const chunk = copyBytes(new TypedBytes(buffer, offset + at, part));
      at += part;
      streams.byteEnqueue(controller, viewParts(chunk));
    }
    if (at === length) endBytes(controller);
    return resolvedWith(undefined);
  }, () => resolvedWith(undefined));
}

// Closes a stream of bytes, and answers who waits with a buffer of his own.
function endBytes(controller) {
  streams.byteClose(controller);
  if (controller.pending.length > 0) streams.respond(controller, 0);
}

let isFile;
let nameOf;
let timeOf;

class File extends Blob {
  #name;
  #lastModified;

  constructor(fileBits, fileName, options = undefined) {
    if (fileBits === KEY) {
      super(KEY, fileName);
      this.#name = options.name;
      this.#lastModified = options.lastModified;
      return;
    }
    need(arguments.length, 2, "File");
    super(fileBits, options);
    this.#name = toUSVString(fileName);
    const time = toDictionary(options, "File: options")?.lastModified;
    this.#lastModified = time === undefined ? dateNow() : trunc(+time) || 0;
  }
  get name() { return this.#name; }
  get lastModified() { return this.#lastModified; }
  get webkitRelativePath() {
    this.#name;
    return "";
  }
  static {
    isFile = (value) => isObject(value) && #name in value;
    nameOf = (file) => file.#name;
    timeOf = (file) => file.#lastModified;
  }
}
expose(File);
inspectors.set(File.prototype, (file, show) => show(file, ["size", "type", "name", "lastModified"]));

internal.blobs = {
  is: isBlob, isFile, concat, copyBytes, streamOf, endBytes,
  nameOf, timeOf,
  bytesOf: (blob) => recordOf(blob).bytes,
  typeOf: (blob) => recordOf(blob).type,
  // The type as it is.
  create: (bytes, type) => new Blob(KEY, { bytes, type }),
  createFile: (bytes, type, name, lastModified = dateNow()) => new File(KEY, { bytes, type: normalType(type) }, { name, lastModified }),
};

// What structuredClone gives of them: a second object for the same bytes.
const { cloneObject } = internal;
internal.cloneObject = (value) => {
  if (isFile(value)) return new File(KEY, recordOf(value), { name: nameOf(value), lastModified: timeOf(value) });
  return isBlob(value) ? new Blob(KEY, recordOf(value)) : cloneObject(value);
};
