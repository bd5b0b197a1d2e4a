// URLs go on as they were when a program has replaced every method that they might use.
const { ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
const { log } = console;
const failures = [];
let armed = false;
const trap = (what, real) => function (...given) {
  if (armed) {
    failures[failures.length] = what;
    throw new Error(`called: ${what}`);
  }
  return new.target ? Reflect.construct(real, given) : Reflect.apply(real, this, given);
};
const holders = { String, RegExp, Array, Map, Set, Number, Uint8Array: Object.getPrototypeOf(Uint8Array), Math: { prototype: Math }, JSON: { prototype: JSON }, Object };
const texts = [];
const check = (got, want) => { if (got !== want) texts[texts.length] = `got ${got}, want ${want}`; };
for (const [name, holder] of Object.entries(holders)) {
  for (const target of [holder, holder.prototype]) {
    for (const key of ownKeys(target)) {
      const { value, get, configurable, writable } = getOwnPropertyDescriptor(target, key);
      if (!configurable || key === "constructor") continue;
      const what = `${name}.${String(key)}`;
      if (typeof value === "function" && writable) defineProperty(target, key, { value: trap(what, value) });
      else if (typeof get === "function" && name === "RegExp") defineProperty(target, key, { get: trap(what, get) });
    }
  }
}
for (const key of [Symbol.split, Symbol.replace, Symbol.match, Symbol.search]) defineProperty(String.prototype, key, { get: trap(String(key), () => undefined) });

armed = true;
try {
  check(new URL("HTTPS://User:Pä ss@EXAMPLE.com:8443/a/./b/../%2e/c d?x=1&y=ä#h \"").href, "https://User:P%C3%A4%20ss@example.com:8443/a/c%20d?x=1&y=%C3%A4#h%20%22");
  check(new URL("//x\\y", "https://a/b").href, "https://x/y");
  check(new URL("../\tz", "file:///c:/a/b").href, "file:///c:/z");
  check(new URL("http://0x7f.1/").host, "127.0.0.1");
  check(new URL("http://[1:0:0:2::ffff:1.2.3.4]/").host, "[1::2:0:ffff:102:304]");
  check(new URL("http://Bücher.例え.TEST/").host, "xn--bcher-kva.xn--r8jz45g.test");
  check(new URL("http://xn--bcher-kva.test/").host, "xn--bcher-kva.test");
  check(URL.canParse("http://xn--a/"), false);
  check(URL.canParse("http://a.xn--pokxncvks/"), false);
  const url = new URL("http://a/?b=2&a=1+1&b=%20");
  check(url.searchParams.get("a"), "1 1");
  url.searchParams.append("c", "é(~)");
  url.searchParams.sort();
  url.searchParams.delete("b", "2");
  url.searchParams.set("z", "&");
  check(url.href, "http://a/?a=1+1&b=+&c=%C3%A9%28%7E%29&z=%26");
  url.protocol = "https:"; url.username = "u:"; url.password = "@"; url.host = "b\n:81/x"; url.port = "82x"; url.pathname = "\\p q"; url.search = "?s\t"; url.hash = "#";
  check(url.href, "https://u%3A:%40@b:82/p%20q?s#");
  check(new URLSearchParams({ q: "1", r: "2" }).toString(), "q=1&r=2");
  check(new URLSearchParams("?q=%zz&&=").toString(), "q=%25zz&=");
  const pattern = new URLPattern({ hostname: "{:sub.}?example.com", pathname: "/:kind/(\\d+)/*" });
  const found = pattern.exec("https://www.example.com/book/12/a/b");
  check(found.hostname.groups.sub, "www");
  check(found.pathname.groups.kind, "book");
  check(found.pathname.groups[0], "12");
  check(found.pathname.groups[1], "a/b");
  check(new URLPattern("https://*.Example.com:443/ä{x}?").pathname, "/%C3%A4{x}?");
} catch (error) {
  texts[texts.length] = `${error.message}\n${error.stack}`;
}
armed = false;
if (failures.length + texts.length > 0) throw new Error(`${failures.join()} ${texts.join("\n")}`);
log("ok");
