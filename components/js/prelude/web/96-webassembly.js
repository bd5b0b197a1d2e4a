// WebAssembly: modules that run within this context, by the standard's interface. Start at `Module` and `Instance`; 95-wasm-values.js turns
// values into words and back. Invariants: a memory's buffer is the memory itself, not a copy; it is detached as soon as anything runs
// after the memory has grown.

const { E, define } = internal;
const { KEY, apply, expose, need, isObject, brands } = internal.idl;
const { ask, toBytes, cut, lengthOf, toBuffer } = internal.compute;
const {
  REQUEST, KIND, KINDS, TYPES, TEXT_BYTES, CompileError, LinkError, RuntimeError, checked, whyNot, describe, words, toWord, ofWord, isReference,
  functionOf, itemOf, tokenOf,
} = internal.wasm;
const { TypeError, RangeError, Map, Uint8Array, Uint32Array, Object, BigInt, Promise } = globalThis;
const { ArrayPrototypePush, MapPrototypeGet, MapPrototypeSet, MapPrototypeForEach, WeakMapPrototypeGet, StringPrototypeCharCodeAt, StringPrototypeTrim, StringPrototypeToLowerCase } = internal.primordials;
const { innerBuffer, innerDetach, innerInstantiate, utf8Decode } = sys;
const { trunc } = Math;

const bufferLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;

const PAGE = 65536;
const NONE = 2n ** 64n - 1n;
const U32 = 2 ** 32 - 1;

const WebAssembly = {};
define(globalThis, "WebAssembly", WebAssembly);
Object.defineProperty(WebAssembly, Symbol.toStringTag, { value: "WebAssembly", configurable: true });

// ---- what is asked for ----

// An address or a size, as the standard's [EnforceRange].
function toSize(value, what) {
  const number = +value;
  const whole = trunc(number);
  if (number - number !== 0 || whole < 0 || whole > U32) throw new TypeError(`${what} must be a number from 0 to ${U32}`);
  return whole + 0;
}

function toDescriptor(value, what) {
  if (!isObject(value)) throw new TypeError(`${what}: Argument 0 must be a descriptor`);
  return value;
}

// Initial and greatest size, in the order in which the standard looks at them.
function toLimits(descriptor, what, max) {
  const read = (name) => {
    const value = descriptor[name];
    return value === undefined ? undefined : toSize(value, `${what}: Property '${name}'`);
  };
  const initial = read("initial");
  const most = read("maximum");
  const least = initial === undefined ? read("minimum") : initial;
  if (least === undefined) throw new TypeError(`${what}: Property 'initial' is required`);
  if (most !== undefined && most < least) throw new RangeError(`${what}: Property 'maximum': value ${most} is below the lower bound`);
  if (least > max) throw new RangeError(`${what}: Property 'initial': value ${least} is above the upper bound`);
  return { minimum: BigInt(least), maximum: most === undefined ? NONE : BigInt(most < max ? most : max) };
}

const make = (kind, type, mutable, minimum, maximum, value, doing) =>
  checked(ask(REQUEST.MAKE, kind, words((mutable ? 2n ** 32n : 0n) + BigInt(type), minimum, maximum, value), null), doing);
const letterCode = (type) => StringPrototypeCharCodeAt(type, 0);

// ---- modules ----

const kindOf = (form) => KINDS[form.kind] ?? "tag";
let moduleParts;

function compileModule(source, what) {
  const bytes = toBytes(source, `${what}: Argument 0`);
  const text = new Uint8Array(TEXT_BYTES);
  const number = lengthOf(bytes) === 0 ? E.ARG : ask(REQUEST.COMPILE, 0, bytes, text);
  if (number === E.ARG) throw new CompileError(`${what}: ${whyNot(text) || "BufferSource argument is empty"}`);
  if (number === E.LIMIT) throw new CompileError(`${what}: the module is too large, or there are too many of them`);
  checked(number, "compile a module");
  return { number, ...describe(number, false), sections: customSections(bytes) };
}

// A number of the binary format; it is valid, since the module is.
function leb(bytes, at) {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at.at++];
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
}

function customSections(bytes) {
  const found = [];
  const length = lengthOf(bytes);
  for (const at = { at: 8 }; at.at < length; ) {
    const id = bytes[at.at++];
    const size = leb(bytes, at);
    const end = at.at + size;
    if (id === 0) {
      const name = leb(bytes, at);
      const text = utf8Decode(cut(bytes, at.at, at.at + name), false);
      ArrayPrototypePush(found, { name: text, bytes: cut(bytes, at.at + name, end) });
    }
    at.at = end;
  }
  return found;
}

class Module {
  #parts;
  constructor(bytes) {
    need(arguments.length, 1, "WebAssembly.Module()");
    this.#parts = bytes === KEY ? arguments[1] : compileModule(bytes, "WebAssembly.Module()");
  }
  static exports(module) {
    const list = [];
    const { exports } = moduleParts(module, "WebAssembly.Module.exports()");
    for (let i = 0; i < exports.length; i++) ArrayPrototypePush(list, { name: exports[i].name, kind: kindOf(exports[i]) });
    return list;
  }
  static imports(module) {
    const list = [];
    const { imports } = moduleParts(module, "WebAssembly.Module.imports()");
    for (let i = 0; i < imports.length; i++) {
      ArrayPrototypePush(list, { module: imports[i].module, name: imports[i].name, kind: kindOf(imports[i]) });
    }
    return list;
  }
  static customSections(module, name) {
    const { sections } = moduleParts(module, "WebAssembly.Module.customSections()");
    if (name === undefined) throw new TypeError("WebAssembly.Module.customSections(): Argument 1 is required");
    const wanted = `${name}`;
    const list = [];
    for (let i = 0; i < sections.length; i++) {
      const { name: own, bytes } = sections[i];
      if (own === wanted) ArrayPrototypePush(list, toBuffer(cut(bytes, 0, lengthOf(bytes))));
    }
    return list;
  }
  static {
    moduleParts = (module, what) => {
      if (!isObject(module) || !(#parts in module)) throw new TypeError(`${what}: Argument 0 must be a WebAssembly.Module`);
      return module.#parts;
    };
    brands.push((value) => isObject(value) && #parts in value);
  }
}
const isModule = (value) => {
  try {
    moduleParts(value, "");
    return true;
  } catch {
    return false;
  }
};

// ---- memories ----

const memories = new Map();
let memoryItem;
let refreshMemory;

class Memory {
  #item;
  #buffer;
  constructor(descriptor, item = undefined) {
    if (descriptor === KEY) {
      this.#item = item;
    } else {
      const what = "WebAssembly.Memory()";
      const { shared } = toDescriptor(descriptor, what);
      const { minimum, maximum } = toLimits(descriptor, what, PAGE);
      if (shared) throw new TypeError(`${what}: there is no shared memory here, as there is one thread`);
      this.#item = make(KIND.MEMORY, 0, false, minimum, maximum, 0n, "make a memory");
    }
    MapPrototypeSet(memories, this.#item, this);
  }
  get buffer() {
    // Nobody tells of an empty one that it has grown.
    if (this.#buffer !== undefined && apply(bufferLength, this.#buffer, []) === 0) refreshMemory(this);
    if (this.#buffer === undefined) {
      const size = checked(ask(REQUEST.SIZE, this.#item, null, null), "find the size of a memory") * PAGE;
      this.#buffer = innerBuffer(this.#item, size);
    }
    return this.#buffer;
  }
  grow(delta) {
    void this.#item;
    const by = toSize(delta, "WebAssembly.Memory.grow(): Argument 0");
    const before = ask(REQUEST.GROW, this.#item, words(BigInt(by)), null);
    if (before < 0) throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
    this.#detach();
    return before;
  }
  #detach() {
    const buffer = this.#buffer;
    this.#buffer = undefined;
    if (buffer !== undefined) innerDetach(buffer);
  }
  static {
    memoryItem = (value) => (isObject(value) && #item in value ? value.#item : undefined);
    refreshMemory = (memory) => {
      if (memory.#buffer === undefined) return;
      const size = ask(REQUEST.SIZE, memory.#item, null, null) * PAGE;
      if (apply(bufferLength, memory.#buffer, []) !== size) memory.#detach();
    };
    brands.push((value) => isObject(value) && #item in value);
  }
}

sys.innerGrew(() => MapPrototypeForEach(memories, refreshMemory));

// ---- tables and globals ----

const tables = new Map();
let tableItem;

class Table {
  #item;
  #type;
  constructor(descriptor, value = undefined) {
    if (descriptor === KEY) {
      this.#item = value.item;
      this.#type = value.type;
    } else {
      const what = "WebAssembly.Table()";
      const type = TYPES[`${toDescriptor(descriptor, what).element}`];
      if (!isReference(type)) throw new TypeError(`${what}: Descriptor property 'element' must be a WebAssembly reference type`);
      const { minimum, maximum } = toLimits(descriptor, what, 10000000);
      this.#type = type;
      const filling = this.#filling(value, value === undefined);
      this.#item = make(KIND.TABLE, letterCode(type), false, minimum, maximum, filling, "make a table");
    }
    MapPrototypeSet(tables, this.#item, this);
  }
  get length() {
    return checked(ask(REQUEST.SIZE, this.#item, null, null), "find the size of a table");
  }
  get(index) {
    void this.#item;
    const at = toSize(index, "WebAssembly.Table.get(): Argument 0");
    const word = words(0n);
    if (ask(REQUEST.GET, this.#item, words(BigInt(at)), word) < 0) throw new RangeError(`WebAssembly.Table.get(): invalid address ${at}`);
    return ofWord(word[0], this.#type);
  }
  set(index, value = undefined) {
    void this.#item;
    const at = toSize(index, "WebAssembly.Table.set(): Argument 0");
    const word = this.#filling(value, arguments.length < 2);
    if (ask(REQUEST.SET, this.#item, words(BigInt(at), word), null) < 0) throw new RangeError(`WebAssembly.Table.set(): invalid address ${at}`);
  }
  grow(delta, value = undefined) {
    void this.#item;
    const by = toSize(delta, "WebAssembly.Table.grow(): Argument 0");
    const before = ask(REQUEST.GROW, this.#item, words(BigInt(by), this.#filling(value, arguments.length < 2)), null);
    if (before < 0) throw new RangeError(`WebAssembly.Table.grow(): failed to grow table by ${by}`);
    return before;
  }
  // What an element becomes of which nothing was said: null, or undefined where that is a value.
  #filling(value, isMissing) {
    return toWord(isMissing && this.#type === "c" ? null : value, this.#type);
  }
  static {
    tableItem = (value) => (isObject(value) && #item in value ? value.#item : undefined);
    brands.push((value) => isObject(value) && #item in value);
  }
}

const globals = new Map();
let globalItem;

class Global {
  #item;
  #type;
  #mutable;
  constructor(descriptor, value = undefined) {
    if (descriptor === KEY) {
      this.#item = value.item;
      this.#type = value.type;
      this.#mutable = value.mutable;
    } else {
      const what = "WebAssembly.Global()";
      const { mutable } = toDescriptor(descriptor, what);
      const type = TYPES[`${descriptor.value}`];
      if (type === undefined) throw new TypeError(`${what}: Descriptor property 'value' must be a WebAssembly type`);
      const none = type === "I" ? 0n : type === "c" ? null : type === "e" ? undefined : 0;
      const word = toWord(value === undefined ? none : value, type);
      this.#type = type;
      this.#mutable = Boolean(mutable);
      this.#item = make(KIND.GLOBAL, letterCode(type), this.#mutable, 0n, NONE, word, "make a global");
    }
    MapPrototypeSet(globals, this.#item, this);
  }
  get value() {
    const word = words(0n);
    if (this.#type === "v" || this.#type === "x") throw new TypeError("get WebAssembly.Global.value: Can't get the value of such a global");
    checked(ask(REQUEST.GET, this.#item, null, word), "read a global");
    return ofWord(word[0], this.#type);
  }
  set value(value) {
    if (arguments.length === 0) throw new TypeError("set WebAssembly.Global.value: Argument 0 is required");
    if (!this.#mutable) throw new TypeError("set WebAssembly.Global.value: Can't set the value of an immutable global.");
    checked(ask(REQUEST.SET, this.#item, words(toWord(value, this.#type)), null), "write a global");
  }
  valueOf() {
    void this.#item;
    return this.value;
  }
  static {
    globalItem = (value) => (isObject(value) && #item in value ? value.#item : undefined);
    brands.push((value) => isObject(value) && #item in value);
  }
}

// ---- instances ----

// What a module imports, as pairs of words: whether it is a function of the program, and its number.
function findImports(imports, given) {
  const found = new Uint32Array(imports.length * 2);
  for (let i = 0; i < imports.length; i++) {
    const { module, name, ...form } = imports[i];
    const what = `WebAssembly.Instance(): Import #${i} "${module}"`;
    const space = given[module];
    if (!isObject(space)) throw new TypeError(`${what}: module is not an object or function`);
    const import_ = findImport(form, space[name], `${what} "${name}"`);
    found[i * 2] = import_.own;
    found[i * 2 + 1] = import_.number;
  }
  return found;
}

function findImport(form, value, what) {
  const expect = (item, wanted) => {
    if (item === undefined) throw new LinkError(`${what}: ${wanted}`);
    return { own: 0, number: item };
  };
  switch (form.kind) {
    case KIND.FUNCTION: {
      if (typeof value !== "function") throw new LinkError(`${what}: function import requires a callable`);
      const item = WeakMapPrototypeGet(itemOf, value);
      return item === undefined ? { own: 1, number: tokenOf(value, form) } : { own: 0, number: item };
    }
    case KIND.MEMORY:
      return expect(memoryItem(value), "memory import must be a WebAssembly.Memory object");
    case KIND.TABLE:
      return expect(tableItem(value), "table import requires a WebAssembly.Table");
    case KIND.GLOBAL: {
      const item = globalItem(value);
      return { own: 0, number: item ?? makeGlobal(form, value, what) };
    }
    default:
      throw new LinkError(`${what}: tag import requires a WebAssembly.Tag`);
  }
}

// Of a plain value a constant global can be made.
function makeGlobal({ type, mutable }, value, what) {
  if (mutable) throw new LinkError(`${what}: imported mutable global must be a WebAssembly.Global object`);
  if (type === "I" ? typeof value !== "bigint" : !isReference(type) && typeof value !== "number") {
    throw new LinkError(`${what}: global import must be a ${type === "I" ? "BigInt" : "number"}, or a WebAssembly.Global object`);
  }
  let word;
  try {
    word = toWord(value, type);
  } catch (error) {
    throw new LinkError(`${what}: ${error.message}`);
  }
  return make(KIND.GLOBAL, letterCode(type), false, 0n, NONE, word, "make a global");
}

// The object of an item that a module exports.
function exported(form, item) {
  switch (form.kind) {
    case KIND.FUNCTION:
      return functionOf(item, form);
    case KIND.MEMORY:
      return MapPrototypeGet(memories, item) ?? new Memory(KEY, item);
    case KIND.TABLE:
      return MapPrototypeGet(tables, item) ?? new Table(KEY, { item, type: form.type });
    default:
      return MapPrototypeGet(globals, item) ?? new Global(KEY, { item, type: form.type, mutable: form.mutable });
  }
}

class Instance {
  #exports;
  constructor(module, imports = undefined) {
    const parts = moduleParts(module, "WebAssembly.Instance()");
    if (imports !== undefined && !isObject(imports)) throw new TypeError("WebAssembly.Instance(): Argument 1 must be an object");
    if (imports === undefined && parts.imports.length > 0) throw new TypeError("WebAssembly.Instance(): Imports argument must be present and must be an object");
    const found = findImports(parts.imports, imports);
    const items = new Uint32Array(parts.exports.length);
    innerInstantiate(parts.number, found, items);
    const all = Object.create(null);
    for (let i = 0; i < parts.exports.length; i++) {
      const form = parts.exports[i];
      // Of tags there is nothing to show.
      if (form.kind >= 0) Object.defineProperty(all, form.name, { value: exported(form, items[i]), enumerable: true, writable: false, configurable: false });
    }
    this.#exports = Object.freeze(all);
  }
  get exports() {
    return this.#exports;
  }
  static {
    brands.push((value) => isObject(value) && #exports in value);
  }
}

for (const [name, Class] of [["Module", Module], ["Instance", Instance], ["Memory", Memory], ["Table", Table], ["Global", Global]]) {
  expose(Class, { name: `WebAssembly.${name}`, hidden: true });
  define(WebAssembly, name, Class);
}
for (const [name, Class] of [["CompileError", CompileError], ["LinkError", LinkError], ["RuntimeError", RuntimeError]]) define(WebAssembly, name, Class);

// ---- functions ----

async function streamed(source, what) {
  const response = await source;
  if (!internal.responses.is(response)) {
    throw new TypeError(`${what}: Argument 0 must be a Response or a Promise of one`);
  }
  const type = response.headers.get("content-type") ?? "";
  if (StringPrototypeToLowerCase(StringPrototypeTrim(type)) !== "application/wasm") {
    throw new TypeError(`${what}: Incorrect response MIME type. Expected 'application/wasm'.`);
  }
  if (!response.ok) throw new TypeError(`${what}: HTTP status code is not ok`);
  return new Uint8Array(await response.arrayBuffer());
}

const functions = {
  validate(bytes) {
    need(arguments.length, 1, "WebAssembly.validate()");
    const source = toBytes(bytes, "WebAssembly.validate(): Argument 0");
    return lengthOf(source) > 0 && ask(REQUEST.COMPILE, 1, source, null) === 0;
  },
  async compile(bytes) {
    need(arguments.length, 1, "WebAssembly.compile()");
    return new Module(KEY, compileModule(bytes, "WebAssembly.compile()"));
  },
  async instantiate(source, imports = undefined) {
    need(arguments.length, 1, "WebAssembly.instantiate()");
    if (imports !== undefined && !isObject(imports)) throw new TypeError("WebAssembly.instantiate(): Argument 1 must be an object");
    if (isModule(source)) return new Instance(source, imports);
    const module = new Module(KEY, compileModule(source, "WebAssembly.instantiate()"));
    await undefined;
    return { module, instance: new Instance(module, imports) };
  },
  async compileStreaming(source) {
    return new Module(KEY, compileModule(await streamed(source, "WebAssembly.compileStreaming()"), "WebAssembly.compileStreaming()"));
  },
  async instantiateStreaming(source, imports = undefined) {
    const module = new Module(KEY, compileModule(await streamed(source, "WebAssembly.instantiateStreaming()"), "WebAssembly.instantiateStreaming()"));
    return { module, instance: new Instance(module, imports) };
  },
};
for (const name of ["validate", "compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
  Object.defineProperty(WebAssembly, name, { value: functions[name], writable: true, enumerable: true, configurable: true });
}
