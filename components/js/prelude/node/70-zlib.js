// node:zlib: whole, with a callback, and as streams. Start at `runSync`; a stream works on its codec with `step`.

const { nodeError, invalidType, Codec, E } = internal;
const { Uint8Array } = globalThis;
const { lengthOf, view, cut, concat, ask, pack, REQUEST, HASH, NOTHING } = internal.compute;
const { toBuffer, anyBytes, checkFunction, outOfRange } = internal.nodeCrypto;
const setTimer = sys.setTimer;

const READ_BYTES = 65536;
const OUTPUT_BYTES_MAX = 2 ** 32;

const constants = {
  Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5, Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2,
  Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6, Z_NO_COMPRESSION: 0,
  Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9, Z_DEFAULT_COMPRESSION: -1, Z_FILTERED: 1, Z_HUFFMAN_ONLY: 2, Z_RLE: 3, Z_FIXED: 4,
  Z_DEFAULT_STRATEGY: 0, ZLIB_VERNUM: 4880, DEFLATE: 1, INFLATE: 2, GZIP: 3, GUNZIP: 4, DEFLATERAW: 5, INFLATERAW: 6, UNZIP: 7,
  BROTLI_DECODE: 8, BROTLI_ENCODE: 9, Z_MIN_WINDOWBITS: 8, Z_MAX_WINDOWBITS: 15, Z_DEFAULT_WINDOWBITS: 15, Z_MIN_CHUNK: 64,
  Z_MAX_CHUNK: Infinity, Z_DEFAULT_CHUNK: 16384, Z_MIN_MEMLEVEL: 1, Z_MAX_MEMLEVEL: 9, Z_DEFAULT_MEMLEVEL: 8, Z_MIN_LEVEL: -1,
  Z_MAX_LEVEL: 9, Z_DEFAULT_LEVEL: -1, BROTLI_OPERATION_PROCESS: 0, BROTLI_OPERATION_FLUSH: 1, BROTLI_OPERATION_FINISH: 2,
  BROTLI_OPERATION_EMIT_METADATA: 3, BROTLI_PARAM_MODE: 0, BROTLI_MODE_GENERIC: 0, BROTLI_MODE_TEXT: 1, BROTLI_MODE_FONT: 2,
  BROTLI_DEFAULT_MODE: 0, BROTLI_PARAM_QUALITY: 1, BROTLI_MIN_QUALITY: 0, BROTLI_MAX_QUALITY: 11, BROTLI_DEFAULT_QUALITY: 11,
  BROTLI_PARAM_LGWIN: 2, BROTLI_MIN_WINDOW_BITS: 10, BROTLI_MAX_WINDOW_BITS: 24, BROTLI_LARGE_MAX_WINDOW_BITS: 30,
  BROTLI_DEFAULT_WINDOW: 22, BROTLI_PARAM_LGBLOCK: 3, BROTLI_MIN_INPUT_BLOCK_BITS: 16, BROTLI_MAX_INPUT_BLOCK_BITS: 24,
  BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING: 4, BROTLI_PARAM_SIZE_HINT: 5, BROTLI_PARAM_LARGE_WINDOW: 6, BROTLI_PARAM_NPOSTFIX: 7,
  BROTLI_PARAM_NDIRECT: 8, BROTLI_DECODER_RESULT_ERROR: 0, BROTLI_DECODER_RESULT_SUCCESS: 1, BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: 2,
  BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: 3, BROTLI_DECODER_PARAM_DISABLE_RING_BUFFER_REALLOCATION: 0,
  BROTLI_DECODER_PARAM_LARGE_WINDOW: 1, BROTLI_DECODER_NO_ERROR: 0, BROTLI_DECODER_SUCCESS: 1, BROTLI_DECODER_NEEDS_MORE_INPUT: 2,
  BROTLI_DECODER_NEEDS_MORE_OUTPUT: 3,
};
const codes = { Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6 };
for (const name of Object.keys(codes)) codes[codes[name]] = name;

// What each class does, and what of its options counts.
const KINDS = {
  __proto__: null, Gzip: "GZIP", Gunzip: "GUNZIP", Deflate: "ZLIB", Inflate: "UNZLIB", DeflateRaw: "DEFLATE", InflateRaw: "INFLATE",
  Unzip: "GUNZIP", BrotliCompress: "BROTLI", BrotliDecompress: "UNBROTLI",
};
const GZIP_MAGIC = 0x1f;

function zlibError(fault) {
  const isShort = fault === "unexpected end of file";
  const code = isShort ? "Z_BUF_ERROR" : fault === "Missing dictionary" ? "Z_NEED_DICT" : fault === "Decompression failed" ? "ERR__ERROR_FORMAT" : "Z_DATA_ERROR";
  const error = new Error(fault);
  error.errno = codes[code] ?? -1;
  error.code = code;
  return error;
}

function checkOption(options, name, min, max, unset) {
  const value = options?.[name];
  if (value === undefined || Number.isNaN(value)) return unset;
  if (typeof value !== "number") throw invalidType(`options.${name}`, "of type number", value);
  if (value < min || value > max) throw outOfRange(`options.${name}`, `>= ${min} and <= ${max}`, value);
  return value;
}

// Reads options once: what the codec is told, and how much may come out.
function readOptions(name, options) {
  const maxOutput = checkOption(options, "maxOutputLength", 1, Number.MAX_SAFE_INTEGER, OUTPUT_BYTES_MAX);
  const read = { name, what: KINDS[name], level: 0, window: 0, maxOutput, isShortRight: false, info: !!options?.info };
  if (options?.dictionary !== undefined) {
    throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "zlib: the option dictionary is not implemented");
  }
  if (name === "BrotliCompress" || name === "BrotliDecompress") {
    const { params } = options ?? {};
    const param = (number, min, max) => {
      const value = params?.[number];
      if (value === undefined) return undefined;
      if (typeof value !== "number" && typeof value !== "boolean") throw invalidType("options.params[key]", "of type number", value);
      if (value < min || value > max) throw nodeError(Error, "ERR_ZLIB_INITIALIZATION_FAILED", "Initialization failed");
      return +value;
    };
    if (name === "BrotliCompress") {
      const quality = param(constants.BROTLI_PARAM_QUALITY, 0, 11);
      if (quality !== undefined) read.level = quality + 1;
      read.window = param(constants.BROTLI_PARAM_LGWIN, 10, 24) ?? 0;
    }
    read.isShortRight = options?.finishFlush === constants.BROTLI_OPERATION_FLUSH;
    return read;
  }
  const level = checkOption(options, "level", -1, 9, -1);
  if (level >= 0) read.level = level + 1;
  const window = checkOption(options, "windowBits", 8, 15, 15);
  read.window = window < 9 ? 9 : window;
  checkOption(options, "memLevel", 1, 9, 8);
  checkOption(options, "strategy", 0, 4, 0);
  const finish = checkOption(options, "finishFlush", 0, 5, constants.Z_FINISH);
  read.isShortRight = finish === constants.Z_SYNC_FLUSH;
  return read;
}

// Compresses or decompresses in steps: each yields what comes out, so that whoever has enough of it waits with the next.
class Work {
  #options;
  #codec;
  #given = 0;
  #ended = false;
  #ignores = false;
  taken = 0;

  constructor(options) {
    this.#options = options;
  }

  #open(bytes) {
    const { name, what, level, window } = this.#options;
    const isZlib = name === "Unzip" && bytes[0] !== GZIP_MAGIC;
    this.#codec = new Codec(isZlib ? "UNZLIB" : what, level, window);
    this.#ended = false;
    if (isZlib) this.#options = { ...this.#options, what: "UNZLIB" };
  }

  // Takes all of `bytes`.
  *write(bytes) {
    const length = lengthOf(bytes);
    if (this.#codec === undefined && length > 0) this.#open(bytes);
    for (let at = 0; at < length && !this.#ignores; ) {
      if (this.#ended && !this.#again(view(bytes, at, length))) break;
      const taken = this.#codec.write(view(bytes, at, length));
      if (taken > 0) {
        at += taken;
        this.taken += taken;
      } else if (taken === E.CLOSED) {
        this.#ended = true;
        continue;
      } else if (taken === E.IO) {
        throw zlibError(this.#codec.fault());
      }
      yield* this.#drain();
    }
  }

  // What follows the end: of gzip the next member, of others nothing that counts.
  #again(rest) {
    const isGzip = this.#options.what === "GUNZIP";
    if (!isGzip || rest[0] === 0) {
      this.#ignores = true;
      return false;
    }
    this.close();
    this.#open(rest);
    return true;
  }

  *#drain() {
    for (;;) {
      const part = new Uint8Array(READ_BYTES);
      const length = this.#codec.read(part);
      if (length === E.AGAIN) return;
      if (length === 0) {
        this.#ended = true;
        return;
      }
      if (length < 0) throw zlibError(this.#codec.fault());
      this.#given += length;
      const { maxOutput } = this.#options;
      if (this.#given > maxOutput) {
        throw nodeError(RangeError, "ERR_BUFFER_TOO_LARGE", `Cannot create a Buffer larger than ${maxOutput} bytes`);
      }
      yield (length * 2 > READ_BYTES ? view(part, 0, length) : cut(part, 0, length));
    }
  }

  *flush(full) {
    if (this.#codec === undefined) this.#open(NOTHING);
    yield* this.#drain();
    if (this.#ended || this.#codec.flush(full) < 0) return;
    yield* this.#drain();
  }

  *finish() {
    if (this.#codec === undefined) this.#open(NOTHING);
    if (!this.#ended && this.#options.isShortRight) {
      // What is cut off counts as far as it goes; what is compressed is left open.
      yield* this.flush(false);
    } else if (!this.#ended) {
      this.#codec.finish();
      yield* this.#drain();
    }
    this.close();
  }

  close() {
    this.#codec?.close();
    this.#codec = undefined;
  }
}

const BUFFERS = "of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer";

function runSync(options, bytes) {
  const parts = [];
  const work = new Work(options);
  try {
    for (const part of work.write(bytes)) parts[parts.length] = part;
    for (const part of work.finish()) parts[parts.length] = part;
  } finally {
    work.close();
  }
  return toBuffer(parts.length === 1 ? parts[0] : concat(parts));
}

// The class of streams; made when one is first wanted, since node:stream is another file's affair.
function streamClass(name) {
  const streams = internal.modules["node:stream"];
  if (streams === undefined) throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "Streams of Node.js are not there: node:stream is missing");
  const made = { [name]: class extends streams.Transform {
    #work;
    #steps;
    #callback;
    #running = false;
    #wanted = false;
    constructor(options = undefined) {
      const read = readOptions(name, options);
      super({ ...options, decodeStrings: true });
      this.#work = new Work(read);
    }
    get bytesWritten() { return this.#work.taken; }
    _transform(chunk, encoding, callback) {
      this.#begin(this.#work.write(anyBytes(chunk, "chunk", encoding)), callback);
    }
    _flush(callback) {
      this.#begin(this.#work.finish(), callback);
    }
    _destroy(error, callback) {
      this.#steps = undefined;
      this.#work.close();
      callback(error);
    }
    // Somebody wants more: goes on where there was enough.
    _read(size) {
      this.#wanted = true;
      if (this.#steps === undefined) super._read(size);
      else if (!this.#running) this.#run();
    }
    #begin(steps, callback) {
      this.#steps = steps;
      this.#callback = callback;
      this.#run();
    }
    #run() {
      const callback = this.#callback;
      this.#running = true;
      try {
        for (;;) {
          const step = this.#steps.next();
          if (step.done) break;
          this.#wanted = false;
          // It may ask for more while it is given some, and may be destroyed then.
          if ((!this.push(toBuffer(step.value)) && !this.#wanted) || this.#steps === undefined) return;
        }
      } catch (error) {
        this.#steps = undefined;
        return callback(error);
      } finally {
        this.#running = false;
      }
      this.#steps = undefined;
      callback();
    }
    flush(kind = undefined, callback = undefined) {
      if (typeof kind === "function") [kind, callback] = [undefined, kind];
      const full = kind === undefined || kind === constants.Z_FULL_FLUSH;
      // After what was written before, which may still wait.
      const now = () => this.#begin(this.#work.flush(full), (error) => {
        if (error) this.destroy(error);
        else callback?.();
      });
      if (this.writableLength === 0 && this.#steps === undefined) now();
      else this.write(NOTHING, now);
    }
    close(callback = undefined) {
      if (callback !== undefined) this.once("close", callback);
      this.destroy();
    }
    reset() {
      this.#work.close();
    }
  } }[name];
  return made;
}
const classes = { __proto__: null };
const classOf = (name) => (classes[name] ??= streamClass(name));

function crc32(data, value = 0) {
  const bytes = anyBytes(data, "data", "utf8", "of type string or an instance of Buffer, TypedArray, or DataView");
  if (typeof value !== "number") throw invalidType("value", "of type number", value);
  if (!(value >= 0 && value <= 0xffffffff && value % 1 === 0)) throw outOfRange("value", ">= 0 && <= 4294967295", value);
  const state = new Uint8Array(4);
  for (let i = 0; i < 4; i++) state[i] = (value >>> (24 - 8 * i)) & 255;
  const sum = new Uint8Array(4);
  internal.compute.must(ask(REQUEST.DIGEST_FINISH, HASH["CRC-32"], pack([], [state], bytes), sum), "The checksum");
  return ((sum[0] << 24) | (sum[1] << 16) | (sum[2] << 8) | sum[3]) >>> 0;
}

const zlib = { crc32 };
const enumerable = (target, name, value) => Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
for (const name of Object.keys(KINDS)) {
  // Callable without `new`, as it always was in Node.js.
  const constructor = { [name]: function (options) {
    return Reflect.construct(classOf(name), [options], new.target === undefined || new.target === zlib[name] ? classOf(name) : new.target);
  } }[name];
  Object.defineProperty(constructor, Symbol.hasInstance, { value: (object) => name in classes && object instanceof classes[name] });
  enumerable(zlib, name, constructor);
}
for (const [name, plain] of [
  ["Deflate", "deflate"], ["Gzip", "gzip"], ["DeflateRaw", "deflateRaw"], ["Unzip", "unzip"], ["Inflate", "inflate"], ["Gunzip", "gunzip"],
  ["InflateRaw", "inflateRaw"], ["BrotliCompress", "brotliCompress"], ["BrotliDecompress", "brotliDecompress"],
]) {
  const made = {
    [plain](buffer, options, callback) {
      if (typeof options === "function") [options, callback] = [undefined, options];
      checkFunction(callback, "callback");
      const bytes = anyBytes(buffer, "buffer", "utf8", BUFFERS);
      const read = readOptions(name, options);
      setTimer(() => {
        let result;
        try {
          result = runSync(read, bytes);
        } catch (error) {
          return callback(error);
        }
        callback(null, result);
      }, 0);
    },
    [`${plain}Sync`](buffer, options = undefined) {
      const bytes = anyBytes(buffer, "buffer", "utf8", BUFFERS);
      return runSync(readOptions(name, options), bytes);
    },
    [`create${name}`](options = undefined) {
      return new (classOf(name))(options);
    },
  };
  for (const key of Object.keys(made)) enumerable(zlib, key, made[key]);
}
enumerable(zlib, "constants", Object.freeze(Object.setPrototypeOf(constants, null)));
enumerable(zlib, "codes", Object.freeze(codes));
// As old programs name them.
for (const name of Object.keys(constants)) {
  if (!name.startsWith("BROTLI")) Object.defineProperty(zlib, name, { value: constants[name], writable: false, enumerable: false, configurable: false });
}

internal.modules["node:zlib"] = zlib;
