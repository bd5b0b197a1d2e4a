// node:buffer: Buffer, a Uint8Array with methods. Start at Buffer; the next file adds reading and writing of numbers.
//
// What makes a Buffer sets the prototype of an Uint8Array: that is what its class would do, without running a constructor.
// There is no pool: every buffer has memory of its own, so none can see another's through `buffer`.

const {
  Uint8Array, ArrayBuffer, TypedArrayPrototypeSet, TypedArrayPrototypeFill, TypedArrayPrototypeCopyWithin, TypedArrayPrototypeGetLength,
  TypedArrayPrototypeGetByteLength, TypedArrayPrototypeGetByteOffset, TypedArrayPrototypeGetBuffer,
  ArrayIsArray, MathMin, NumberIsNaN, ObjectKeys, ReflectApply,
} = internal.primordials;
const { ObjectDefineProperty } = internal.primordials;
const { checkArgument: check, encodings, invalidType, invalidValue, outOfRange, nodeError } = internal;
const { isBuffer: isArrayBuffer, isSharedBuffer, bytesOf, get } = internal.classify;
const isView = ArrayBuffer.isView;
const { setPrototypeOf } = Object;
const { utf8Encode } = sys;

const MAX_LENGTH = 2 ** 32;
const MAX_STRING_LENGTH = 2 ** 30 - 1;
const constants = { MAX_LENGTH, MAX_STRING_LENGTH };
let inspectMax = 50;

class FastBuffer extends Uint8Array {}

function Buffer(value, encodingOrOffset, length) {
  if (typeof value === "number") {
    if (typeof encodingOrOffset === "string") throw invalidType("string", "of type string", value);
    return Buffer.alloc(value);
  }
  return Buffer.from(value, encodingOrOffset, length);
}
const prototype = FastBuffer.prototype;
Buffer.prototype = prototype;
ObjectDefineProperty(prototype, "constructor", { value: Buffer, writable: true, enumerable: false, configurable: true });
ObjectDefineProperty(Buffer, Symbol.species, { configurable: true, enumerable: false, get: () => FastBuffer });
setPrototypeOf(Buffer, Uint8Array);

const asBuffer = (bytes) => setPrototypeOf(bytes, prototype);
const isUint8Array = (value) => isView(value) && get.arrayTag !== undefined && ReflectApply(get.arrayTag, value, []) === "Uint8Array";
const lengthOf = TypedArrayPrototypeGetLength;
internal.isUint8Array = isUint8Array;
internal.asBuffer = asBuffer;

const EXPECTED = "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object";

// A part of a buffer's memory.
function part(buffer, from, to) {
  return new Uint8Array(TypedArrayPrototypeGetBuffer(buffer), TypedArrayPrototypeGetByteOffset(buffer) + from, to > from ? to - from : 0);
}

function fromString(string, encoding) {
  const found = typeof encoding !== "string" || encoding.length === 0 ? encodings.utf8 : encodings.find(encoding);
  if (found === undefined) throw encodings.unknown(encoding);
  if (found === encodings.utf8) return asBuffer(utf8Encode(string));
  const bytes = new Uint8Array(found.length(string));
  const written = found.write(string, bytes);
  return asBuffer(written === bytes.length ? bytes : part(bytes, 0, written));
}

function fromArrayBuffer(buffer, offset, length) {
  const size = new Uint8Array(buffer).length;
  if (offset === undefined) offset = 0;
  else {
    offset = +offset;
    if (NumberIsNaN(offset)) offset = 0;
  }
  const most = size - offset;
  if (most < 0) throw nodeError(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", '"offset" is outside of buffer bounds');
  if (length === undefined) length = most;
  else {
    length = +length;
    if (length > 0) {
      if (length > most) throw nodeError(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", '"length" is outside of buffer bounds');
    } else {
      length = 0;
    }
  }
  return asBuffer(new Uint8Array(buffer, offset, length));
}

function fromArrayLike(value) {
  const { length } = value;
  if (!(length > 0)) return Buffer.alloc(0);
  const bytes = new Uint8Array(checkSize(length, "length"));
  if (isView(value)) TypedArrayPrototypeSet(bytes, value);
  else for (let i = 0; i < length; i++) bytes[i] = value[i];
  return asBuffer(bytes);
}

// What an object says of itself; undefined if it cannot be bytes.
function fromObject(value) {
  if (value.length !== undefined || isArrayBuffer(value.buffer)) {
    if (typeof value.length !== "number") return Buffer.alloc(0);
    return fromArrayLike(value);
  }
  if (value.type === "Buffer" && ArrayIsArray(value.data)) return fromArrayLike(value.data);
  return undefined;
}

function checkSize(size, name = "size") {
  check.number(size, name, 0, MAX_LENGTH);
  return size;
}

Buffer.from = function from(value, encodingOrOffset, length) {
  if (typeof value === "string") return fromString(value, encodingOrOffset);
  if (typeof value === "object" && value !== null) {
    if (isArrayBuffer(value) || isSharedBuffer(value)) return fromArrayBuffer(value, encodingOrOffset, length);
    const primitive = value.valueOf && value.valueOf();
    if (primitive !== null && primitive !== undefined && primitive !== value && (typeof primitive === "string" || typeof primitive === "object")) {
      return Buffer.from(primitive, encodingOrOffset, length);
    }
    const made = fromObject(value);
    if (made !== undefined) return made;
    if (typeof value[Symbol.toPrimitive] === "function") {
      const text = value[Symbol.toPrimitive]("string");
      if (typeof text === "string") return fromString(text, encodingOrOffset);
    }
  }
  throw invalidType("first argument", EXPECTED, value);
};
Buffer.alloc = function alloc(size, fill, encoding) {
  checkSize(size);
  const made = asBuffer(new Uint8Array(size));
  return fill !== undefined && fill !== 0 && size > 0 ? fillWith(made, fill, 0, size, encoding, true) : made;
};
Buffer.allocUnsafe = function allocUnsafe(size) {
  return asBuffer(new Uint8Array(checkSize(size)));
};
Buffer.allocUnsafeSlow = Buffer.allocUnsafe;

Buffer.copyBytesFrom = function copyBytesFrom(view, offset = 0, length = undefined) {
  if (!isView(view) || lengthOf(view) === undefined) throw invalidType("view", "an instance of TypedArray", view);
  check.integer(offset, "offset", 0);
  const size = lengthOf(view);
  if (offset >= size) return Buffer.alloc(0);
  const end = length === undefined ? size : MathMin(offset + length, size);
  const each = TypedArrayPrototypeGetByteLength(view) / size;
  const from = part(view, offset * each, end * each);
  const bytes = new Uint8Array(from.length);
  TypedArrayPrototypeSet(bytes, from);
  return asBuffer(bytes);
};

Buffer.isBuffer = function isBuffer(value) {
  return value instanceof Buffer;
};
Buffer.isEncoding = function isEncoding(encoding) {
  return typeof encoding === "string" && encoding.length !== 0 && encodings.find(encoding) !== undefined;
};
Buffer.byteLength = function byteLength(string, encoding) {
  if (typeof string !== "string") {
    if (isView(string)) return bytesOf(string).length;
    if (isArrayBuffer(string) || isSharedBuffer(string)) return new Uint8Array(string).length;
    throw invalidType("string", "of type string or an instance of Buffer or ArrayBuffer", string);
  }
  return (encodings.find(encoding) ?? encodings.utf8).length(string);
};
Buffer.compare = function compare(a, b) {
  if (!isUint8Array(a)) throw invalidType("buf1", "an instance of Buffer or Uint8Array", a);
  if (!isUint8Array(b)) throw invalidType("buf2", "an instance of Buffer or Uint8Array", b);
  return sys.compare(a, b);
};
Buffer.concat = function concat(list, length) {
  if (!ArrayIsArray(list)) throw invalidType("list", "an instance of Array", list);
  if (list.length === 0) return Buffer.alloc(0);
  if (length === undefined) {
    length = 0;
    for (let i = 0; i < list.length; i++) if (list[i].length) length += list[i].length;
  } else {
    check.integer(length, "length", 0);
  }
  const made = Buffer.allocUnsafe(length);
  let at = 0;
  for (let i = 0; i < list.length; i++) {
    const one = list[i];
    if (!isUint8Array(one)) throw invalidType(`list[${i}]`, "an instance of Buffer or Uint8Array", one);
    const size = lengthOf(one);
    if (at + size > length) {
      TypedArrayPrototypeSet(made, part(one, 0, length - at), at);
      return made;
    }
    TypedArrayPrototypeSet(made, one, at);
    at += size;
  }
  return made;
};
Buffer.poolSize = 8192;

// ---- strings ----

function toString(encoding, start, end) {
  const size = this.length;
  if (arguments.length === 0) return encodings.utf8.decode(this);
  if (start === undefined || start <= 0 || start !== +start && !(+start > 0)) start = 0;
  else if (start >= size) return "";
  else start = start | 0;
  if (end === undefined || end > size) end = size;
  else end = end | 0;
  if (end <= start) return "";
  const found = encodings.of(encoding);
  return found.decode(start === 0 && end === size ? this : part(this, start, end));
}

// write(string[, offset[, length]][, encoding])
function write(string, offset, length, encoding) {
  if (typeof string !== "string") throw nodeError(TypeError, "ERR_INVALID_ARG_TYPE", "argument must be a string");
  const size = this.length;
  if (offset === undefined) return encodings.utf8.write(string, this);
  if (length === undefined && typeof offset === "string") {
    encoding = offset;
    length = size;
    offset = 0;
  } else {
    check.integer(offset, "offset", 0, size);
    const left = size - offset;
    if (length === undefined) length = left;
    else if (typeof length === "string") {
      encoding = length;
      length = left;
    } else {
      check.integer(length, "length", 0, size);
      if (length > left) length = left;
    }
  }
  return encodings.of(encoding).write(string, part(this, offset, offset + length));
}

const methods = {
  toString,
  toLocaleString: toString,
  write,
  equals(other) {
    if (!isUint8Array(other)) throw invalidType("otherBuffer", "an instance of Buffer or Uint8Array", other);
    return this === other || sys.compare(this, other) === 0;
  },
  compare(target, targetStart = 0, targetEnd = target?.length, sourceStart = 0, sourceEnd = this.length) {
    if (!isUint8Array(target)) throw invalidType("target", "an instance of Buffer or Uint8Array", target);
    if (arguments.length === 1) return sys.compare(this, target);
    check.integer(targetStart, "targetStart", 0);
    check.integer(targetEnd, "targetEnd", 0, target.length);
    check.integer(sourceStart, "sourceStart", 0);
    check.integer(sourceEnd, "sourceEnd", 0, this.length);
    if (sourceStart >= sourceEnd) return targetStart >= targetEnd ? 0 : -1;
    if (targetStart >= targetEnd) return 1;
    return sys.compare(part(this, sourceStart, sourceEnd), part(target, targetStart, targetEnd));
  },
  copy(target, targetStart, sourceStart, sourceEnd) {
    if (!isView(target)) throw invalidType("target", "an instance of Buffer or Uint8Array", target);
    targetStart = index(targetStart, 0, "targetStart");
    sourceStart = index(sourceStart, 0, "sourceStart", this.length);
    sourceEnd = index(sourceEnd, this.length, "sourceEnd");
    if (sourceEnd > this.length) sourceEnd = this.length;
    const room = TypedArrayPrototypeGetByteLength(target);
    if (targetStart >= room || sourceStart >= sourceEnd) return 0;
    const count = MathMin(sourceEnd - sourceStart, room - targetStart);
    TypedArrayPrototypeSet(part(target, targetStart, targetStart + count), part(this, sourceStart, sourceStart + count));
    return count;
  },
  subarray(start, end) {
    const size = this.length;
    const from = edge(start, size, 0);
    const to = edge(end, size, size);
    return asBuffer(part(this, from, to));
  },
  slice(start, end) {
    return this.subarray(start, end);
  },
  fill(value, offset, end, encoding) {
    return fillWith(this, value, offset, end, encoding);
  },
  indexOf(value, offset, encoding) {
    return search(this, value, offset, encoding, false);
  },
  lastIndexOf(value, offset, encoding) {
    return search(this, value, offset, encoding, true);
  },
  includes(value, offset, encoding) {
    return search(this, value, offset, encoding, false) !== -1;
  },
  toJSON() {
    const data = [];
    for (let i = 0; i < this.length; i++) data[i] = this[i];
    return { type: "Buffer", data };
  },
  swap16() {
    return swap(this, 2, "16-bits");
  },
  swap32() {
    return swap(this, 4, "32-bits");
  },
  swap64() {
    return swap(this, 8, "64-bits");
  },
};

function index(value, missing, name, max = undefined) {
  if (value === undefined) return missing;
  value = +value;
  if (value !== value) return 0;
  value = value < 0 ? -(-value - (-value % 1)) : value - (value % 1);
  if (value < 0 || (max !== undefined && value > max)) throw outOfRange(name, max === undefined ? ">= 0" : `>= 0 && <= ${max}`, value);
  return value;
}

// Where a part begins or ends: counted from the end if it is negative.
function edge(value, size, missing) {
  if (value === undefined) return missing;
  value = +value;
  if (value !== value) return 0;
  value -= value % 1;
  return value < 0 ? (value + size > 0 ? value + size : 0) : value > size ? size : value;
}

function fillWith(buffer, value, offset, end, encoding, zeroes = false) {
  if (typeof value === "string") {
    if (offset === undefined || typeof offset === "string") {
      encoding = offset;
      offset = 0;
      end = buffer.length;
    } else if (typeof end === "string") {
      encoding = end;
      end = buffer.length;
    }
    if (encoding !== undefined && typeof encoding !== "string") throw invalidType("encoding", "of type string", encoding);
    if (encoding !== undefined && encoding !== "" && encodings.find(encoding) === undefined) throw encodings.unknown(encoding);
  }
  if (offset === undefined) offset = 0;
  else check.number(offset, "offset", 0, zeroes ? undefined : buffer.length);
  if (end === undefined) end = buffer.length;
  else check.number(end, "end", 0, buffer.length);
  if (offset >= end) return buffer;
  if (typeof value !== "string" && !isView(value)) {
    TypedArrayPrototypeFill(buffer, typeof value === "boolean" ? +value : value & 255, offset, end);
    return buffer;
  }
  const pattern = typeof value === "string" ? fromString(value, encoding) : bytesOf(value);
  if (pattern.length === 0) {
    if (typeof value === "string" && value.length === 0) {
      TypedArrayPrototypeFill(buffer, 0, offset, end);
      return buffer;
    }
    throw invalidValue("value", value);
  }
  // The pattern once, then what is there as often as it takes.
  const target = part(buffer, offset, end);
  TypedArrayPrototypeSet(target, part(pattern, 0, MathMin(pattern.length, target.length)));
  for (let done = pattern.length; done < target.length; done *= 2) TypedArrayPrototypeCopyWithin(target, done, 0, done);
  return buffer;
}

function search(buffer, value, offset, encoding, backwards) {
  if (typeof offset === "string") {
    encoding = offset;
    offset = undefined;
  } else if (offset > 0x7fffffff) {
    offset = 0x7fffffff;
  } else if (offset < -0x80000000) {
    offset = -0x80000000;
  }
  offset = offset === undefined || NumberIsNaN(+offset) ? (backwards ? buffer.length : 0) : +offset | 0;
  let found = encodings.utf8;
  let needle;
  if (typeof value === "string") {
    found = encodings.of(encoding);
    needle = fromString(value, found.name);
  } else if (typeof value === "number") {
    needle = new Uint8Array(1);
    needle[0] = value;
  } else if (isUint8Array(value)) {
    if (encoding !== undefined) found = encodings.of(encoding);
    needle = value;
  } else {
    throw invalidType("value", "one of type number or string or an instance of Buffer or Uint8Array", value);
  }
  const size = buffer.length;
  if (offset < 0) offset += size;
  if (offset < 0) {
    if (backwards) return -1;
    offset = 0;
  }
  if (needle.length === 0) return MathMin(offset, size);
  return sys.findBytes(buffer, needle, offset, backwards, found === encodings.utf16le ? 2 : 1);
}

function swap(buffer, size, name) {
  if (buffer.length % size !== 0) throw nodeError(RangeError, "ERR_INVALID_BUFFER_SIZE", `Buffer size must be a multiple of ${name}`);
  for (let at = 0; at < buffer.length; at += size) {
    for (let i = 0; i < size / 2; i++) {
      const other = buffer[at + size - 1 - i];
      buffer[at + size - 1 - i] = buffer[at + i];
      buffer[at + i] = other;
    }
  }
  return buffer;
}

const define = (name, value) => ObjectDefineProperty(prototype, name, { value, writable: true, enumerable: true, configurable: true });
for (const name of ObjectKeys(methods)) define(name, methods[name]);

// asciiSlice(start, end), asciiWrite(string, offset, length) and so on.
for (const [name, encoding] of [
  ["ascii", "ascii"], ["base64", "base64"], ["base64url", "base64url"], ["latin1", "latin1"], ["hex", "hex"], ["ucs2", "utf16le"], ["utf8", "utf8"],
]) {
  define(`${name}Slice`, { [`${name}Slice`](start, end) {
    return ReflectApply(toString, this, [encoding, start, end]);
  } }[`${name}Slice`]);
  define(`${name}Write`, { [`${name}Write`](string, offset = 0, length = this.length - offset) {
    return ReflectApply(write, this, [string, offset, length, encoding]);
  } }[`${name}Write`]);
}

for (const [name, read] of [["parent", TypedArrayPrototypeGetBuffer], ["offset", TypedArrayPrototypeGetByteOffset]]) {
  ObjectDefineProperty(prototype, name, {
    enumerable: true,
    configurable: true,
    get() {
      return this instanceof Buffer ? read(this) : undefined;
    },
  });
}

prototype[internal.inspectCustom] = function inspect(depth, ctx) {
  const shown = MathMin(inspectMax, this.length);
  let text = "";
  const digits = encodings.hex.decode(part(this, 0, shown));
  for (let i = 0; i < digits.length; i += 2) text += ` ${digits[i]}${digits[i + 1]}`;
  const left = this.length - shown;
  if (left > 0) text += ` ... ${left} more byte${left > 1 ? "s" : ""}`;
  if (ctx) {
    // Properties that the program added.
    const keys = ObjectKeys(this);
    let extra = "";
    for (let i = keys.length - 1; i >= 0 && `${+keys[i]}` !== keys[i]; i--) {
      extra = `, ${keys[i]}: ${internal.inspect(this[keys[i]], { ...ctx, breakLength: Infinity, compact: true })}${extra}`;
    }
    text += extra;
  }
  return `<${this.constructor.name}${text === "" ? " " : text}>`;
};
ObjectDefineProperty(prototype, internal.inspectCustom, { enumerable: false });
prototype.inspect = prototype[internal.inspectCustom];
ObjectDefineProperty(prototype, "inspect", { enumerable: true });

// ---- the module ----

function bytesFor(input) {
  if (isArrayBuffer(input) || isView(input)) return bytesOf(input);
  throw invalidType("input", "an instance of ArrayBuffer, Buffer, or TypedArray", input);
}

const module = {
  Buffer,
  SlowBuffer: { SlowBuffer(length) {
    return Buffer.allocUnsafeSlow(length);
  } }.SlowBuffer,
  transcode(source, from, to) {
    if (!isUint8Array(source)) throw invalidType("source", "an instance of Buffer or Uint8Array", source);
    return fromString(encodings.of(from).decode(source), encodings.of(to).name);
  },
  isUtf8(input) {
    try {
      sys.utf8Decode(bytesFor(input), true);
      return true;
    } catch {
      return false;
    }
  },
  isAscii(input) {
    const bytes = bytesFor(input);
    for (let i = 0; i < bytes.length; i++) if (bytes[i] > 127) return false;
    return true;
  },
  kMaxLength: MAX_LENGTH,
  kStringMaxLength: MAX_STRING_LENGTH,
  btoa: globalThis.btoa,
  atob: globalThis.atob,
  constants,
  resolveObjectURL: () => undefined,
};
ObjectDefineProperty(module, "INSPECT_MAX_BYTES", {
  enumerable: true,
  configurable: true,
  get: () => inspectMax,
  set(value) {
    check.number(value, "INSPECT_MAX_BYTES", 0);
    inspectMax = value;
  },
});
// Blob and File come from the web's side if they are there.
for (const name of ["Blob", "File"]) {
  ObjectDefineProperty(module, name, { enumerable: true, configurable: true, get: () => globalThis[name] });
}
internal.Buffer = Buffer;
internal.bufferPart = part;
internal.modules["node:buffer"] = module;
