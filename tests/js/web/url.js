// URL: parsing, hosts, paths, setters, static functions.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };

// input, base, href (null: not a URL)
const parsed = [
  ["http://example.com", , "http://example.com/"],
  ["HTTP://User:Pa%20ss@EXAMPLE.com:080/a/b?q#f", , "http://User:Pa%20ss@example.com/a/b?q#f"],
  ["https://example.com:443/", , "https://example.com/"],
  ["https://example.com:444/", , "https://example.com:444/"],
  ["  https://example.com/\t\n ", , "https://example.com/"],
  ["ht\ntp://ex\tample.com", , "http://example.com/"],
  ["http:\\\\x\\y", , "http://x/y"],
  ["http:///////x", , "http://x/"],
  ["http:x", , "http://x/"],
  ["http://a@b@c/", , "http://a%40b@c/"],
  ["http://@x/", , "http://x/"],
  ["http://:@x/", , "http://x/"],
  ["http://u:@x/", , "http://u@x/"],
  ["http://x/a/./b/../c/%2e%2E/d", , "http://x/a/d"],
  ["http://x/..", , "http://x/"],
  ["http://x/a/.", , "http://x/a/"],
  ["http://x/a//b", , "http://x/a//b"],
  ["http://x/ä b\"<>`{}|^", , "http://x/%C3%A4%20b%22%3C%3E%60%7B%7D|%5E"],
  ["http://x/?a b'\"<>ä", , "http://x/?a%20b%27%22%3C%3E%C3%A4"],
  ["foo://x/?a'b", , "foo://x/?a'b"],
  ["http://x/#a b`<>\"", , "http://x/#a%20b%60%3C%3E%22"],
  ["http://x/%zz%4", , "http://x/%zz%4"],
  ["http://\ud800/", , null],
  ["http://x/\ud800", , "http://x/%EF%BF%BD"],
  ["//y/z", "https://x/a", "https://y/z"],
  ["/z", "https://x/a/b?q", "https://x/z"],
  ["z", "https://x/a/b?q", "https://x/a/z"],
  ["?z", "https://x/a/b?q#f", "https://x/a/b?z"],
  ["#z", "https://x/a/b?q#f", "https://x/a/b?q#z"],
  ["", "https://x/a/b?q#f", "https://x/a/b?q"],
  ["../..", "https://x/a/b/c/d", "https://x/a/"],
  ["..\\x", "https://x/a/b/c", "https://x/a/x"],
  ["https:z", "https://x/a/b", "https://x/a/z"],
  ["http:z", "https://x/a/b", "http://z/"],
  ["foo:bar", , "foo:bar"],
  ["foo:/a/../b", , "foo:/b"],
  ["foo:///p", , "foo:///p"],
  ["foo://", , "foo://"],
  ["foo:", , "foo:"],
  ["foo:..//x", "foo:/a", "foo:..//x"],
  ["foo:/.//x", , "foo:/.//x"],
  ["foo://H%41/", , "foo://H%41/"],
  ["foo://h:80/", , "foo://h:80/"],
  ["mailto:a b@c", , "mailto:a b@c"],
  ["data:x  ?q", , "data:x %20?q"],
  ["javascript:alert('ä')", , "javascript:alert('%C3%A4')"],
  ["#f", "mailto:x", "mailto:x#f"],
  ["y", "mailto:x", null],
  ["file:///a/b", , "file:///a/b"],
  ["file:c:\\x\\y", , "file:///c:/x/y"],
  ["file:///C|/x/../..", , "file:///C:/"],
  ["file://localhost/x", , "file:///x"],
  ["file://host/x", , "file://host/x"],
  ["file:x", "file:///a/b", "file:///a/x"],
  ["/x", "file:///c:/a/b", "file:///c:/x"],
  ["/d:/x", "file:///c:/a/b", "file:///d:/x"],
  ["//h/x", "file:///c:/a", "file://h/x"],
  ["", , null], ["x", , null], ["//x", , null], ["1http://x", , null], ["http://", , null], ["https://?q", , null], ["http://x:99999", , null], ["http://x:8a", , null],
  ["http://u@", , null], ["http://a b/", , null], ["http://a<b/", , null], ["http://a%00b/", , null], ["http://[::1", , null], ["foo://a b", , null], ["foo://:80", , null],
  ["blob:https://a/b", , "blob:https://a/b"],
];
for (const [input, base, want] of parsed) {
  const what = `${JSON.stringify(input)}${base === undefined ? "" : ` on ${base}`}`;
  const url = URL.parse(input, base);
  eq(url === null ? null : url.href, want, what);
  eq(URL.canParse(input, base), want !== null, `canParse ${what}`);
  if (want === null) throws(() => new URL(input, base), "TypeError", what);
  else eq(new URL(want).href, want, `${what} again`);
}

// hosts
for (const [host, want] of [
  ["1.2.3.4", "1.2.3.4"], ["0x7f.1", "127.0.0.1"], ["017700000001", "127.0.0.1"], ["256", "0.0.1.0"], ["1.2.3", "1.2.0.3"], ["1.2.3.4.", "1.2.3.4"], ["4294967295", "255.255.255.255"],
  ["4294967296", null], ["1.2.3.256", null], ["256.1.1.1", null], ["1.2.3.4.5", null], ["09", null], ["0x", "0.0.0.0"], ["1.2.3.08", null], ["a.0", null], ["a.0x1", null], ["1e2", "1e2"],
  ["[::]", "[::]"], ["[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]"], ["[1::8]", "[1::8]"], ["[1:0:0:4:0:0:0:8]", "[1:0:0:4::8]"], ["[0:0:1::]", "[0:0:1::]"], ["[::1.2.3.4]", "[::102:304]"],
  ["[ABCD::EF01]", "[abcd::ef01]"], ["[1:2:0:4:5:6:7:8]", "[1:2:0:4:5:6:7:8]"], ["[::ffff:1.2.3.4]", "[::ffff:102:304]"],
  ["[1:2]", null], ["[::1::2]", null], ["[12345::]", null], ["[::1.2.3]", null], ["[::01.2.3.4]", null], ["[1:2:3:4:5:6:7:8:9]", null], ["[1:2:3:4:5:6:7::8]", null], ["[:1]", null], ["[::1%25eth0]", null], ["[]", null],
  ["EXAMPLE.Com", "example.com"], ["ex%41mple.com", "example.com"], ["a_b.c-d", "a_b.c-d"], ["faß.de", "xn--fa-hia.de"], ["bücher.de", "xn--bcher-kva.de"], ["日本語.jp", "xn--wgv71a119e.jp"],
  ["ＧＯ.com", "go.com"], ["a。b", "a.b"], ["BÜCHER.de", "xn--bcher-kva.de"], ["xn--bcher-kva.de", "xn--bcher-kva.de"], ["☃.net", "xn--n3h.net"], ["a\u00adb", "ab"], ["Σας", "xn--mxa8ab"], ["ﬁ.com", "fi.com"],
  ["\u0301a", null], ["\u202e", null], ["a\u00a0b", null], ["a^b", null], ["a|b", null], ["a%25b", null],
]) {
  eq(URL.parse(`http://${host}/`)?.hostname ?? null, want, `host ${host}`);
}

{ // parts
  const u = new URL("https://u:p@h.org:8080/a/b?q=1#f");
  eq([u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, u.origin].join(" "),
    "https: u p h.org:8080 h.org 8080 /a/b ?q=1 #f https://h.org:8080", "parts");
  eq(`${u}`, u.href, "toString");
  eq(JSON.stringify({ u }), `{"u":"${u.href}"}`, "toJSON");
  eq(new URL("https://x/?#").search + new URL("https://x/?#").hash, "", "empty query and fragment");
  eq(new URL("https://x/?#").href, "https://x/?#", "but kept in href");
  for (const [href, origin] of [["file:///x", "null"], ["foo://x", "null"], ["blob:https://a:1/b", "https://a:1"], ["blob:foo:x", "null"], ["ws://h", "ws://h"], ["data:x", "null"]]) eq(new URL(href).origin, origin, `origin of ${href}`);
  eq(new URL(new URL("https://x/y")).href, "https://x/y", "a URL as input");
  throws(() => new URL(), "TypeError", "an argument is required");
  throws(() => URL("https://x"), "TypeError", "call without new");
  throws(() => Object.getOwnPropertyDescriptor(URL.prototype, "href").get.call({}), "TypeError", "brand");
  eq(URL.length, 1, "length");
  eq(Object.keys(URL.prototype).includes("searchParams"), true, "enumerable");
  eq(new URL("/x", undefined ?? "https://b").href, "https://b/x", "base");
}

// href, part, value, href afterwards
for (const [href, part, value, want] of [
  ["https://x/y", "protocol", "http", "http://x/y"], ["https://x/y", "protocol", "http:foo", "http://x/y"], ["https://x/y", "protocol", "foo", "https://x/y"], ["foo://x/y", "protocol", "bar", "bar://x/y"],
  ["foo://x/y", "protocol", "https", "foo://x/y"], ["https://u@x/y", "protocol", "file", "https://u@x/y"], ["https://x:80/", "protocol", "http", "http://x/"], ["https://x/", "protocol", "1", "https://x/"], ["file:///y", "protocol", "https", "file:///y"],
  ["https://x/", "username", "a b:@", "https://a%20b%3A%40@x/"], ["https://x/", "password", "ä", "https://:%C3%A4@x/"], ["file:///x", "username", "a", "file:///x"], ["foo:x", "username", "a", "foo:x"],
  ["https://x:1/y", "host", "z", "https://z:1/y"], ["https://x:1/y", "host", "z:2", "https://z:2/y"], ["https://x:1/y", "host", "z:443/w?q#f", "https://z/y"], ["https://x/", "host", "", "https://x/"], ["https://x/", "host", "a b", "https://x/"],
  ["https://x/", "host", "[::1]:9", "https://[::1]:9/"], ["foo://x/", "host", "", "foo:///"], ["foo:x", "host", "y", "foo:x"], ["https://x:1/", "host", "z:", "https://z:1/"], ["file:///p", "host", "localhost", "file:///p"], ["file:///p", "host", "h", "file://h/p"],
  ["https://x:1/", "hostname", "z:2", "https://x:1/"], ["https://x:1/", "hostname", "z", "https://z:1/"], ["foo://u@x/", "hostname", "", "foo://u@x/"],
  ["https://x/", "port", "81", "https://x:81/"], ["https://x:81/", "port", "", "https://x/"], ["https://x/", "port", "82abc", "https://x:82/"], ["https://x:1/", "port", "99999", "https://x:1/"], ["https://x:1/", "port", "a", "https://x:1/"], ["https://x:1/", "port", "443", "https://x/"], ["file:///x", "port", "1", "file:///x"],
  ["https://x/y", "pathname", "a/../b c?#", "https://x/b%20c%3F%23"], ["https://x/y", "pathname", "\\a\\b", "https://x/a/b"], ["https://x/y", "pathname", "", "https://x/"], ["foo://x/y", "pathname", "", "foo://x"], ["foo:x", "pathname", "y", "foo:x"], ["foo:/x", "pathname", "//y", "foo:/.//y"],
  ["https://x/?a", "search", "", "https://x/"], ["https://x/?a", "search", "?", "https://x/?"], ["https://x/", "search", "a b#'", "https://x/?a%20b%23%27"], ["foo:x", "search", "?y", "foo:x?y"],
  ["https://x/#a", "hash", "", "https://x/"], ["https://x/", "hash", "#b c", "https://x/#b%20c"], ["https://x/", "hash", "b\n#", "https://x/#b#"],
]) {
  const u = new URL(href);
  u[part] = value;
  eq(u.href, want, `${href} ${part} = ${JSON.stringify(value)}`);
}
{
  const u = new URL("https://x/?a=1");
  u.href = "foo:bar";
  eq(u.href, "foo:bar", "href");
  throws(() => { u.href = "nope"; }, "TypeError", "bad href");
  eq(u.href, "foo:bar", "unchanged");
}

// The parameters and the query follow each other, however many changes there are.
{
  const u = new URL("http://a/?z=1");
  for (let i = 0; i < 20000; i++) u.searchParams.append(`k${i}`, "v");
  eq(u.search.length, 168894, "many");
  u.search = "?q=2";
  eq(`${u.href} ${[...u.searchParams]}`, "http://a/?q=2 q,2", "replaced");
  u.searchParams.set("q", "3");
  eq(`${u} ${JSON.stringify(u)}`, 'http://a/?q=3 "http://a/?q=3"', "set");
  u.searchParams.set("q", "4");
  eq(u.search, "?q=4", "search");
  u.searchParams.delete("q");
  eq(u.href, "http://a/", "deleted");
  u.searchParams.append("a", "b");
  u.hash = "h";
  eq(u.toString(), "http://a/?a=b#h", "hash");
  u.searchParams.append("c", "d");
  u.href = "http://b/?x=1";
  eq(`${u.href} ${u.searchParams}`, "http://b/?x=1 x=1", "href");
}
console.log("ok");
