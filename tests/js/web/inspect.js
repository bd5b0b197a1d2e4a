// How values are shown: the expected texts are what Node.js 20 prints for the same values.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}:\n got ${String(got)}\nwant ${String(want)}`); };

// A custom inspection function is given the inspector itself; that is how a program gets hold of it. Its text is the "ok" of this test.
const custom = Symbol.for("nodejs.util.inspect.custom");
let inspect;
console.log({ [custom](_depth, _options, given) { inspect = given; return "ok"; } });

const cases = [
  [() => (1), "1"],
  [() => (-0), "-0"],
  [() => ([-0, NaN, Infinity]), "[ -0, NaN, Infinity ]"],
  [() => (123n), "123n"],
  [() => ("top"), "'top'"],
  [() => (["it's", 'say "x"', "both ' and \"", "all ' \" and \x60", "a\nb\t\\\x01\x7f\u{1f600}\ud800"]), "[\n  \"it's\",\n  'say \"x\"',\n  `both ' and \"`,\n  'all \\' \" and `',\n  'a\\nb\\t\\\\\\x01\\x7F😀\\ud800'\n]"],
  [() => ([undefined, null, true]), "[ undefined, null, true ]"],
  [() => (Symbol("s")), "Symbol(s)"],
  [() => ([Symbol(), Symbol("a b")]), "[ Symbol(), Symbol(a b) ]"],
  [() => ({}), "{}"],
  [() => ([]), "[]"],
  [() => ({ a: 1, "b-c": 2, 3: 4, $d: 5, _e: 6, é: 7, [Symbol("k")]: 8 }), "{ '3': 4, a: 1, 'b-c': 2, '$d': 5, _e: 6, 'é': 7, [Symbol(k)]: 8 }"],
  [() => ({ a: { b: { c: { d: 1 } } } }), "{ a: { b: { c: [Object] } } }"],
  [() => ({ a: { b: { c: {} } } }), "{ a: { b: { c: {} } } }"],
  [() => ([[[[1]]]]), "[ [ [ [Array] ] ] ]"],
  [() => ([1, , 3]), "[ 1, <1 empty item>, 3 ]"],
  [() => (new Array(3)), "[ <3 empty items> ]"],
  [() => ([1, , , 4, ,]), "[ 1, <2 empty items>, 4, <1 empty item> ]"],
  [() => (Object.assign([1, 2], { x: 3, "-1": 4 })), "[ 1, 2, x: 3, '-1': 4 ]"],
  [() => (Array.from({ length: 7 }, (_, i) => i)), "[\n  0, 1, 2, 3,\n  4, 5, 6\n]"],
  [() => (Array.from({ length: 30 }, (_, i) => i * 37)), "[\n    0,  37,  74, 111,  148,  185,\n  222, 259, 296, 333,  370,  407,\n  444, 481, 518, 555,  592,  629,\n  666, 703, 740, 777,  814,  851,\n  888, 925, 962, 999, 1036, 1073\n]"],
  [() => (Array.from({ length: 120 }, (_, i) => i)), "[\n   0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,\n  12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,\n  24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,\n  36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,\n  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,\n  60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71,\n  72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83,\n  84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,\n  96, 97, 98, 99,\n  ... 20 more items\n]"],
  [() => (Array.from({ length: 101 }, (_, i) => "s" + i)), "[\n  's0',  's1',  's2',  's3',  's4',  's5',  's6',  's7',\n  's8',  's9',  's10', 's11', 's12', 's13', 's14', 's15',\n  's16', 's17', 's18', 's19', 's20', 's21', 's22', 's23',\n  's24', 's25', 's26', 's27', 's28', 's29', 's30', 's31',\n  's32', 's33', 's34', 's35', 's36', 's37', 's38', 's39',\n  's40', 's41', 's42', 's43', 's44', 's45', 's46', 's47',\n  's48', 's49', 's50', 's51', 's52', 's53', 's54', 's55',\n  's56', 's57', 's58', 's59', 's60', 's61', 's62', 's63',\n  's64', 's65', 's66', 's67', 's68', 's69', 's70', 's71',\n  's72', 's73', 's74', 's75', 's76', 's77', 's78', 's79',\n  's80', 's81', 's82', 's83', 's84', 's85', 's86', 's87',\n  's88', 's89', 's90', 's91', 's92', 's93', 's94', 's95',\n  's96', 's97', 's98', 's99',\n  ... 1 more item\n]"],
  [() => (Array.from({ length: 27 }, (_, i) => "x".repeat(i % 9))), "[\n  '',       'x',       'xx',\n  'xxx',    'xxxx',    'xxxxx',\n  'xxxxxx', 'xxxxxxx', 'xxxxxxxx',\n  '',       'x',       'xx',\n  'xxx',    'xxxx',    'xxxxx',\n  'xxxxxx', 'xxxxxxx', 'xxxxxxxx',\n  '',       'x',       'xx',\n  'xxx',    'xxxx',    'xxxxx',\n  'xxxxxx', 'xxxxxxx', 'xxxxxxxx'\n]"],
  [() => ([1.5, 22.25, 3, 4, 5, 6, 7, -8]), "[\n  1.5, 22.25, 3,\n    4,     5, 6,\n    7,    -8\n]"],
  [() => ([1n, 22n, 333n, 4n, 5n, 6n, 7n]), "[\n  1n, 22n, 333n,\n  4n,  5n,   6n,\n  7n\n]"],
  [() => ([{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }, { a: 5 }, { a: 6 }, { a: 7 }]), "[\n  { a: 1 }, { a: 2 },\n  { a: 3 }, { a: 4 },\n  { a: 5 }, { a: 6 },\n  { a: 7 }\n]"],
  [() => ({ name: "a longer string value", other: "another longer string value", third: "third one" }), "{\n  name: 'a longer string value',\n  other: 'another longer string value',\n  third: 'third one'\n}"],
  [() => ({ aaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1, bbbbbbbbbbbbbbbbbbbbbbbbbbbb: 2, ccc: 3 }), "{\n  aaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1,\n  bbbbbbbbbbbbbbbbbbbbbbbbbbbb: 2,\n  ccc: 3\n}"],
  [() => ({ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: 2, cccccccc: 3 }), "{\n  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1,\n  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: 2,\n  cccccccc: 3\n}"],
  [() => ({ text: "first line of a text\nsecond line of a text that is somewhat longer\nthird" }), "{\n  text: 'first line of a text\\nsecond line of a text that is somewhat longer\\nthird'\n}"],
  [() => ({ a: { b: 1, c: [1, 2, { d: 1 }] }, e: new Map([["k", { v: 1 }]]) }), "{ a: { b: 1, c: [ 1, 2, [Object] ] }, e: Map(1) { 'k' => { v: 1 } } }"],
  [() => (new Map()), "Map(0) {}"],
  [() => (new Map([["a", 1], [{ b: 2 }, [3]]])), "Map(2) { 'a' => 1, { b: 2 } => [ 3 ] }"],
  [() => (new Set([1, "a", { b: 1 }])), "Set(3) { 1, 'a', { b: 1 } }"],
  [() => (new Set()), "Set(0) {}"],
  [() => (new Set(Array.from({ length: 105 }, (_, i) => i))), "Set(105) {\n  0,\n  1,\n  2,\n  3,\n  4,\n  5,\n  6,\n  7,\n  8,\n  9,\n  10,\n  11,\n  12,\n  13,\n  14,\n  15,\n  16,\n  17,\n  18,\n  19,\n  20,\n  21,\n  22,\n  23,\n  24,\n  25,\n  26,\n  27,\n  28,\n  29,\n  30,\n  31,\n  32,\n  33,\n  34,\n  35,\n  36,\n  37,\n  38,\n  39,\n  40,\n  41,\n  42,\n  43,\n  44,\n  45,\n  46,\n  47,\n  48,\n  49,\n  50,\n  51,\n  52,\n  53,\n  54,\n  55,\n  56,\n  57,\n  58,\n  59,\n  60,\n  61,\n  62,\n  63,\n  64,\n  65,\n  66,\n  67,\n  68,\n  69,\n  70,\n  71,\n  72,\n  73,\n  74,\n  75,\n  76,\n  77,\n  78,\n  79,\n  80,\n  81,\n  82,\n  83,\n  84,\n  85,\n  86,\n  87,\n  88,\n  89,\n  90,\n  91,\n  92,\n  93,\n  94,\n  95,\n  96,\n  97,\n  98,\n  99,\n  ... 5 more items\n}"],
  [() => (Object.assign(new Map([[1, 2]]), { extra: true })), "Map(1) { 1 => 2, extra: true }"],
  [() => (new WeakMap()), "WeakMap { <items unknown> }"],
  [() => (new WeakSet()), "WeakSet { <items unknown> }"],
  [() => (new (class Foo { constructor() { this.x = 1; } })()), "Foo { x: 1 }"],
  [() => (new (class Foo {})()), "Foo {}"],
  [() => (new (class Foo extends Map {})([[1, 2]])), "Foo(1) [Map] { 1 => 2 }"],
  [() => (new (class Foo extends Array {})(1, 2, 3)), "Foo(3) [ 1, 2, 3 ]"],
  [() => (new (class Foo extends Set {})()), "Foo(0) [Set] {}"],
  [() => (new (class A { get [Symbol.toStringTag]() { return "Tag"; } })()), "A [Tag] {}"],
  [() => (({ [Symbol.toStringTag]: "Own" })), "{ [Symbol(Symbol.toStringTag)]: 'Own' }"],
  [() => (Object.create({ [Symbol.toStringTag]: "Inherited" })), "Object [Inherited] {}"],
  [() => (Object.create(null)), "[Object: null prototype] {}"],
  [() => (Object.assign(Object.create(null), { a: 1 })), "[Object: null prototype] { a: 1 }"],
  [() => (Object.create({})), "{}"],
  [() => (Object.create(Object.create(null))), "Object <[Object: null prototype] {}> {}"],
  [() => (Object.setPrototypeOf([1], null)), "[Array(1): null prototype] [ 1 ]"],
  [() => (Object.setPrototypeOf(new Map([[1, 2]]), null)), "[Map(1): null prototype] { 1 => 2 }"],
  [() => (Object.setPrototypeOf(new Date(0), null)), "[Date: null prototype] 1970-01-01T00:00:00.000Z"],
  [() => (function f() {}), "[Function: f]"],
  [() => (() => {}), "[Function (anonymous)]"],
  [() => (async () => {}), "[AsyncFunction (anonymous)]"],
  [() => (function* g() {}), "[GeneratorFunction: g]"],
  [() => (async function* h() {}), "[AsyncGeneratorFunction: h]"],
  [() => (class A {}), "[class A]"],
  [() => (class extends Array {}), "[class (anonymous) extends Array]"],
  [() => ((() => { class A {} class B extends A { static s = 1; } return B; })()), "[class B extends A] { s: 1 }"],
  [() => (class { static m() {} }), "[class (anonymous)]"],
  [() => (Object.assign(function f() {}, { a: 1, b: {} })), "[Function: f] { a: 1, b: {} }"],
  [() => (Object.setPrototypeOf(function f() {}, null)), "[Function (null prototype): f]"],
  [() => (Math), "Object [Math] {}"],
  [() => (JSON), "Object [JSON] {}"],
  [() => (Reflect), "Object [Reflect] {}"],
  [() => ([Math.max, JSON.stringify]), "[ [Function: max], [Function: stringify] ]"],
  [() => (new Date(0)), "1970-01-01T00:00:00.000Z"],
  [() => (new Date(NaN)), "Invalid Date"],
  [() => (Object.assign(new Date(0), { a: 1 })), "1970-01-01T00:00:00.000Z { a: 1 }"],
  [() => (/a\/b/giu), "/a\\/b/giu"],
  [() => (Object.assign(/x/, { a: 1 })), "/x/ { a: 1 }"],
  [() => ({ get a() { return 1; }, set a(v) {}, get b() { return 1; }, set c(v) {} }), "{ a: [Getter/Setter], b: [Getter], c: [Setter] }"],
  [() => (Object.defineProperty({ a: 1 }, "hidden", { value: 1 })), "{ a: 1 }"],
  [() => ((() => { const o = { a: 1 }; o.self = o; return o; })()), "<ref *1> { a: 1, self: [Circular *1] }"],
  [() => ((() => { const o = {}; o.list = [o, { o }]; return o; })()), "<ref *1> { list: [ [Circular *1], { o: [Circular *1] } ] }"],
  [() => ((() => { const a = {}, b = { a }; a.b = b; return [a, b]; })()), "[\n  <ref *1> { b: { a: [Circular *1] } },\n  <ref *2> { a: <ref *1> { b: [Circular *2] } }\n]"],
  [() => ((() => { const m = new Map(); m.set("m", m); return m; })()), "<ref *1> Map(1) { 'm' => [Circular *1] }"],
  [() => (new Boolean(false)), "[Boolean: false]"],
  [() => (new Number(-0)), "[Number: -0]"],
  [() => (new String("abc")), "[String: 'abc']"],
  [() => (Object("x".repeat(5))), "[String: 'xxxxx']"],
  [() => (Object(Symbol("q"))), "[Symbol: Symbol(q)]"],
  [() => (Object(5n)), "[BigInt: 5n]"],
  [() => (Object.assign(new String("ab"), { z: 1 })), "[String: 'ab'] { z: 1 }"],
  [() => (new Uint8Array(3)), "Uint8Array(3) [ 0, 0, 0 ]"],
  [() => (new Uint8Array(0)), "Uint8Array(0) []"],
  [() => (new Float64Array([1.5, -2, 1e21])), "Float64Array(3) [ 1.5, -2, 1e+21 ]"],
  [() => (new BigInt64Array(2)), "BigInt64Array(2) [ 0n, 0n ]"],
  [() => (new Uint8Array(120)), "Uint8Array(120) [\n  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n  0, 0, 0, 0,\n  ... 20 more items\n]"],
  [() => (new ArrayBuffer(4)), "ArrayBuffer { [Uint8Contents]: <00 00 00 00>, byteLength: 4 }"],
  [() => (new ArrayBuffer(0)), "ArrayBuffer { [Uint8Contents]: <>, byteLength: 0 }"],
  [() => (new ArrayBuffer(120)), "ArrayBuffer {\n  [Uint8Contents]: <00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ... 20 more bytes>,\n  byteLength: 120\n}"],
  [() => (new DataView(new ArrayBuffer(2), 1)), "DataView {\n  byteLength: 1,\n  byteOffset: 1,\n  buffer: ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 }\n}"],
  [() => ([new Uint8Array(2).buffer]), "[ ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 } ]"],
  [() => ((function () { return arguments; })(1, "a")), "[Arguments] { '0': 1, '1': 'a' }"],
  [() => (Promise.resolve({ a: 1 })), "Promise { { a: 1 } }"],
  [() => ((() => { const p = Promise.reject(5); p.catch(() => {}); return p; })()), "Promise { <rejected> 5 }"],
  [() => (new Promise(() => {})), "Promise { <pending> }"],
  [() => ([new Promise(() => {})]), "[ Promise { <pending> } ]"],
  [() => (new Proxy({ a: 1 }, { get() { throw 1; }, ownKeys() { throw 1; } })), "{ a: 1 }"],
  [() => (new Proxy([1, 2], {})), "[ 1, 2 ]"],
  [() => (new Proxy(function f() {}, {})), "[Function: f]"],
  [() => ((() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()), "<Revoked Proxy>"],
  [() => ((() => { const e = new Error("m"); e.stack = "Error: m\n    at f (file.js:1:2)"; return e; })()), "Error: m\n    at f (file.js:1:2)"],
  [() => ((() => { const e = new TypeError("m"); e.stack = "TypeError: m"; return [e]; })()), "[ [TypeError: m] ]"],
  [() => ((() => { const e = new RangeError("m"); e.stack = "RangeError: m\n    at f (file.js:1:2)\n    at g (file.js:3:4)"; return { e }; })()), "{\n  e: RangeError: m\n      at f (file.js:1:2)\n      at g (file.js:3:4)\n}"],
  [() => ((() => { const c = new Error("c"); c.stack = "Error: c\n    at c (c.js:1:1)"; const e = new Error("m", { cause: c }); e.stack = "Error: m\n    at m (m.js:1:1)"; return e; })()), "Error: m\n    at m (m.js:1:1) {\n  [cause]: Error: c\n      at c (c.js:1:1)\n}"],
  [() => ((() => { const e = new Error("m"); e.stack = "Error: m\n    at f (file.js:1:2)"; e.code = "ENOENT"; e.list = [1]; return e; })()), "Error: m\n    at f (file.js:1:2) {\n  code: 'ENOENT',\n  list: [ 1 ]\n}"],
  [() => ((() => { const e = new AggregateError([1, "two"], "m"); e.stack = "AggregateError: m\n    at f (x.js:1:1)"; return e; })()), "AggregateError: m\n    at f (x.js:1:1) {\n  [errors]: [ 1, 'two' ]\n}"],
  [() => ((() => { class HttpError extends Error {} const e = new HttpError("m"); e.stack = "Error: m\n    at f (x.js:1:1)"; return e; })()), "HttpError: m\n    at f (x.js:1:1)"],
  [() => ((() => { class Failure extends Error {} const e = new Failure("m"); e.stack = "Error: m\n    at f (x.js:1:1)"; return e; })()), "Failure [Error]: m\n    at f (x.js:1:1)"],
  [() => ((() => { const e = new Error(""); e.stack = "Error\n    at f (x.js:1:1)"; return e; })()), "Error\n    at f (x.js:1:1)"],
  [() => ((() => { const e = new Error("m", { cause: "why" }); e.stack = "Error: m"; return e; })()), "[Error: m] { [cause]: 'why' }"],
  [() => (["x".repeat(10005)]), "[\n  'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'... 5 more characters\n]"],
  [() => ({ [Symbol.for("nodejs.util.inspect.custom")]() { return "custom"; } }), "custom"],
  [() => ([{ [Symbol.for("nodejs.util.inspect.custom")]() { return "two\nlines"; } }]), "[\n  two\n  lines\n]"],
  [() => ({ [Symbol.for("nodejs.util.inspect.custom")](depth) { return { depth }; } }), "{ depth: 2 }"],
  [() => (new URL("https://u@x.org:1/p?a=1#h")), "URL {\n  href: 'https://u@x.org:1/p?a=1#h',\n  origin: 'https://x.org:1',\n  protocol: 'https:',\n  username: 'u',\n  password: '',\n  host: 'x.org:1',\n  hostname: 'x.org',\n  port: '1',\n  pathname: '/p',\n  search: '?a=1',\n  searchParams: URLSearchParams { 'a' => '1' },\n  hash: '#h'\n}"],
  [() => (new URLSearchParams("a=1&b=it's")), "URLSearchParams { 'a' => '1', 'b' => \"it's\" }"],
  [() => (new URLSearchParams()), "URLSearchParams {}"],
  [() => (new AbortController()), "AbortController { signal: AbortSignal { aborted: false } }"],
  [() => ([new AbortController().signal]), "[ AbortSignal { aborted: false } ]"],
  [() => (new TextDecoder()), "TextDecoder { encoding: 'utf-8', fatal: false, ignoreBOM: false }"],
  [() => ("a".repeat(3) + "\n"), "'aaa\\n'"],
  [() => ([["a\nb"]]), "[ [ 'a\\nb' ] ]"],
  [() => ({ a: [ "日本語", "日本", "日" , "x", "y", "z", "w"] }), "{ a: [ '日本語', '日本', '日', 'x', 'y', 'z', 'w' ] }"],
  [() => (new (class extends null { constructor() { return Object.create(new.target.prototype); } })()), "Object <[Object: null prototype] {}> {}"],
  [() => (new WeakRef({})), "WeakRef {}"],
  [() => ([1, 2, 3, 4, 5, 6, [7]]), "[\n  1,     2, 3,\n  4,     5, 6,\n  [ 7 ]\n]"],
  [() => (Object.fromEntries(Array.from({ length: 30 }, (_, i) => ["k" + i, i]))), "{\n  k0: 0,\n  k1: 1,\n  k2: 2,\n  k3: 3,\n  k4: 4,\n  k5: 5,\n  k6: 6,\n  k7: 7,\n  k8: 8,\n  k9: 9,\n  k10: 10,\n  k11: 11,\n  k12: 12,\n  k13: 13,\n  k14: 14,\n  k15: 15,\n  k16: 16,\n  k17: 17,\n  k18: 18,\n  k19: 19,\n  k20: 20,\n  k21: 21,\n  k22: 22,\n  k23: 23,\n  k24: 24,\n  k25: 25,\n  k26: 26,\n  k27: 27,\n  k28: 28,\n  k29: 29\n}"],
];
for (const [make, want] of cases) eq(inspect(make()), want, String(make));

const withOptions = [
  [() => ({ a: { b: 1 }, c: [1] }), { depth: 0 }, "{ a: [Object], c: [Array] }"],
  [() => ({ a: { b: { c: { d: { e: 1 } } } } }), { depth: Infinity }, "{\n  a: {\n    b: { c: { d: { e: 1 } } }\n  }\n}"],
  [() => ([[[[[1]]]]]), { depth: null }, "[\n  [\n    [ [ [ 1 ] ] ]\n  ]\n]"],
  [() => (Object.defineProperty({}, 'h', { value: 1 })), { showHidden: true }, "{ [h]: 1 }"],
  [() => ([1, 2]), { showHidden: true }, "[ 1, 2, [length]: 2 ]"],
  [() => ([1, 2, 3, 4]), { maxArrayLength: 2 }, "[ 1, 2, ... 2 more items ]"],
  [() => ([1, 2]), { maxArrayLength: 0 }, "[ ... 2 more items ]"],
  [() => (Array.from({length: 102}, (_, i) => i)), { maxArrayLength: null }, "[\n   0,  1,  2,  3,   4,   5,  6,  7,  8,  9, 10, 11,\n  12, 13, 14, 15,  16,  17, 18, 19, 20, 21, 22, 23,\n  24, 25, 26, 27,  28,  29, 30, 31, 32, 33, 34, 35,\n  36, 37, 38, 39,  40,  41, 42, 43, 44, 45, 46, 47,\n  48, 49, 50, 51,  52,  53, 54, 55, 56, 57, 58, 59,\n  60, 61, 62, 63,  64,  65, 66, 67, 68, 69, 70, 71,\n  72, 73, 74, 75,  76,  77, 78, 79, 80, 81, 82, 83,\n  84, 85, 86, 87,  88,  89, 90, 91, 92, 93, 94, 95,\n  96, 97, 98, 99, 100, 101\n]"],
  [() => (['abcdef', 'abc']), { maxStringLength: 3 }, "[ 'abc'... 3 more characters, 'abc' ]"],
  [() => ({ aaaa: 1, bbbb: 2, cccc: 3 }), { breakLength: 20 }, "{\n  aaaa: 1,\n  bbbb: 2,\n  cccc: 3\n}"],
  [() => ({ a: 'x'.repeat(100), b: 2 }), { breakLength: Infinity }, "{ a: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', b: 2 }"],
  [() => ({ a: 1, b: [1, { c: 2 }] }), { compact: false }, "{\n  a: 1,\n  b: [\n    1,\n    {\n      c: 2\n    }\n  ]\n}"],
  [() => ({ a: { b: { c: 1 } } }), { compact: 1 }, "{\n  a: {\n    b: { c: 1 }\n  }\n}"],
  [() => ({ c: 1, a: 2, b: 3 }), { sorted: true }, "{ a: 2, b: 3, c: 1 }"],
  [() => (new Proxy({ a: 1 }, { get: undefined })), { showProxy: true }, "Proxy [ { a: 1 }, { get: undefined } ]"],
  [() => ({ [Symbol.for('nodejs.util.inspect.custom')]: 1 }), { customInspect: false }, "{ [Symbol(nodejs.util.inspect.custom)]: 1 }"],
];
for (const [make, options, want] of withOptions) eq(inspect(make(), options), want, String(make));

// Hostile values: none may throw, none may take long or grow without bound.
const fail = () => { throw new Error("trap"); };
const traps = Object.fromEntries(Reflect.ownKeys(Reflect).filter((key) => typeof key === "string").map((key) => [key, fail]));
class Liar { get [Symbol.toStringTag]() { throw new Error("tag"); } }
Object.defineProperty(Liar.prototype, "constructor", { get: fail });
const badError = new Error("x");
for (const key of ["name", "message", "stack", "cause", "errors"]) Object.defineProperty(badError, key, { get: fail, configurable: true });
const nameless = class { static get name() { throw new Error("name"); } };
const repeat = (count, start, step) => {
  let value = start;
  for (let i = 0; i < count; i++) value = step(value, i);
  return value;
};
const bush = (depth) => (depth === 0 ? [1, 2, 3] : Array.from({ length: 20 }, () => bush(depth - 1)));
const filled = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const hostile = {
  proxy: () => new Proxy({}, traps),
  arrayProxy: () => new Proxy([], traps),
  functionProxy: () => new Proxy(fail, traps),
  errorProxy: () => new Proxy(new Error("p"), traps),
  errorsProxy: () => Object.assign(new Error("e"), { errors: new Proxy([], traps) }),
  inside: () => [new Proxy({}, traps), { p: new Proxy(new Map(), traps) }],
  proxies: () => repeat(2000, {}, (value) => new Proxy(value, {})),
  liar: () => new Liar(),
  badError: () => badError,
  inError: () => ({ badError }),
  nameless: () => nameless,
  instance: () => new nameless(),
  noName: () => Object.defineProperty(() => {}, "name", { value: 5 }),
  symbolName: () => Object.defineProperty(() => {}, "name", { value: Symbol("n") }),
  hasInstance: () => Object.create({ constructor: Object.defineProperty(function F() {}, Symbol.hasInstance, { value: fail }) }),
  thrower: () => ({ toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail, toJSON: fail }),
  custom: () => ({ [custom]: fail }),
  customSelf: () => ({ [custom]() { return this; } }),
  customTwins: () => ({ [custom]() { return [this, this]; } }),
  customCalls: () => ({ [custom](_depth, options, show) { return show(this, options); } }),
  chain: () => repeat(20000, {}, (value) => ({ value })),
  list: () => repeat(20000, [], (value) => [value]),
  causes: () => repeat(3000, new Error("0"), (cause, i) => new Error(`${i}`, { cause })),
  prototypes: () => repeat(20000, {}, (value) => Object.create(value)),
  wide: () => Object.fromEntries(filled(40000, (i) => [`key${i}`, i])),
  manyKeys: () => Object.fromEntries(filled(2000, (i) => [`k${i}`, { a: { b: { c: i } } }])),
  bush: () => bush(3),
  sparse: () => new Array(2 ** 32 - 1),
  sparseTail: () => Object.assign([], { 4294967290: 1 }),
  filled: () => new Array(300000).fill(0),
  bytes: () => new Uint8Array(5e6),
  text: () => "x".repeat(2e6),
  texts: () => filled(2000, () => "y".repeat(2000)),
  map: () => new Map(filled(30000, (i) => [i, i])),
};
for (const [name, make] of Object.entries(hostile)) {
  const value = make();
  for (const options of [undefined, { depth: Infinity }, { showProxy: true, depth: 4 }]) {
    const start = performance.now();
    const shown = inspect(value, options);
    eq(typeof shown, "string", name);
    eq(shown.length < 3e7, true, `${name} is ${shown.length} characters`);
    eq(performance.now() - start < 20000, true, `${name} takes ${performance.now() - start} ms`);
  }
}
eq(inspect({ [custom]: fail }), "[Inspection threw Error: trap]", "a throwing custom inspection");
eq(inspect(new Proxy({ a: 1 }, traps)), "{ a: 1 }", "traps are not called");

// Interfaces show their attributes, also in subclasses; an impostor does not.
class MyEvent extends Event { own = 1; }
eq(/^MyEvent \{\n  type: 'x',\n  defaultPrevented: false,\n  cancelable: false,\n  timeStamp: [0-9.e-]+,\n  own: 1\n\}$/.test(inspect(new MyEvent("x"))), true, "subclass of an interface");
eq(inspect(Object.create(URL.prototype)), "URL {}", "an impostor");
eq(inspect(new ReadableStream()), "ReadableStream { locked: false, state: 'readable' }", "stream");
eq(inspect({ a: { b: { c: new URL("https://x") } } }), "{ a: { b: { c: [URL] } } }", "an interface below the depth limit");
eq(inspect(AbortSignal.abort(5)), "AbortSignal { aborted: true, reason: 5 }", "an aborted signal");
eq(inspect(new DOMException("m", "AbortError")).split("\n")[0], "DOMException [AbortError]: m", "DOMException");
eq(inspect(new (class HttpError extends Error {})("m")).split("\n")[0], "HttpError: m", "a class names its errors");
eq(inspect({ [Symbol.for("Deno.customInspect")](show, options) { return show({ d: typeof options }); } }), "{ d: 'object' }", "Deno's custom inspection");
