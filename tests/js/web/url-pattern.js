// URLPattern: constructors, canonical patterns, matches, and what is refused.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const refused = (run, what) => { try { run(); } catch (e) { if (e instanceof TypeError) return; throw e; } throw new Error(`${what}: did not throw`); };
const parts = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];

// Arguments, and the patterns that come of them; what is left out is "*".
for (const [given, want] of [
  [[], {}],
  [[{}], {}],
  [[{ pathname: "/books/:id" }], { pathname: "/books/:id" }],
  [["https://example.com/:a\\?q=*#h"], { protocol: "https", hostname: "example.com", port: "", pathname: "/:a", search: "q=*", hash: "h" }],
  [["/a/*", "https://example.com:8080/x?y"], { protocol: "https", hostname: "example.com", port: "8080", pathname: "/a/*" }],
  [[{ pathname: "b", baseURL: "https://example.com/a/c?q" }], { protocol: "https", hostname: "example.com", port: "", pathname: "/a/b" }],
  [[{ protocol: "https:", port: "443" }], { protocol: "https", port: "" }],
  [["http{s}?://{*.}?example.com/"], { protocol: "http{s}?", hostname: "{*.}?example.com", port: "", pathname: "/" }],
  [["https://user\\:pass@example.com"], { protocol: "https", username: "user", password: "pass", hostname: "example.com", port: "" }],
  [["data\\:foobar"], { protocol: "data", hostname: "", port: "", pathname: "foobar" }],
  [[{ hostname: "café.com" }], { hostname: "xn--caf-dma.com" }],
  [[{ hostname: "[\\:\\:AB]" }], { hostname: "[\\:\\:ab]" }],
  [[{ pathname: "/foo/../ä" }], { pathname: "/%C3%A4" }],
  [[{ pathname: "/{:a}b" }], { pathname: "/{:a}b" }],
  [[{ pathname: "{/x}{/y}" }], { pathname: "/x/y" }],
  [[{ search: "?a=(\\d+)", hash: "#x" }], { search: "a=(\\d+)", hash: "x" }],
]) {
  const pattern = new URLPattern(...given);
  for (const part of parts) eq(pattern[part], want[part] ?? "*", `${JSON.stringify(given)} ${part}`);
}

// Pattern, input, and the groups of the pathname; null where nothing matches.
for (const [pathname, input, groups] of [
  ["/books/:id", "/books/12", { id: "12" }],
  ["/books/:id", "/books/12/x", null],
  ["/books/:id?", "/books", { id: undefined }],
  ["/books/:id*", "/books/a/b", { id: "a/b" }],
  ["/books/:id+", "/books", null],
  ["/a/*", "/a/b/c", { 0: "b/c" }],
  ["/:a(\\d+)-:b([a-z]+)", "/12-xy", { a: "12", b: "xy" }],
  ["/a{/b}*", "/a/b/b", {}],
  ["/([0-9]{2})", "/123", null],
]) {
  const result = new URLPattern({ pathname }).exec({ pathname: input });
  eq(JSON.stringify(result?.pathname.groups ?? null), JSON.stringify(groups), `${pathname} ${input}`);
  eq(new URLPattern({ pathname }).test(`https://x${input}`), groups !== null, `${pathname} ${input}`);
}
const found = new URLPattern({ pathname: "/:x" }).exec("a?b", "https://u:p@example.com/");
eq(JSON.stringify(found.inputs), '["a?b","https://example.com/"]'.replace("example", "u:p@example"), "inputs");
eq([found.hostname.input, found.username.input, found.search.input, found.pathname.groups.x].join(), "example.com,u,b,a", "what was matched");
eq(new URLPattern({ pathname: "/A" }).test("https://x/a"), false, "case counts");
eq(new URLPattern({ pathname: "/A" }, { ignoreCase: true }).test("https://x/a"), true, "unless it is ignored");
eq(new URLPattern({ pathname: "/:x" }).hasRegExpGroups, false, "no expressions");
eq(new URLPattern({ pathname: "/(a)" }).hasRegExpGroups, true, "an expression");
eq(new URLPattern().test("nonsense"), false, "no URL");
eq(new URLPattern({ pathname: "/:__proto__" }).exec("https://x/y").pathname.groups.__proto__, "y", "any name is one");
for (const [what, ...given] of [
  ["no base", "/foo"], ["a base beside an object", {}, "https://x/"], ["twice the same name", { pathname: "/:a/:a" }], ["an open group", { pathname: "/(a" }],
  ["an open brace", { pathname: "/{a" }], ["a capture inside", { pathname: "/(a(b))" }], ["a lookahead", { pathname: "/(?=a)" }], ["no expression", { pathname: "/([)" }],
  ["no host", { hostname: "bad|host" }], ["no port", { port: "port" }], ["no base URL", { baseURL: "x" }], ["letters beyond ASCII in an expression", { pathname: "/(ä)" }],
]) refused(() => new URLPattern(...given), what);
refused(() => new URLPattern().exec({}, "https://x/"), "a base beside an object that is matched");
refused(() => new URLPattern({}, { get ignoreCase() { throw new TypeError("own"); } }), "what a getter throws");
console.log("ok");
