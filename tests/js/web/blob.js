// Blob, File, URL.createObjectURL, and fetch of what leads nowhere outside.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const same = (got, want, what) => eq(JSON.stringify(got), JSON.stringify(want), what);
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };
const rejects = async (promise, name, what) => { try { await promise; } catch (e) { if (e.name === name) return e; throw e; } throw new Error(`${what}: did not reject`); };

const bytes = new Uint8Array([104, 105]);
const blob = new Blob(["a", bytes, new Blob(["ü"]), bytes.buffer, 5, new DataView(bytes.buffer, 1)], { type: "Text/Plain" });
bytes[0] = 0;
eq(await blob.text(), "ahiühi5i", "parts are copied");
same([blob.size, blob.type], [9, "text/plain"], "size and type");
eq(new Blob([], { type: "a\u00e9" }).type, "", "a type that is none");
eq(await blob.slice(1, 3).text(), "hi", "slice");
eq(await blob.slice(-2).text(), "5i", "from the end");
eq(await blob.slice(3, 1).text(), "", "nothing");
same([blob.slice(0, 1, "X/Y").type, blob.slice(0, 1).type], ["x/y", ""], "the type of a slice");
eq(await blob.slice(1, 9).slice(0, 2).text(), "hi", "a slice of a slice");
const buffer = await blob.arrayBuffer();
new Uint8Array(buffer)[0] = 0;
eq((await blob.text())[0], "a", "what is handed out is a copy");
eq((await blob.bytes()) instanceof Uint8Array, true, "bytes");
eq(await new Blob(["a\r\nb\rc\nd"], { endings: "native" }).text(), "a\nb\nc\nd", "endings");
throws(() => new Blob("abc"), "TypeError", "a string is no sequence");
throws(() => new Blob([], { endings: "x" }), "TypeError", "endings");
throws(() => new Blob([], { get type() { throw new RangeError("mine"); } }), "RangeError", "a getter that throws");
await rejects(Blob.prototype.text.call({}), "TypeError", "brand");
{
  const large = new Blob([new Uint8Array(200_000).fill(7)]);
  let n = 0, sum = 0;
  for await (const chunk of large.stream()) { n += chunk.length; sum += chunk[0]; }
  eq(n === 200_000 && sum % 7 === 0, true, "stream");
  const reader = large.stream().getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(10));
  eq(value.length, 10, "read into a buffer");
  eq((await new Blob([]).stream().getReader().read()).done, true, "an empty one ends");
}

const file = new File(["xyz"], "n.txt", { type: "text/x", lastModified: 5 });
same([file.name, file.size, file.type, file.lastModified, file instanceof Blob], ["n.txt", 3, "text/x", 5, true], "File");
eq(typeof new File([], "a").lastModified, "number", "now");
throws(() => new File(["a"]), "TypeError", "no name");

const url = URL.createObjectURL(file);
eq(url.startsWith("blob:"), true, "a URL");
const got = await fetch(`${url}#x`);
same([got.status, got.headers.get("content-type"), got.headers.get("content-length"), await got.text()], [200, "text/x", "3", "xyz"], "fetched");
await rejects(fetch(url, { method: "POST", body: "" }), "TypeError", "only GET");
URL.revokeObjectURL(url);
await rejects(fetch(url), "TypeError", "revoked");
throws(() => URL.createObjectURL("x"), "TypeError", "no Blob");

for (const [address, type, text] of [
  ["data:,a%20b", "text/plain;charset=US-ASCII", "a b"],
  ["data:text/html,<p>ü", "text/html", "<p>ü"],
  ["data:text/plain;base64,aGVs%62G8=#x", "text/plain", "hello"],
  ["data:;charset=utf-8;base64,aGk=", "text/plain;charset=utf-8", "hi"],
  ["data:application/json,{\"__proto__\":{\"x\":1}}", "application/json", "{\"__proto__\":{\"x\":1}}"],
]) {
  const response = await fetch(address);
  same([response.status, response.headers.get("content-type"), await response.text()], [200, type, text], address);
}
await rejects(fetch("data:text/plain;base64,a"), "TypeError", "bad base64");
await rejects(fetch("data:nocomma"), "TypeError", "no comma");
const json = await (await fetch("data:application/json,{\"__proto__\":{\"x\":1}}")).json();
eq(Object.hasOwn(json, "__proto__") && {}.x === undefined, true, "__proto__ in JSON is a property");
eq((await rejects(fetch("ftp://a/"), "TypeError", "scheme")).message, "fetch failed", "scheme");
await rejects(fetch("nope"), "TypeError", "no URL");
await rejects(fetch(), "TypeError", "nothing");
const refused = await rejects(fetch("http://a.example/"), "TypeError", "not granted");
eq(refused.cause.code === "EACCES" && refused.cause.message.includes("--allow-net=a.example:80"), true, refused.cause.message);
console.log("ok");
