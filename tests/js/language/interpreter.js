// Statements that the interpreter runs as one operation behave as their parts would.

let checks = 0;
const same = (found, wanted, what) => {
  checks++;
  if (!Object.is(found, wanted)) throw new Error(`${what}: ${String(found)} instead of ${String(wanted)}`);
};
const thrown = (run) => {
  try {
    run();
  } catch (error) {
    return error.name;
  }
  return "nothing";
};

// Comparisons, as conditions and as values, of integers and of everything else.
const values = [0, 1, -1, 2147483647, -2147483648, 0.5, NaN, "1", "a", null, undefined, true, 1n, { valueOf: () => 1 }];
const expected = (a, b) => {
  const less = [a < b, b < a];
  return [less[0], less[1], !(a < b), a === b, a !== b];
};
for (const a of values) {
  for (const b of values) {
    let found = "";
    if (a < b) found += "l"; else found += "-";
    if (a > b) found += "g"; else found += "-";
    if (!(a < b)) found += "n"; else found += "-";
    if (a === b) found += "s"; else found += "-";
    if (a !== b) found += "d"; else found += "-";
    const wanted = expected(a, b).map((is, i) => (is ? "lgnsd"[i] : "-")).join("");
    same(found, wanted, `${String(a)} and ${String(b)}`);
    let loops = 0;
    do loops++; while (a < b && loops < 2);
    same(loops, a < b ? 2 : 1, "do while");
    same(a <= b ? 1 : 2, (a <= b) === true ? 1 : 2, "conditional");
    same((a == b) || (a >= b), (a == b) === true || (a >= b) === true, "or");
  }
}

// Variables that are not initialised yet.
same(thrown(() => { early++; let early = 1; }), "ReferenceError", "increment");
same(thrown(() => { early--; let early = 1; }), "ReferenceError", "decrement");
same(thrown(() => { early = 1; let early; }), "ReferenceError", "assignment");
same(thrown(() => { const twice = early + early; let early = 1; }), "ReferenceError", "read");
same(thrown(() => { const ready = 1; const both = ready + early; let early = 1; }), "ReferenceError", "second read");
same(thrown(() => { const fixed = 1; fixed++; }), "TypeError", "increment of a constant");
same(thrown(() => { const fixed = 1; fixed = 2; }), "TypeError", "assignment to a constant");

// Increments as statements and as expressions.
const increments = (start) => {
  let a = start, b = start;
  a++;
  b--;
  let c = start, d = start;
  const before = c++, after = ++d;
  return [a, b, c, d, before, after].map((value) => typeof value + String(value)).join(" ");
};
same(increments(1), "number2 number0 number2 number2 number1 number2", "integers");
same(increments(2147483647), "number2147483648 number2147483646 number2147483648 number2147483648 number2147483647 number2147483648", "the largest");
same(increments(-2147483648), "number-2147483647 number-2147483649 number-2147483647 number-2147483647 number-2147483648 number-2147483647", "the smallest");
same(increments("5"), "number6 number4 number6 number6 number5 number6", "strings");
same(increments(1.5), "number2.5 number0.5 number2.5 number2.5 number1.5 number2.5", "fractions");
same(increments(3n), "bigint4 bigint2 bigint4 bigint4 bigint3 bigint4", "big integers");
same(increments(undefined), "numberNaN numberNaN numberNaN numberNaN numberNaN numberNaN", "nothing");

// Assignments of what has to be kept and released.
{
  let text = "";
  for (let i = 0; i < 100; i++) text = text + i;
  let copy = text;
  text = text + "x";
  same(copy.length, 190, "the copy");
  same(text.length, 191, "the text");
  let list = [1];
  list = list.concat(list);
  list = [...list, list.length];
  same(list.join(), "1,1,2", "the list");
  let chain, other;
  chain = other = { n: 1 };
  same(chain, other, "a chain");
}

// Elements: the order of evaluation, conversions of keys, what is no object.
{
  const log = [];
  const note = (name, value) => (log.push(name), value);
  let conversions = 0;
  const key = { toString: () => (conversions++, "k") };
  const target = {};
  note("object", target)[note("index", key)] = note("value", 7);
  same(log.join(), "object,index,value", "the order");
  same(conversions, 1, "conversions");
  same(target.k, 7, "the key");
  const array = [1, 2, 3];
  array[1] = 20;
  array[3] = 4;
  array["2"] = 30;
  array[-1] = "minus";
  array[1.5] = "half";
  array[0] += 5;
  array[array.length] = array[array.length - 1]++;
  same(JSON.stringify(array), "[6,20,30,5,4]", "the array");
  same(array[-1] + array[1.5], "minushalf", "odd keys");
  let index = 0;
  array[index++] = array[index++] = index;
  same(array[0] + array[1], 4, "chained elements");
  const bytes = new Uint8Array(3);
  for (let i = -1; i < 5; i++) bytes[i] = 300 + i;
  same(bytes.join(), "44,45,46", "bytes");
  same(thrown(() => { let none = null; none[0] = 1; }), "TypeError", "an element of null");
  same(thrown(() => { let none; none[index] = 1; }), "TypeError", "an element of undefined");
  same(thrown(() => { "use strict"; Object.freeze(array)[0] = 1; }), "TypeError", "a frozen array");
  const calls = [];
  const proxy = new Proxy([], { set: (to, name, value) => (calls.push(typeof name + name), (to[name] = value), true) });
  proxy[0] = 1;
  proxy[1] = proxy[0];
  same(calls.join(), "string0,string1", "a proxy");
  let matrix = [];
  for (let i = 0; i < 5; i++) {
    matrix[i] = [];
    for (let j = 0; j < 5; j++) matrix[i][j] = i * j;
  }
  same(matrix[4][3] + matrix[2][2], 16, "a matrix");
  const swapped = [1, 2];
  [swapped[0], swapped[1]] = [swapped[1], swapped[0]];
  same(swapped.join(), "2,1", "swapped");
  const symbol = Symbol();
  target[symbol] = 9;
  same(target[symbol], 9, "a symbol");
}

// Bits of numbers of every size, against arithmetic that does not use them.
{
  const bits = (x) => {
    const whole = Math.trunc(x);
    if (!Number.isFinite(whole)) return 0;
    const low = Number(((BigInt(whole) % 4294967296n) + 4294967296n) % 4294967296n);
    return low >= 2147483648 ? low - 4294967296 : low;
  };
  const edges = [0.5, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 62, 2 ** 63, 2 ** 64, 2 ** 83, 2 ** 84, 1e300, Number.MIN_VALUE, NaN, Infinity];
  for (const edge of edges.flatMap((x) => [x, -x, x - 1, 1 - x, x * 1.5, x + 1024, -x - 2048])) {
    same(edge | 0, bits(edge), `${edge} | 0`);
    same(edge & -1, bits(edge), `${edge} & -1`);
    same(edge ^ edge, 0, `${edge} ^ itself`);
    same(~edge, -1 - bits(edge), `~${edge}`);
    same(edge >> 0, bits(edge), `${edge} >> 0`);
    same(edge << 0, bits(edge), `${edge} << 0`);
    same(1 << edge, 1 << (bits(edge) & 31), `1 << ${edge}`);
    same(edge >>> 0, bits(edge) < 0 ? bits(edge) + 4294967296 : bits(edge), `${edge} >>> 0`);
  }
  same("12" | 0.5, 12, "a string's bits");
  same(thrown(() => 1n | 0.5), "TypeError", "bits of a BigInt and a number");
  same(5n | 2n, 7n, "bits of BigInts");
}

// Methods of strings, flat and put together, come from where they always did.
{
  const flat = "abc";
  let built = "";
  for (let i = 0; i < 3000; i++) built += String.fromCharCode(97 + (i % 26)) + i;
  for (const text of [flat, built]) {
    same(text.charCodeAt(1), text === flat ? 98 : 48, "charCodeAt");
    same(text.charCodeAt(-1), NaN, "before its start");
    same(text.charCodeAt("1"), text.charCodeAt(1), "an index that is a string");
    same(text.length, Array.from(text).length, "length");
    same(thrown(() => text.length()), "TypeError", "a length is no method");
    same(thrown(() => text.missing()), "TypeError", "a method that is not there");
    same(text.hasOwnProperty("length"), true, "a method of objects");
    same(text.constructor === String, true, "the constructor");
    same(text.at.name, "at", "a method's name");
  }
  const { charCodeAt } = String.prototype;
  String.prototype.charCodeAt = function (at) { "use strict"; return typeof this + at; };
  same(flat.charCodeAt(1), "string1", "a replaced method");
  String.prototype.charCodeAt = charCodeAt;
  Object.defineProperty(String.prototype, "own", { configurable: true, get() { "use strict"; const is = this; return () => is; } });
  same(built.own(), built, "a getter");
  delete String.prototype.own;
  Object.prototype.inherited = function () { "use strict"; return typeof this; };
  same(flat.inherited(), "string", "an inherited method");
  delete Object.prototype.inherited;
  String.prototype.length2 = undefined;
  same(thrown(() => flat.length2()), "TypeError", "a method that is undefined");
  delete String.prototype.length2;
}

// Built-in functions called from the program: recursion through them, their receivers, their errors.
{
  const deep = (n) => [n].map(deep);
  same(thrown(() => deep(1)), "RangeError", "recursion through a built-in function");
  const over = () => Reflect.apply(over, undefined, []);
  same(thrown(over), "RangeError", "recursion through Reflect.apply");
  const { push } = Array.prototype;
  same(thrown(() => push(1)), "TypeError", "no receiver");
  same(thrown(() => Map()), "TypeError", "a constructor without new");
  same(typeof Date(), "string", "a constructor as a function");
  same([1].concat([2], 3).join(), "1,2,3", "arguments");
  same(Math.max(), -Infinity, "no arguments");
  same(parseInt("12", ...[8]), 10, "spread arguments");
  const stack = (() => { try { null.x; } catch (error) { return error.stack; } })();
  same(/interpreter\.js:\d+:\d+/.test(stack), true, "a stack");
}

console.log(checks > 1400 ? "ok" : `only ${checks} checks`);
