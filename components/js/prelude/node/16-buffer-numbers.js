// Reading and writing of numbers in a Buffer. Start at `methods`.

const { BigInt, Number, MathFloor, MathPow, NumberIsInteger } = internal.primordials;
const { ObjectKeys } = internal.primordials;
const { Buffer, checkArgument: check, outOfRange, nodeError, invalidType } = internal;

// The numbers of one float, seen as bytes; WebAssembly is little-endian.
const float32 = new Float32Array(1);
const float64 = new Float64Array(1);
const bytes32 = new Uint8Array(float32.buffer);
const bytes64 = new Uint8Array(float64.buffer);
const MAX_INT_BYTES = 6;

// Throws what is wrong with a place from which `size` bytes were to be used.
function bounds(buffer, offset, size, name = "offset") {
  check.number(offset, name);
  if (!NumberIsInteger(offset)) throw outOfRange(name, "an integer", offset);
  if (buffer.length - size < 0) throw nodeError(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", "Attempt to access memory outside buffer bounds");
  throw outOfRange(name, `>= 0 and <= ${buffer.length - size}`, offset);
}

function readLittle(buffer, offset, size) {
  if (buffer[offset] === undefined || buffer[offset + size - 1] === undefined) bounds(buffer, offset, size);
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + buffer[offset + i];
  return value;
}

function readBig(buffer, offset, size) {
  if (buffer[offset] === undefined || buffer[offset + size - 1] === undefined) bounds(buffer, offset, size);
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + buffer[offset + i];
  return value;
}

const signed = (value, size) => (value >= MathPow(2, size * 8 - 1) ? value - MathPow(2, size * 8) : value);

function checkValue(value, min, max, size) {
  if (!(value > max || value < min)) return;
  const n = typeof min === "bigint" ? "n" : "";
  const bits = size * 8;
  let range;
  if (size <= 4) range = `>= ${min}${n} and <= ${max}${n}`;
  else if (min == 0) range = `>= 0${n} and < 2${n} ** ${bits}${n}`;
  else range = `>= -(2${n} ** ${bits - 1}${n}) and < 2${n} ** ${bits - 1}${n}`;
  throw outOfRange("value", range, value);
}

function writeInt(buffer, value, offset, size, min, max, little) {
  value = +value;
  checkValue(value, min, max, size);
  if (buffer[offset] === undefined || buffer[offset + size - 1] === undefined) bounds(buffer, offset, size);
  // The lowest 32 bits by bits, what is above them by division.
  let rest = value | 0;
  for (let i = 0; i < size; i++) {
    if (i === 4) rest = MathFloor(value / 0x100000000);
    buffer[little ? offset + i : offset + size - 1 - i] = rest;
    rest >>= 8;
  }
  return offset + size;
}

function checkByteLength(byteLength) {
  if (byteLength === undefined) throw invalidType("byteLength", "of type number", byteLength);
  check.number(byteLength, "byteLength");
  if (!NumberIsInteger(byteLength)) throw outOfRange("byteLength", "an integer", byteLength);
  if (byteLength < 1 || byteLength > MAX_INT_BYTES) throw outOfRange("byteLength", `>= 1 and <= ${MAX_INT_BYTES}`, byteLength);
}

function readBigInt(buffer, offset, little, isSigned) {
  if (buffer[offset] === undefined || buffer[offset + 7] === undefined) bounds(buffer, offset, 8);
  const a = little ? readLittle(buffer, offset, 4) : readBig(buffer, offset + 4, 4);
  const b = little ? readLittle(buffer, offset + 4, 4) : readBig(buffer, offset, 4);
  const value = (BigInt(b) << 32n) + BigInt(a);
  return isSigned ? BigInt.asIntN(64, value) : value;
}

function writeBigInt(buffer, value, offset, min, max, little) {
  if (typeof value !== "bigint") throw invalidType("value", "of type bigint", value);
  checkValue(value, min, max, 8);
  if (buffer[offset] === undefined || buffer[offset + 7] === undefined) bounds(buffer, offset, 8);
  for (let i = 0; i < 8; i++) {
    buffer[little ? offset + i : offset + 7 - i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return offset + 8;
}

function readFloat(buffer, offset, holder, bytes, little) {
  const size = bytes.length;
  if (buffer[offset] === undefined || buffer[offset + size - 1] === undefined) bounds(buffer, offset, size);
  for (let i = 0; i < size; i++) bytes[i] = buffer[little ? offset + i : offset + size - 1 - i];
  return holder[0];
}

function writeFloat(buffer, value, offset, holder, bytes, little) {
  const size = bytes.length;
  holder[0] = +value;
  if (buffer[offset] === undefined || buffer[offset + size - 1] === undefined) bounds(buffer, offset, size);
  for (let i = 0; i < size; i++) buffer[little ? offset + i : offset + size - 1 - i] = bytes[i];
  return offset + size;
}

const methods = { __proto__: null };

for (const little of [true, false]) {
  const end = little ? "LE" : "BE";
  const read = little ? readLittle : readBig;
  for (const size of [1, 2, 4]) {
    if (size === 1 && !little) continue;
    const suffix = size === 1 ? "8" : `${size * 8}${end}`;
    const half = 2 ** (size * 8 - 1);
    methods[`readUInt${suffix}`] = { [`readUInt${suffix}`](offset = 0) {
      return read(this, offset, size);
    } }[`readUInt${suffix}`];
    methods[`readInt${suffix}`] = { [`readInt${suffix}`](offset = 0) {
      const value = read(this, offset, size);
      return value >= half ? value - 2 * half : value;
    } }[`readInt${suffix}`];
    methods[`writeUInt${suffix}`] = { [`writeUInt${suffix}`](value, offset = 0) {
      return writeInt(this, value, offset, size, 0, 2 * half - 1, little);
    } }[`writeUInt${suffix}`];
    methods[`writeInt${suffix}`] = { [`writeInt${suffix}`](value, offset = 0) {
      return writeInt(this, value, offset, size, -half, half - 1, little);
    } }[`writeInt${suffix}`];
  }
  methods[`readUInt${end}`] = { [`readUInt${end}`](offset, byteLength) {
    if (offset === undefined) throw invalidType("offset", "of type number", offset);
    checkByteLength(byteLength);
    return read(this, offset, byteLength);
  } }[`readUInt${end}`];
  methods[`readInt${end}`] = { [`readInt${end}`](offset, byteLength) {
    if (offset === undefined) throw invalidType("offset", "of type number", offset);
    checkByteLength(byteLength);
    return signed(read(this, offset, byteLength), byteLength);
  } }[`readInt${end}`];
  methods[`writeUInt${end}`] = { [`writeUInt${end}`](value, offset, byteLength) {
    checkByteLength(byteLength);
    return writeInt(this, value, offset, byteLength, 0, MathPow(2, byteLength * 8) - 1, little);
  } }[`writeUInt${end}`];
  methods[`writeInt${end}`] = { [`writeInt${end}`](value, offset, byteLength) {
    checkByteLength(byteLength);
    return writeInt(this, value, offset, byteLength, -MathPow(2, byteLength * 8 - 1), MathPow(2, byteLength * 8 - 1) - 1, little);
  } }[`writeInt${end}`];
  methods[`readBigUInt64${end}`] = { [`readBigUInt64${end}`](offset = 0) {
    return readBigInt(this, offset, little, false);
  } }[`readBigUInt64${end}`];
  methods[`readBigInt64${end}`] = { [`readBigInt64${end}`](offset = 0) {
    return readBigInt(this, offset, little, true);
  } }[`readBigInt64${end}`];
  methods[`writeBigUInt64${end}`] = { [`writeBigUInt64${end}`](value, offset = 0) {
    return writeBigInt(this, value, offset, 0n, 2n ** 64n - 1n, little);
  } }[`writeBigUInt64${end}`];
  methods[`writeBigInt64${end}`] = { [`writeBigInt64${end}`](value, offset = 0) {
    return writeBigInt(this, value, offset, -(2n ** 63n), 2n ** 63n - 1n, little);
  } }[`writeBigInt64${end}`];
  for (const [name, holder, bytes] of [["Float", float32, bytes32], ["Double", float64, bytes64]]) {
    methods[`read${name}${end}`] = { [`read${name}${end}`](offset = 0) {
      return readFloat(this, offset, holder, bytes, little);
    } }[`read${name}${end}`];
    methods[`write${name}${end}`] = { [`write${name}${end}`](value, offset = 0) {
      return writeFloat(this, value, offset, holder, bytes, little);
    } }[`write${name}${end}`];
  }
}

for (const name of ObjectKeys(methods)) {
  Buffer.prototype[name] = methods[name];
  // readUint8 is another name of readUInt8.
  if (name.includes("UInt")) Buffer.prototype[name.replace("UInt", "Uint")] = methods[name];
}
