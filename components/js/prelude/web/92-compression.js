// CompressionStream and DecompressionStream, and `Codec`, which zlib of node uses as well.
// A codec lives on the host as long as its handle is open: until its end, an error, or an abort. Invariant: of what a codec gives no more is
// read than somebody wants, so what little stands for much fills no memory.

const { expose, need, toDOMString, isObject, brands } = internal.idl;
const { errorOf, E } = internal;
const { REQUEST, lengthOf, view, cut, ask, toBytes } = internal.compute;
const { createTransform } = internal.streams;
const { Uint8Array } = globalThis;
const { utf8Decode } = sys;

const OP_FINISH = 14;
const CODEC = { __proto__: null, GZIP: 1, ZLIB: 2, DEFLATE: 3, GUNZIP: 4, UNZLIB: 5, INFLATE: 6, BROTLI: 7, UNBROTLI: 8 };
const READ_BYTES = 65536;

// One codec. What it answers is a number of bytes, or one of the errors AGAIN, CLOSED and IO; others are thrown.
class Codec {
  #handle;

  // `level` and `window` as the ABI has them: 0 is the usual.
  constructor(what, level = 0, window = 0) {
    const handle = ask(REQUEST.CODEC, CODEC[what] | (level << 8) | (window << 16));
    if (handle < 0) throw errorOf(handle, "compress");
    this.#handle = handle;
  }

  static #answer(number, doing) {
    if (number >= 0 || number === E.AGAIN || number === E.CLOSED || number === E.IO) return number;
    throw errorOf(number, doing);
  }

  write(bytes) {
    return Codec.#answer(sys.write(this.#handle, bytes), "compress");
  }

  // Reads into all of `bytes` at most.
  read(bytes) {
    return Codec.#answer(sys.read(this.#handle, bytes), "decompress");
  }

  // Says that there is no more to write.
  finish() {
    Codec.#answer(sys.op(OP_FINISH, this.#handle, 0, 0, 0, 0), "compress");
  }

  flush(full) {
    return Codec.#answer(sys.ctl(this.#handle, REQUEST.FLUSH, null, null, full ? 2 : 1), "compress");
  }

  // What is wrong with what was written.
  fault() {
    const text = new Uint8Array(256);
    const length = sys.ctl(this.#handle, REQUEST.FAULT, null, text);
    return length > 0 ? utf8Decode(view(text, 0, length < 256 ? length : 256), false) : "";
  }

  close() {
    if (this.#handle < 0) return;
    const handle = this.#handle;
    this.#handle = -1;
    sys.close(handle);
  }
}

// Gives all that can be read, as long as it is wanted; answers whether that was the end.
async function drain(codec, enqueue, room) {
  for (let full = false; ; ) {
    // What fits into one part is given at once, as who waits for the chunk to be taken may not be reading.
    const wait = full ? room() : undefined;
    if (wait !== undefined) await wait;
    const part = new Uint8Array(READ_BYTES);
    const length = codec.read(part);
    if (length === E.AGAIN) return false;
    if (length === 0) return true;
    if (length < 0) throw new TypeError(`The compressed data was not valid: ${codec.fault()}`);
    full = length === READ_BYTES;
    enqueue(length * 2 > READ_BYTES ? view(part, 0, length) : cut(part, 0, length));
  }
}

function createCodecTransform(what) {
  let codec;
  let ended = false;
  const close = () => codec?.close();
  const open = () => (codec ??= new Codec(what));
  const guarded = async (work) => {
    try {
      await work();
    } catch (error) {
      close();
      throw error;
    }
  };
  const transform = (chunk, enqueue, room) => guarded(async () => {
    const bytes = toBytes(chunk, "The chunk");
    const length = lengthOf(bytes);
    open();
    for (let at = 0; at < length; ) {
      if (ended) throw new TypeError("There is data behind the end of the compressed data");
      const taken = codec.write(view(bytes, at, length));
      if (taken > 0) at += taken;
      else if (taken === E.CLOSED) ended = true;
      else if (taken === E.IO) throw new TypeError(`The compressed data was not valid: ${codec.fault()}`);
      if (taken !== E.CLOSED && at < length) ended = await drain(codec, enqueue, room);
    }
    if (!ended) ended = await drain(codec, enqueue, room);
  });
  const flush = (enqueue, room) => guarded(async () => {
    open().finish();
    if (!ended) await drain(codec, enqueue, room);
    close();
  });
  return createTransform(transform, flush, close);
}

function toFormat(formats, value, what) {
  const codec = formats[toDOMString(value)];
  if (codec === undefined) throw new TypeError(`${what}: the format must be "gzip", "deflate" or "deflate-raw"`);
  return codec;
}

const PACKS = { __proto__: null, "gzip": "GZIP", "deflate": "ZLIB", "deflate-raw": "DEFLATE" };
const UNPACKS = { __proto__: null, "gzip": "GUNZIP", "deflate": "UNZLIB", "deflate-raw": "INFLATE" };

class CompressionStream {
  #transform;
  constructor(format) {
    need(arguments.length, 1, "CompressionStream");
    this.#transform = createCodecTransform(toFormat(PACKS, format, "CompressionStream"));
  }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
  static {
    brands.push((value) => isObject(value) && #transform in value);
  }
}
expose(CompressionStream);

class DecompressionStream {
  #transform;
  constructor(format) {
    need(arguments.length, 1, "DecompressionStream");
    this.#transform = createCodecTransform(toFormat(UNPACKS, format, "DecompressionStream"));
  }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
  static {
    brands.push((value) => isObject(value) && #transform in value);
  }
}
expose(DecompressionStream);

internal.Codec = Codec;
