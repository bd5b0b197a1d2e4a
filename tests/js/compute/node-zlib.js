// node:zlib: what it answers and how it refuses. The output beside this file is that of Node.js 20.
import zlib, { gzipSync, gunzipSync, constants } from "node:zlib";
const hex = (data) => Array.from(data, (b) => b.toString(16).padStart(2, "0")).join("");
const bytes = (text) => new TextEncoder().encode(text);
const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const text = (data) => new TextDecoder().decode(data);
const say = (...words) => console.log(...words);
const refused = (what, run) => {
  try {
    run();
    say(what, "was not refused");
  } catch (error) {
    say(what, "|", error.name, error.code, error.errno, "|", error.message);
  }
};
const story = bytes("All work and no play makes Jack a dull boy. ".repeat(4000));
for (const [pack, unpack] of [["gzip", "gunzip"], ["deflate", "inflate"], ["deflateRaw", "inflateRaw"], ["brotliCompress", "brotliDecompress"]]) {
  for (const data of ["", "a", story]) {
    for (const level of [undefined, 1, 9]) {
      const options = pack === "brotliCompress" ? { params: { [constants.BROTLI_PARAM_QUALITY]: level ?? 11 } } : { level };
      const packed = zlib[`${pack}Sync`](data, options);
      say(pack, level, packed.length < 20000, text(zlib[`${unpack}Sync`](packed)) === (typeof data === "string" ? data : text(data)));
    }
  }
  const packed = zlib[`${pack}Sync`](story);
  await new Promise((done) => zlib[pack](story, (error, result) => zlib[unpack](result, (failed, plain) => { say(error, failed, plain.length); done(); })));
  await new Promise((done) => zlib[unpack](bytes("nothing of the kind"), (error, result) => { say(typeof error.code, result); done(); }));
  refused("cut", () => zlib[`${unpack}Sync`](packed.subarray(0, packed.length - 1)));
  refused("too much", () => zlib[`${unpack}Sync`](packed, { maxOutputLength: 100 }));
  if (pack !== "brotliCompress") say(text(zlib[`${unpack}Sync`](packed.subarray(0, 20), { finishFlush: constants.Z_SYNC_FLUSH })).length < story.length);
}
say(hex(gzipSync("")), hex(zlib.deflateSync("abc")), hex(zlib.deflateRawSync("abc", { level: 0 })));
say(text(gunzipSync(join(gzipSync("a"), gzipSync("b")))), text(gunzipSync(join(gzipSync("a"), [0, 0, 0]))), text(zlib.inflateSync(join(zlib.deflateSync("a"), bytes("junk")))));
say(text(zlib.unzipSync(zlib.deflateSync("x"))), text(zlib.unzipSync(gzipSync("y"))));
refused("junk behind", () => gunzipSync(join(gzipSync("a"), bytes("junk"))));
refused("gunzip", () => gunzipSync(bytes("hello")));
refused("gunzip of nothing", () => gunzipSync(new Uint8Array(0)));
refused("inflate", () => zlib.inflateSync(bytes("hello")));
refused("unzip", () => zlib.unzipSync(bytes("abc")));
refused("a number", () => gzipSync(5));
refused("level", () => gzipSync("x", { level: 77 }));
refused("no callback", () => zlib.gzip("x"));
say(zlib.crc32("123456789"), zlib.crc32(bytes("56789"), zlib.crc32("1234")), zlib.crc32(""));
say(constants.Z_BEST_SPEED, zlib.codes.Z_DATA_ERROR, zlib.codes["-3"], zlib.Z_FINISH);
say("ok");
