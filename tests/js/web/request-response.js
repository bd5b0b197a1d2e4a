// Request and Response: what they are made of, bodies that are taken once, clones.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const same = (got, want, what) => eq(JSON.stringify(got), JSON.stringify(want), what);
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };
const rejects = async (promise, name, what) => { try { await promise; } catch (e) { if (e.name === name) return e; throw e; } throw new Error(`${what}: did not reject`); };

{ // Response
  const r = new Response("hé", { status: 201, statusText: "Made", headers: { a: "b" } });
  same([r.status, r.statusText, r.ok, r.type, r.url, r.redirected, r.bodyUsed], [201, "Made", true, "default", "", false, false], "parts");
  eq(r.headers.get("content-type"), "text/plain;charset=UTF-8", "type of text");
  eq(r.headers, r.headers, "one Headers");
  eq(await r.text(), "hé", "text");
  eq(r.bodyUsed, true, "used");
  await rejects(r.text(), "TypeError", "once");
  throws(() => r.clone(), "TypeError", "no clone of what was used");
  eq(new Response().body, null, "no body");
  eq(await new Response().text(), "", "no text");
  for (const status of [0, 101, 199, 600]) throws(() => new Response("", { status }), "RangeError", `status ${status}`);
  for (const status of [204, 205, 304]) throws(() => new Response("x", { status }), "TypeError", `a body with ${status}`);
  eq(new Response(null, { status: 204 }).status, 204, "204");
  throws(() => new Response("", { statusText: "a\nb" }), "TypeError", "statusText");
  throws(() => new Response("", { headers: { a: "b\nc" } }), "TypeError", "a header with a newline");
  throws(() => new Response("", 5), "TypeError", "init");
  throws(() => new Response("", { get status() { throw new RangeError("mine"); } }), "RangeError", "a getter that throws");
}
{ // what bodies are made of
  const type = (body) => new Response(body).headers.get("content-type");
  same([type(new Uint8Array(1)), type(new URLSearchParams("a=b")), type(new Blob(["x"], { type: "t/x" })), type(new Blob(["x"]))],
    [null, "application/x-www-form-urlencoded;charset=UTF-8", "t/x", null], "types");
  eq(await new Response(new URLSearchParams({ a: "b c" })).text(), "a=b+c", "parameters");
  eq(await new Response(12).text(), "12", "a number");
  const view = new Uint16Array([0x4241, 0x4443]);
  const kept = new Response(view.subarray(1));
  view.fill(0);
  eq(await kept.text(), "CD", "a view, copied");
  eq(await new Response("\ud800").text(), "\ufffd", "lone surrogates");
  eq(await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 97])).text(), "a", "a mark of UTF-8 is no text");
  eq((await new Response("abc").arrayBuffer()).byteLength, 3, "arrayBuffer");
  same([...(await new Response("abc").bytes())], [97, 98, 99], "bytes");
  const blob = await new Response("abc", { headers: { "content-type": "T/X" } }).blob();
  same([blob.size, blob.type], [3, "t/x"], "blob");
  const polluted = await new Response('{"__proto__":{"x":1},"constructor":2}').json();
  eq(Object.hasOwn(polluted, "__proto__") && {}.x === undefined, true, "__proto__ in JSON");
  await rejects(new Response("{").json(), "SyntaxError", "bad JSON");
  eq(await new Response((async function* () { yield new TextEncoder().encode("a"); yield new TextEncoder().encode("b"); })()).text(), "ab", "an async iterable");
}
{ // streams
  const chunks = (list) => new ReadableStream({ start(c) { for (const x of list) c.enqueue(x); c.close(); } });
  const text = (t) => new TextEncoder().encode(t);
  eq(await new Response(chunks([text("a"), text("b")])).text(), "ab", "collected");
  await rejects(new Response(chunks(["a"])).text(), "TypeError", "chunks are bytes");
  const failing = new ReadableStream({ pull() { throw new RangeError("mine"); } });
  await rejects(new Response(failing).text(), "RangeError", "the stream's own error");
  const locked = chunks([]);
  locked.getReader();
  throws(() => new Response(locked), "TypeError", "locked");
  const r = new Response("xyz");
  eq(r.body, r.body, "one stream");
  const reader = r.body.getReader();
  await rejects(r.text(), "TypeError", "locked");
  eq(r.bodyUsed, false, "nothing was read");
  await reader.read();
  eq(r.bodyUsed, true, "read");
  const spent = new Response("x");
  await spent.text();
  eq((await spent.body.getReader().read()).done, true, "nothing is left");
  let n = 0;
  for await (const chunk of new Response(new Uint8Array(200_000)).body) n += chunk.length;
  eq(n, 200_000, "iterated");
  const many = new Response(new ReadableStream({ pull(c) { if (n-- > 190_000) c.enqueue(text("x")); else c.close(); } }));
  eq((await many.text()).length, 10_000, "many chunks");
}
{ // clone
  const r = new Response("abc", { headers: { a: "b" } });
  const c = r.clone();
  c.headers.set("a", "c");
  same([await r.text(), await c.text(), r.headers.get("a")], ["abc", "abc", "b"], "clone");
  const s = new Response(new Blob(["abc"]).stream());
  const t = s.clone();
  same(await Promise.all([s.text(), t.text()]), ["abc", "abc"], "clone of a stream");
}
{ // statics
  const json = Response.json({ a: [1] }, { status: 202, headers: { x: "y" } });
  same([json.status, json.headers.get("content-type"), json.headers.get("x"), await json.text()], [202, "application/json", "y", '{"a":[1]}'], "json");
  throws(() => Response.json(undefined), "TypeError", "json of nothing");
  const moved = Response.redirect("http://a/b", 301);
  same([moved.status, moved.headers.get("location")], [301, "http://a/b"], "redirect");
  throws(() => Response.redirect("http://a/", 200), "RangeError", "no redirect");
  throws(() => Response.redirect("/x"), "TypeError", "no URL");
  same([Response.error().type, Response.error().status], ["error", 0], "error");
}
{ // Request
  const r = new Request("http://A/x y?q#f", { method: "post", body: "b", headers: { a: "1" } });
  same([r.method, r.url, r.headers.get("a"), r.redirect, r.signal.aborted, await r.text()], ["POST", "http://a/x%20y?q#f", "1", "follow", false, "b"], "parts");
  eq(new Request(new URL("http://a/")).url, "http://a/", "a URL");
  eq(new Request("http://a/", { method: "patch" }).method, "patch", "only some methods are made upper case");
  for (const method of ["CONNECT", "trace", "a b", ""]) throws(() => new Request("http://a/", { method }), "TypeError", `method ${method}`);
  throws(() => new Request("/x"), "TypeError", "no URL");
  throws(() => new Request("http://u:p@a/"), "TypeError", "credentials");
  throws(() => new Request("http://a/", { body: "x" }), "TypeError", "GET has no body");
  throws(() => new Request("http://a/", { method: "POST", body: new ReadableStream() }), "TypeError", "duplex");
  throws(() => new Request("http://a/", { redirect: "x" }), "TypeError", "redirect");
  throws(() => new Request("http://a/", { signal: {} }), "TypeError", "signal");
  throws(() => new Request("http://a/", { get body() { throw new RangeError("mine"); } }), "RangeError", "a getter that throws");
  const c = new AbortController();
  const first = new Request("http://a/", { method: "POST", body: "x", signal: c.signal });
  const second = new Request(first, { headers: { b: "2" } });
  same([first.bodyUsed, second.headers.get("b"), await second.text()], [true, "2", "x"], "a request of a request");
  c.abort("why");
  same([first.signal.aborted, second.signal.reason], [true, "why"], "the signal is followed");
  await rejects(fetch(second), "TypeError", "its body was taken");
  const copy = new Request("http://a/", { method: "PUT", body: "x" });
  const clone = copy.clone();
  same([await copy.text(), await clone.text(), clone.method], ["x", "x", "PUT"], "clone");
  let reason;
  await fetch("http://a/", { signal: AbortSignal.abort("why") }).catch((e) => { reason = e; });
  eq(reason, "why", "aborted before");
}
// What the field content-type means is what a Blob of the body is of.
for (const [field, type] of [
  ["TEXT/HTML;CHARSET=GBK", "text/html;charset=GBK"], ["text/html ; x=\"(\";y", "text/html;x=\"(\""], ["text/html;a=\"\\\"b\";a=c", "text/html;a=\"\\\"b\""],
  ["nothing", ""], ["a/b/c", ""], ["text/plain;charset=a, text/plain", "text/plain;charset=a"], ["text/plain;charset=a, x/y", "x/y"], ["x/y, */*", "x/y"], ["x/y;a=\",\", z/z", "z/z"],
]) eq((await new Response("x", { headers: { "content-type": field } }).blob()).type, type, field);
for (const [url, type, text] of [
  ["data:,a", "text/plain;charset=US-ASCII", "a"], ["data:;Charset=x,a", "text/plain;charset=x", "a"], ["data:IMAGE/gif;HI=\"x y\" ,a", "image/gif;hi=\"x y\"", "a"],
  ["data:x/x;base64;base64,YQ==", "x/x", "a"], ["data:;base 64,a", "text/plain", "a"],
]) {
  const response = await fetch(url);
  same([response.headers.get("content-type"), await response.text()], [type, text], url);
}
eq(await (await fetch("data:,a", { method: "HEAD" })).text(), "", "HEAD");
eq((await fetch(URL.createObjectURL(new Blob(["x"])))).headers.get("content-type"), "", "a Blob without a type");
console.log("ok");
