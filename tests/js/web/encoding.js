// TextEncoder, TextDecoder and their streams.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const bytes = (got, want, what) => eq([...got].join(), want.join(), what);
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };

const enc = new TextEncoder();
eq(enc.encoding, "utf-8", "encoding");
bytes(enc.encode("a¢€😀"), [97, 0xc2, 0xa2, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80], "encode");
bytes(enc.encode(), [], "nothing");
bytes(enc.encode("\ud800x\udc00"), [0xef, 0xbf, 0xbd, 120, 0xef, 0xbf, 0xbd], "lone surrogates");
bytes(enc.encode("\0"), [0], "NUL");
bytes(enc.encode(12), [49, 50], "numbers");
throws(() => enc.encode(Symbol()), "TypeError", "symbol");
throws(() => TextEncoder.prototype.encode.call({}, "x"), "TypeError", "brand");
{
  const to = new Uint8Array(5);
  let r = enc.encodeInto("a€😀", to);
  eq(`${r.read},${r.written}`, "2,4", "encodeInto stops at a whole character");
  bytes(to, [97, 0xe2, 0x82, 0xac, 0], "encodeInto");
  r = enc.encodeInto("😀", new Uint8Array(4));
  eq(`${r.read},${r.written}`, "2,4", "pairs count two");
  r = enc.encodeInto("\ud800", new Uint8Array(2));
  eq(`${r.read},${r.written}`, "0,0", "no room for the replacement");
  throws(() => enc.encodeInto("x", new Uint16Array(2)), "TypeError", "Uint8Array only");
  throws(() => enc.encodeInto("x"), "TypeError", "two arguments");
}

const dec = (b, label, options) => new TextDecoder(label, options).decode(new Uint8Array(b));
eq(dec([97, 0xc2, 0xa2, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]), "a¢€😀", "decode");
eq(new TextDecoder().decode(), "", "nothing");
eq(dec([0xef, 0xbb, 0xbf, 97]), "a", "BOM is dropped");
eq(dec([0xef, 0xbb, 0xbf, 97], "utf-8", { ignoreBOM: true }), "\ufeffa", "BOM is kept");
eq(dec([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf]), "\ufeff", "only one");
// Each maximal part of a broken sequence becomes one replacement character.
for (const [b, want] of [
  [[0xff], "\ufffd"], [[0xc0, 0x80], "\ufffd\ufffd"], [[0xe0, 0x80, 0x80], "\ufffd\ufffd\ufffd"], [[0xf0, 0x9f, 0x98], "\ufffd"],
  [[0xf0, 0x9f, 97], "\ufffda"], [[0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"], [[0xf4, 0x90, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"],
  [[0xe2, 0x82, 0xe2, 0x82, 0xac], "\ufffd€"], [[0x80, 97], "\ufffda"], [[0xc2], "\ufffd"], [[0xf5, 0x80], "\ufffd\ufffd"],
]) {
  eq(dec(b), want, `broken ${b}`);
  throws(() => dec(b, "utf-8", { fatal: true }), "TypeError", `fatal ${b}`);
}
{
  const d = new TextDecoder("utf-8", { fatal: true, ignoreBOM: 1 });
  eq(`${d.encoding},${d.fatal},${d.ignoreBOM}`, "utf-8,true,true", "attributes");
  const buffer = new Uint8Array([1, 97, 98, 99]).buffer;
  eq(new TextDecoder().decode(new Uint8Array(buffer, 1, 2)), "ab", "a part of a buffer");
  eq(new TextDecoder().decode(new DataView(buffer, 2)), "bc", "DataView");
  eq(new TextDecoder().decode(buffer), "\x01abc", "ArrayBuffer");
  throws(() => new TextDecoder().decode("abc"), "TypeError", "string");
  throws(() => new TextDecoder().decode([97]), "TypeError", "array");
}

{ // streaming
  const text = "zß水😀\ud7ff";
  const all = enc.encode(text);
  for (let size = 1; size <= all.length; size++) {
    const d = new TextDecoder();
    let out = "";
    for (let i = 0; i < all.length; i += size) out += d.decode(all.subarray(i, i + size), { stream: true });
    eq(out + d.decode(), text, `chunks of ${size}`);
  }
  const d = new TextDecoder();
  eq(d.decode(new Uint8Array([0xf0, 0x9f]), { stream: true }), "", "waits");
  eq(d.decode(), "\ufffd", "the end replaces what is missing");
  eq(d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + d.decode(new Uint8Array([97])), "\ufffda", "not continued");
  const bom = new TextDecoder();
  eq(bom.decode(new Uint8Array([0xef]), { stream: true }) + bom.decode(new Uint8Array([0xbb, 0xbf, 97]), { stream: true })
    + bom.decode(new Uint8Array([0xef, 0xbb, 0xbf])), "a\ufeff", "a BOM in parts, and one that is none");
  const f = new TextDecoder("utf-8", { fatal: true });
  f.decode(new Uint8Array([0xe2]), { stream: true });
  throws(() => f.decode(), "TypeError", "fatal end");
  eq(f.decode(new Uint8Array([97])), "a", "usable again");
}

{ // other encodings
  eq(dec([0x61, 0, 0xac, 0x20, 0x3d, 0xd8, 0, 0xde], "utf-16"), "a€😀", "utf-16le");
  eq(dec([0, 0x61, 0x20, 0xac], "UTF-16BE"), "a€", "utf-16be");
  eq(dec([0xff, 0xfe, 0x61, 0], "utf-16le"), "a", "its BOM");
  eq(dec([0, 0xd8], "utf-16le"), "\ufffd", "lone surrogate");
  eq(dec([0x61], "utf-16le"), "\ufffd", "odd byte");
  eq(dec([0, 0xd8, 0x61], "utf-16le"), "\ufffd", "lead and odd byte are one error");
  throws(() => dec([0, 0xdc], "utf-16le", { fatal: true }), "TypeError", "fatal utf-16");
  const d = new TextDecoder("utf-16le");
  eq(d.decode(new Uint8Array([0x3d]), { stream: true }) + d.decode(new Uint8Array([0xd8, 0]), { stream: true }) + d.decode(new Uint8Array([0xde])), "😀", "utf-16 stream");
  eq(dec([0x80, 0xe9, 0x81, 0x9f, 65], "latin1"), "€é\x81ŸA", "windows-1252");
  eq(dec(Array.from({ length: 3000 }, (_, i) => 65 + (i % 26)), "ascii").length, 3000, "long");
  for (const [label, name] of [[" UTF8\n", "utf-8"], ["unicode-1-1-utf-8", "utf-8"], ["l1", "windows-1252"], ["us-ascii", "windows-1252"],
    ["iso-8859-1", "windows-1252"], ["ucs-2", "utf-16le"], ["unicodefffe", "utf-16be"]]) eq(new TextDecoder(label).encoding, name, label);
  for (const label of ["", "utf-7", "nope", "utf-32", "utf 8"]) throws(() => new TextDecoder(label), "RangeError", `label ${label}`);
}

{ // streams
  const join = async (stream) => { let out = ""; for await (const part of stream) out += part; return out; };
  const source = (parts) => ReadableStream.from(parts);
  eq(await join(source([[0xe2], [0x82, 0xac, 0xf0], [0x9f, 0x98, 0x80]].map((b) => new Uint8Array(b))).pipeThrough(new TextDecoderStream())), "€😀", "TextDecoderStream");
  const out = [];
  for await (const part of source(["a\ud83d", "\ude00b", "\ud800"]).pipeThrough(new TextEncoderStream())) out.push(...part);
  bytes(out, [97, 0xf0, 0x9f, 0x98, 0x80, 98, 0xef, 0xbf, 0xbd], "TextEncoderStream");
  eq(new TextEncoderStream().encoding, "utf-8", "encoding");
  let failed;
  try { await join(source([new Uint8Array([0xff])]).pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))); } catch (e) { failed = e.name; }
  eq(failed, "TypeError", "a fatal error ends the stream");
}

// The encodings in which a byte is a character, by each of their names.
for (const [label, input, want] of [
  ["latin1", [0x80, 0xe9], "€é"], ["Windows-1251", [0xcf, 0xf0], "Пр"], [" koi8-r\n", [0xf0, 0xd2], "Пр"], ["866", [0x8f, 0xe0], "Пр"], ["iso-8859-2", [0xb1], "ą"],
  ["l9", [0xa4], "€"], ["macintosh", [0x8e], "é"], ["iso-8859-8-i", [0xe0], "א"], ["windows-874", [0xa1], "ก"], ["x-user-defined", [0x41, 0x80], "A\uf780"], ["iso-8859-7", [0xff], "\ufffd"],
]) eq(dec(input, label), want, label);
eq(new TextDecoder("CP866").encoding, "ibm866", "its own name");
throws(() => dec([0xff], "iso-8859-7", { fatal: true }), "TypeError", "a byte that means nothing");
for (const label of ["gbk", "shift_jis", "replacement", "utf-7"]) throws(() => new TextDecoder(label), "RangeError", label);
eq(new TextDecoder("windows-1252").decode(new Uint8Array(5000).fill(0xe9)), "é".repeat(5000), "many");
console.log("ok");
