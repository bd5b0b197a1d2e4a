// URLSearchParams, alone and bound to a URL.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };
const text = (init) => new URLSearchParams(init).toString();

for (const [init, want] of [
  ["", ""], ["?a=1&b=2", "a=1&b=2"], ["??a", "%3Fa="], ["a&b=&=c&&", "a=&b=&=c"], ["a=b=c", "a=b%3Dc"], ["a+b=c%20d", "a+b=c+d"], ["%41=%e4%BD%a0", "A=%E4%BD%A0"], ["%zz=%4", "%25zz=%254"],
  ["a=%ff", "a=%EF%BF%BD"], ["a=\ud800", "a=%EF%BF%BD"], ["é=ü", "%C3%A9=%C3%BC"], ["a=*-._~!'()", "a=*-._%7E%21%27%28%29"], ["a=%00\n", "a=%00%0A"], [undefined, ""], [null, "null="], [12, "12="],
  [[["a", "1"], ["a", 2]], "a=1&a=2"], [{ a: 1, b: true }, "a=1&b=true"], [new Map([["x", "y"]]), "x=y"], [new URLSearchParams("q=1"), "q=1"], [new Set([["a", "b"]]), "a=b"],
]) eq(text(init), want, `init ${String(init)}`);
throws(() => text([["a"]]), "TypeError", "pairs have two");
throws(() => text([["a", "b", "c"]]), "TypeError", "pairs have two");
throws(() => text(["ab", "cd"]), "TypeError", "strings are no pairs");
throws(() => text([1]), "TypeError", "pairs are iterable");
throws(() => text({ [Symbol()]: 1 }), "TypeError", "symbols are no names");
throws(() => URLSearchParams("x"), "TypeError", "call without new");

const p = new URLSearchParams("a=1&b=2&a=3");
eq(p.size, 3, "size");
eq(p.get("a"), "1", "get");
eq(p.get("z"), null, "get nothing");
eq(p.getAll("a").join(), "1,3", "getAll");
eq(p.has("b") && !p.has("z") && p.has("a", "3") && !p.has("a", "2") && p.has("a", undefined), true, "has");
p.append("c", "x y");
eq(`${p}`, "a=1&b=2&a=3&c=x+y", "append");
p.set("a", 9);
eq(`${p}`, "a=9&b=2&c=x+y", "set");
p.set("d", "");
p.delete("b");
eq(`${p}`, "a=9&c=x+y&d=", "delete");
p.append("a", "8");
p.delete("a", "9");
eq(`${p}`, "c=x+y&d=&a=8", "delete by value");
eq([...p].map((x) => x.join(":")).join(), "c:x y,d:,a:8", "iteration");
eq([...p.keys()].join() + [...p.values()].join(), "c,d,ax y,,8", "keys and values");
const seen = [];
p.forEach(function (value, name, self) { seen.push(value, name, self === p, this.t); }, { t: 1 });
eq(seen.join(), "x y,c,true,1,,d,true,1,8,a,true,1", "forEach");
throws(() => p.forEach(), "TypeError", "forEach needs a function");
throws(() => p.append("x"), "TypeError", "append needs two");
throws(() => URLSearchParams.prototype.get.call({}, "a"), "TypeError", "brand");
eq(URLSearchParams.prototype[Symbol.iterator], URLSearchParams.prototype.entries, "the iterator is entries");
{
  const it = new URLSearchParams("a=1&b=2")[Symbol.iterator]();
  eq(Object.prototype.toString.call(it), "[object URLSearchParams Iterator]", "iterator's tag");
  eq(it[Symbol.iterator](), it, "iterable iterator");
  eq(it.map((x) => x[0]).toArray().join(), "a,b", "iterator helpers");
  const live = new URLSearchParams("a=1&b=2&c=3");
  const names = [];
  for (const [name] of live) { names.push(name); if (name === "a") live.delete("b"); }
  eq(names.join(), "a,c", "iteration is live");
}
{
  const s = new URLSearchParams("z=1&a=2&z=0&\u{1f600}=x&\uffff=y&b");
  s.sort();
  eq([...s.keys()].join(), "a,b,z,z,\u{1f600},\uffff", "sorted by code units");
  eq(s.getAll("z").join(), "1,0", "stable");
}

{ // bound to a URL
  const u = new URL("https://x/?a=1&b=~");
  const q = u.searchParams;
  eq(u.searchParams, q, "one object");
  eq(u.search, "?a=1&b=~", "reading changes nothing");
  q.append("c", "ä ");
  eq(u.href, "https://x/?a=1&b=%7E&c=%C3%A4+", "writes to the URL");
  u.search = "?z=9";
  eq(q.get("z"), "9", "and follows it");
  eq(q.has("a"), false, "and forgets");
  u.href = "https://y/?n=1";
  eq(q.get("n"), "1", "href too");
  q.delete("n");
  eq(u.href, "https://y/", "an empty list leaves no mark");
  u.search = "a=b\tc";
  eq(u.search + q.get("a"), "?a=bcb\tc", "the list keeps what the query drops");
  u.hash = "h";
  q.set("k", "v");
  eq(u.href, "https://y/?a=b%09c&k=v#h", "before the fragment");
}
console.log("ok");
