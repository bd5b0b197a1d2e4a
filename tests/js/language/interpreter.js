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

console.log(checks > 600 ? "ok" : `only ${checks} checks`);
