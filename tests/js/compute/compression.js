// CompressionStream and DecompressionStream. The output beside this file is that of Node.js 20.
const bytes = (text) => new TextEncoder().encode(text);
const say = (...words) => console.log(...words);
async function through(stream, chunks) {
  const writer = stream.writable.getWriter();
  const written = (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  written.catch(() => {});
  const parts = [];
  for await (const part of stream.readable) for (const byte of part) parts.push(byte);
  await written;
  return new Uint8Array(parts);
}
const refused = async (what, run) => {
  try {
    await run();
    say(what, "was not refused");
  } catch (error) {
    say(what, error instanceof Error);
  }
};

let seed = 1;
const noise = (length) => Uint8Array.from({ length }, () => (seed = (seed * 1103515245 + 12345) % 2147483648) >> 20);
const text = bytes("All work and no play makes Jack a dull boy. ".repeat(3000));
for (const format of ["gzip", "deflate", "deflate-raw"]) {
  for (const chunks of [[], [bytes("a")], [text], [text.subarray(0, 1000), new Uint8Array(0), new Uint16Array(text.buffer, 4, 200), text], [noise(100000), noise(50000)]]) {
    const packed = await through(new CompressionStream(format), chunks);
    const back = await through(new DecompressionStream(format), [packed.subarray(0, 7), packed.subarray(7)]);
    let wanted = 0;
    for (const chunk of chunks) wanted += chunk.byteLength;
    const whole = new Uint8Array(wanted);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : new Uint8Array(chunk), at);
      at += chunk.byteLength;
    }
    say(format, chunks.length, back.length === wanted && back.every((byte, i) => byte === whole[i]), wanted > 1000 && packed.length < wanted * 1.01);
  }
  const packed = await through(new CompressionStream(format), [text]);
  await refused("cut", () => through(new DecompressionStream(format), [packed.subarray(0, packed.length - 1)]));
  await refused("wrong", () => through(new DecompressionStream(format), [bytes("this was never compressed")]));
}
await refused("a format that is none", async () => new CompressionStream("zip"));
await refused("no format", async () => new DecompressionStream());
say(Object.prototype.toString.call(new CompressionStream("gzip")), new CompressionStream("gzip").readable instanceof ReadableStream);
say("ok");
