// Buffer: making, encodings, numbers, searching, errors.
const { Buffer: Same, constants, isUtf8, isAscii, transcode } = require("buffer");
console.log(Same === Buffer, Buffer.isBuffer(Buffer.alloc(1)), Buffer.alloc(1) instanceof Uint8Array, typeof constants.MAX_LENGTH);
for (const encoding of ["utf8", "utf16le", "latin1", "ascii", "hex", "base64", "base64url", "UCS-2", "binary"]) {
  const made = Buffer.from("héllo € 4a6B", encoding);
  console.log(encoding, made, made.toString(encoding), Buffer.byteLength("héllo € 4a6B", encoding), Buffer.isEncoding(encoding));
}
console.log(Buffer.from("aGk", "base64").toString(), Buffer.from("_-8=", "base64"), Buffer.from("a G\nk=", "base64").toString(), Buffer.from("abx1", "hex"));
console.log(Buffer.from([1, 2, 300, -1, "7", null]), Buffer.from({ length: 2, 0: 5, 1: 6 }), Buffer.from(new Uint16Array([1, 256])), Buffer.from(Buffer.from("x")));
const memory = new ArrayBuffer(8);
console.log(Buffer.from(memory, 2, 3).length, Buffer.from(memory).buffer === memory, Buffer.from(new String("boxed")).toString());
console.log(Buffer.alloc(5, "ab"), Buffer.alloc(3, 1), Buffer.alloc(4, "YQ==", "base64"), Buffer.allocUnsafe(2).length);
const shared = Buffer.from("abcdef");
const part = shared.slice(1, -1);
part[0] = 88;
console.log(shared.toString(), part.toString(), part.subarray(1).toString(), part.constructor === Buffer, shared.subarray(-2).toString());
console.log(Buffer.concat([Buffer.from("a"), Buffer.from("bc")]).toString(), Buffer.concat([Buffer.from("abc")], 2).toString(), Buffer.concat([Buffer.from("a")], 3));
console.log(Buffer.compare(Buffer.from("a"), Buffer.from("b")), Buffer.from("ab").equals(Buffer.from("ab")), Buffer.from("abc").compare(Buffer.from("bcd"), 1, 2, 2, 3));
const text = Buffer.from("this is a buffer, this is");
console.log(text.indexOf("is"), text.indexOf("is", 3), text.lastIndexOf("this"), text.indexOf(98), text.includes("buffer"), text.indexOf(Buffer.from("a b")), text.indexOf("zz"), text.indexOf("", 5), text.indexOf("is", -2), text.lastIndexOf("is", -5), text.indexOf("i", NaN));
console.log(Buffer.from("aXbX", "utf16le").indexOf("X", 0, "utf16le"));
const bytes = Buffer.alloc(16);
bytes.writeUInt8(255, 0); bytes.writeInt8(-128, 1); bytes.writeUInt16LE(0x1234, 2); bytes.writeInt32BE(-123456789, 4); bytes.writeDoubleLE(Math.PI, 8);
console.log(bytes, bytes.readUInt8(0), bytes.readInt8(1), bytes.readUInt16LE(2), bytes.readUInt16BE(2), bytes.readInt32BE(4), bytes.readDoubleLE(8), bytes.readFloatBE(8));
bytes.writeBigUInt64BE(0x0102030405060708n, 0); bytes.writeBigInt64LE(-2n, 8);
console.log(bytes.readBigUInt64BE(0), bytes.readBigUInt64LE(0), bytes.readBigInt64LE(8), bytes.readBigUint64LE(8));
bytes.writeUIntBE(0x123456789abc, 0, 6); bytes.writeIntLE(-5, 6, 3); bytes.writeFloatLE(1.5, 9);
console.log(bytes, bytes.readUIntBE(0, 6), bytes.readUIntLE(0, 5), bytes.readIntLE(6, 3), bytes.readIntBE(6, 3), bytes.readFloatLE(9), bytes.readUint32BE(1));
console.log(bytes.write("hé", 1), bytes.write("zz", 3, 1), bytes.write("ff", 5, "hex"), bytes.toString("utf8", 0, 4), bytes.fill("ab", 2, 7), bytes.fill(0).swap16().length);
console.log(Buffer.from([1, 2, 3, 4]).swap16(), Buffer.from([1, 2, 3, 4]).swap32(), JSON.stringify(Buffer.from("hi")), Buffer.from(JSON.parse(JSON.stringify(Buffer.from("hi")))));
console.log(Buffer.alloc(60).inspect(), Object.assign(Buffer.from("a"), { named: 1 }), [Buffer.from("x")], { b: Buffer.alloc(0) });
console.log([...Buffer.from("ab").entries()], Buffer.from("abc").map((x) => x + 1), Array.from(Buffer.from("ab").keys()));
console.log(isUtf8(Buffer.from([0xc0])), isAscii(Buffer.from("a")), transcode(Buffer.from("€"), "utf8", "utf16le"), Buffer.from([0xe2, 0x82, 0xff, 0x61]).toString());
console.log(Buffer(3), Buffer("x").toString(), new Buffer([1]).length, Buffer.from("test").copy(bytes, 2, 1, 3), bytes.subarray(0, 5));
const failing = [
  () => Buffer.from(5), () => Buffer.from(null), () => Buffer.alloc(-1), () => Buffer.alloc("1"), () => Buffer.from("a", "nope"), () => Buffer.alloc(4).readUInt32LE(1),
  () => Buffer.alloc(4).readUInt8(1.5), () => Buffer.alloc(4).writeUInt8(256, 0), () => Buffer.alloc(8).writeInt32LE(2 ** 31, 0), () => Buffer.alloc(1).readInt16LE(0),
  () => Buffer.alloc(8).writeBigInt64LE(2n ** 63n), () => Buffer.alloc(4).readUIntLE(0, 7), () => Buffer.concat("x"), () => Buffer.concat([1]), () => Buffer.alloc(3).swap16(),
  () => Buffer.alloc(4).fill("a", 0, 9), () => Buffer.alloc(4).write(5), () => Buffer.alloc(4).toString("nope"), () => Buffer.compare("a", Buffer.alloc(1)), () => Buffer.alloc(1).equals("a"),
  () => Buffer.byteLength(5), () => Buffer.alloc(2).indexOf({}), () => Buffer.from(new ArrayBuffer(2), 3),
];
for (const fail of failing) {
  try { console.log(fail()); } catch (error) { console.log(error.name, error.code, error.message); }
}
const { StringDecoder } = require("string_decoder");
for (const encoding of ["utf8", "utf16le", "base64", "hex", "latin1"]) {
  const decoder = new StringDecoder(encoding);
  let out = [];
  for (const byte of Buffer.from("aé€😀z")) out.push(decoder.write(Buffer.from([byte])));
  out.push(decoder.end(Buffer.from([0xe2])));
  console.log(encoding, JSON.stringify(out));
}
