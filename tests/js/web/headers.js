// Headers: names and values, order, cookies, what is refused.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const same = (got, want, what) => eq(JSON.stringify(got), JSON.stringify(want), what);
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };

const h = new Headers({ "X-B": " 2\t", "x-a": "1", Accept: "text/html" });
same([...h], [["accept", "text/html"], ["x-a", "1"], ["x-b", "2"]], "sorted, in lower case, trimmed");
h.append("X-A", "3");
eq(h.get("x-A"), "1, 3", "combined");
h.set("x-a", "4");
same([h.get("x-a"), h.has("X-B"), h.get("none")], ["4", true, null], "set, has, get");
h.delete("X-B");
eq(h.has("x-b"), false, "delete");
same([...h.keys()], ["accept", "x-a"], "keys");
same([...h.values()], ["text/html", "4"], "values");
const seen = [];
h.forEach(function (value, name, all) { seen.push(name, value, all === h, this.me); }, { me: 1 });
same(seen, ["accept", "text/html", true, 1, "x-a", "4", true, 1], "forEach");

const cookies = new Headers([["set-cookie", "a=1"], ["Set-Cookie", "b=2"], ["x", "y"]]);
same(cookies.getSetCookie(), ["a=1", "b=2"], "getSetCookie");
eq(cookies.get("set-cookie"), "a=1, b=2", "get combines them");
same([...cookies], [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x", "y"]], "iterating does not");
same([...new Headers(cookies)], [...cookies], "a copy");
cookies.set("set-cookie", "c=3");
same(cookies.getSetCookie(), ["c=3"], "set leaves one");

{ // what changes while it is iterated is seen
  const live = new Headers([["a", "1"], ["b", "2"]]);
  const names = [];
  for (const [name] of live) { names.push(name); if (name === "a") live.append("c", "3"); }
  same(names, ["a", "b", "c"], "live");
}

for (const bad of ["", "a b", "a:", "ü", "a\n", "(x)"]) {
  throws(() => new Headers([[bad, "v"]]), "TypeError", `name ${JSON.stringify(bad)}`);
  throws(() => h.get(bad), "TypeError", `get ${JSON.stringify(bad)}`);
}
for (const bad of ["a\nb", "a\r\nb: c", "a\0", "\u0100"]) {
  throws(() => new Headers({ x: bad }), "TypeError", `value ${JSON.stringify(bad)}`);
  throws(() => h.append("x", bad), "TypeError", `append ${JSON.stringify(bad)}`);
  throws(() => h.set("x", bad), "TypeError", `set ${JSON.stringify(bad)}`);
}
eq(h.has("x"), false, "nothing of what was refused stays");
eq(new Headers({ x: "\n v \r\n" }).get("x"), "v", "space at the ends goes");
eq(new Headers({ x: "\xff" }).get("x"), "\xff", "bytes");
throws(() => new Headers(1), "TypeError", "a number");
throws(() => new Headers([["a"]]), "TypeError", "no pair");
throws(() => new Headers(["ab"]), "TypeError", "a string is no pair");
throws(() => new Headers({ get a() { throw new RangeError("mine"); } }), "RangeError", "a getter that throws");
throws(() => Response.error().headers.set("a", "b"), "TypeError", "immutable");
throws(() => Headers.prototype.get.call({}, "a"), "TypeError", "brand");
const plain = Object.create({ inherited: "1" });
plain.own = "2";
same([...new Headers(plain)], [["own", "2"]], "own properties only");
const pollution = new Headers(JSON.parse('{"__proto__": "x"}'));
same([...pollution], [["__proto__", "x"]], "__proto__ is a name like others");
eq({}.x, undefined, "nothing was polluted");
console.log("ok");
