// Node's smaller modules, imported by ES modules.
import { parseArgs, inspect, format, promisify, callbackify, isDeepStrictEqual, types, styleText, stripVTControlCharacters, debuglog, parseEnv } from "util";
import url, { fileURLToPath, pathToFileURL } from "node:url";
import querystring from "querystring";
import { isBuiltin, createRequire } from "module";
import net, { isIP } from "net";
import * as path from "node:path";
import { Readable } from "stream";
import readline from "readline";
import { text, json, buffer } from "stream/consumers";
import { Console } from "console";
import { EOL, constants } from "os";
import dns from "dns/promises";
import http from "http";
import { performance } from "perf_hooks";
import { isMainThread } from "worker_threads";
import vm from "vm";
import process, { argv } from "process";

console.log(url.parse("https://u:p@example.com:8080/a/b?x=1&y=2#h", true));
console.log(url.parse("/a?b=c"), url.parse("mailto:a@b.c").href, url.parse("//h/p", false, true).host, url.parse("http://[::1]:80/x").hostname);
for (const [from, to] of [["/one/two/three", "four"], ["http://example.com/", "/one"], ["http://example.com/one", "/two"], ["http://a.com/b/c/d", "../g"], ["http://a/b", "//c/d"], ["/a/b/", "./c/../d/"], ["http://a/b?c", "#d"], ["http://a/b", "http://x/y"], ["http://a/b", "?q"]]) console.log(url.resolve(from, to));
console.log(url.format({ protocol: "http", host: "x.com", pathname: "/p", query: { a: 1 } }), url.format(new URL("http://u:p@h/x?y#z"), { auth: false, fragment: false }));
console.log(fileURLToPath("file:///a%20b/c"), pathToFileURL("/a b/c?#%").href, url.domainToUnicode("xn--mnchen-3ya.de"), url.domainToASCII("münchen.de"), url.urlToHttpOptions(new URL("http://a:b@c:1/d?e")).auth);
for (const wrong of [() => fileURLToPath("http://x"), () => fileURLToPath("file://host/x"), () => fileURLToPath(5), () => url.parse(5)]) {
  try { wrong(); } catch (error) { console.log(error.name, error.code, error.message); }
}
console.log(querystring.parse("a=1&b=2&a=3&__proto__=x&c=%20x+y&d=%zz&=e&f&&g=h=i"), querystring.stringify({ a: [1, 2], b: "x y", c: "é", d: true, e: null, f: {} }), querystring.parse("a:1;b:2", ";", ":"), querystring.escape("a b&"), querystring.unescape("%41"), querystring.parse("a=1&b=2", null, null, { maxKeys: 1 }));
console.log(isBuiltin("fs"), isBuiltin("node:test"), isBuiltin("test"), isBuiltin("x"), typeof createRequire(import.meta.url)("fs").readFileSync);
console.log(["1.2.3.4", "::1", "x", "1:2:3:4:5:6:7::", "::ffff:1.2.3.4", "256.1.1.1", "fe80::1%eth0", ""].map(isIP), net.isIPv4("1.1.1.1"));
console.log(parseArgs({ args: ["-abc", "--foo=1", "--bar", "x", "pos", "--", "-z"], options: { a: { type: "boolean", short: "a" }, b: { type: "boolean", short: "b" }, c: { type: "boolean", short: "c" }, foo: { type: "string", multiple: true }, bar: { type: "string" }, d: { type: "string", default: "dd" } }, allowPositionals: true, tokens: true }));
for (const args of [["--nope"], ["pos"], ["--s"], ["--b=1"]]) {
  try { parseArgs({ args, options: { s: { type: "string", short: "s" }, b: { type: "boolean" } } }); } catch (error) { console.log(error.code, error.message); }
}
console.log(inspect({ a: { b: { c: {} } } }, { depth: 0 }), format("%s %d %j %o", "a", 1, { b: 2 }, [3]), inspect("x"), format("a", "b", 3), inspect(new Map([[{ a: 1 }, new Set([1])]]), { compact: false }));
class Custom { [inspect.custom](depth, options, same) { return `<${depth} ${typeof options.stylize} ${same === inspect}>`; } }
console.log(new Custom(), [new Custom()]);
console.log(isDeepStrictEqual(new Set([[1], { a: 2 }]), new Set([{ a: 2 }, [1]])), isDeepStrictEqual([1, , 3], [1, undefined, 3]), isDeepStrictEqual(NaN, NaN), isDeepStrictEqual(-0, 0), isDeepStrictEqual(new Map([[{}, 1]]), new Map([[{}, 1]])));
console.log(types.isPromise(Promise.resolve()), types.isRegExp({}), types.isDate(new Date()), types.isProxy(new Proxy({}, {})), types.isUint8Array(Buffer.alloc(1)), types.isGeneratorFunction(function* () {}), types.isAsyncFunction(async () => {}), types.isBoxedPrimitive(Object(1n)), types.isModuleNamespaceObject(path));
console.log(stripVTControlCharacters("\u001b[31mx\u001b[39m"), JSON.stringify(styleText(["bold", "green"], "y")), parseEnv("A=1\nB='two words'\n# c\nD=\"x\\ny\" # e\n"));
callbackify(async (x) => x + 1)(1, (error, value) => console.log("callbackified", error, value));
promisify((a, callback) => callback(null, a * 2))(4).then((value) => console.log("promisified", value));
const lines = readline.createInterface({ input: Readable.from(["a\nb", "c\r\nd\n", "last"]) });
for await (const line of lines) console.log("line", line);
console.log(await text(Readable.from(["a", "b"])), await json(Readable.from(['{"a":', "1}"])), await buffer(Readable.from([Buffer.from("x")])));
const own = new Console(process.stdout);
own.group("group");
own.log("inside %s", 1);
own.groupEnd();
console.log(JSON.stringify(EOL), constants.signals.SIGTERM, await dns.lookup("127.0.0.1"), http.STATUS_CODES[404], http.METHODS.includes("GET"), new http.Agent({ keepAlive: true }).keepAlive);
console.log(typeof performance.now(), isMainThread, vm.runInThisContext("1 + 1"), argv === process.argv, process.platform, typeof process.hrtime.bigint(), process.hrtime().length, process.versions.node.split(".")[0]);
console.log(process.stdout.isTTY, process.exitCode, process.umask().toString(8).length > 0, process.cwd() === path.resolve("."));
