// URLSearchParams. Its pairs are one flat list (name, value, name, value); with an owner, every change is written to the
// owner's query. Invariant: owner and list never disagree between two calls of a guest.

const {
  expose, need, toUSVString, toCallback, toSequence, isObject, iteratorPrototype, symbolIterator, brands, inspectors,
} = internal.idl;
const { formParse, formSerialize } = internal.urlEncoding;
const { ownKeys, getOwnPropertyDescriptor, apply } = Reflect;
const {
  ArrayPrototypePush: push, ArrayPrototypeSort: sort, Map, MapPrototypeForEach: forEachInMap, MapPrototypeSet: setInMap,
  StringPrototypeSlice: slice,
} = internal.primordials;

let listOf;
let connect;
let replaceList;
let isParams;

class URLSearchParams {
  #list = [];
  #owner = null;

  constructor(init = "") {
    if (isObject(init)) {
      this.#list = fromObject(init);
    } else {
      const text = toUSVString(init);
      this.#list = formParse(text[0] === "?" ? slice(text, 1) : text);
    }
  }
  #changed() {
    if (this.#owner !== null) this.#owner();
  }
  get size() { return this.#list.length / 2; }
  append(name, value) {
    this.#list;
    need(arguments.length, 2, "URLSearchParams.append");
    const key = toUSVString(name);
    push(this.#list, key, toUSVString(value));
    this.#changed();
  }
  delete(name, value = undefined) {
    this.#list;
    need(arguments.length, 1, "URLSearchParams.delete");
    const key = toUSVString(name);
    const wanted = value === undefined ? undefined : toUSVString(value);
    this.#list = filterPairs(this.#list, (pair, item) => pair !== key || (wanted !== undefined && item !== wanted));
    this.#changed();
  }
  get(name) {
    this.#list;
    need(arguments.length, 1, "URLSearchParams.get");
    const at = find(this.#list, toUSVString(name), undefined);
    return at === -1 ? null : this.#list[at + 1];
  }
  getAll(name) {
    this.#list;
    need(arguments.length, 1, "URLSearchParams.getAll");
    const key = toUSVString(name);
    const values = [];
    for (let i = 0; i < this.#list.length; i += 2) if (this.#list[i] === key) push(values, this.#list[i + 1]);
    return values;
  }
  has(name, value = undefined) {
    this.#list;
    need(arguments.length, 1, "URLSearchParams.has");
    const key = toUSVString(name);
    return find(this.#list, key, value === undefined ? undefined : toUSVString(value)) !== -1;
  }
  set(name, value) {
    this.#list;
    need(arguments.length, 2, "URLSearchParams.set");
    const key = toUSVString(name);
    const text = toUSVString(value);
    let found = false;
    this.#list = filterPairs(this.#list, (pair) => pair !== key || (!found && (found = true)));
    if (found) this.#list[find(this.#list, key, undefined) + 1] = text;
    else push(this.#list, key, text);
    this.#changed();
  }
  sort() {
    const pairs = [];
    for (let i = 0; i < this.#list.length; i += 2) push(pairs, [this.#list[i], this.#list[i + 1]]);
    sort(pairs, (a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    for (let i = 0; i < pairs.length; i++) {
      this.#list[2 * i] = pairs[i][0];
      this.#list[2 * i + 1] = pairs[i][1];
    }
    this.#changed();
  }
  entries() {
    this.#list;
    return new SearchParamsIterator(this, BOTH);
  }
  forEach(callback, thisArg = undefined) {
    this.#list;
    need(arguments.length, 1, "URLSearchParams.forEach");
    toCallback(callback, "URLSearchParams.forEach: callback");
    for (let i = 0; i < this.#list.length; i += 2) apply(callback, thisArg, [this.#list[i + 1], this.#list[i], this]);
  }
  keys() {
    this.#list;
    return new SearchParamsIterator(this, NAMES);
  }
  values() {
    this.#list;
    return new SearchParamsIterator(this, VALUES);
  }
  toString() { return formSerialize(this.#list); }

  static {
    listOf = (params) => params.#list;
    isParams = (value) => isObject(value) && #list in value;
    connect = (query, owner) => {
      const params = new URLSearchParams();
      params.#list = query === null ? [] : formParse(query);
      params.#owner = owner;
      return params;
    };
    replaceList = (params, query) => { params.#list = query === null ? [] : formParse(query); };
  }
}
expose(URLSearchParams);
internal.define(URLSearchParams.prototype, symbolIterator, URLSearchParams.prototype.entries);
brands.push(isParams);
inspectors.set(URLSearchParams.prototype, (params, show) => {
  const list = listOf(params);
  const pairs = [];
  for (let i = 0; i < list.length; i += 2) push(pairs, [list[i], list[i + 1]]);
  return show.entries(params, pairs, " => ");
});

function find(list, key, value) {
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === key && (value === undefined || list[i + 1] === value)) return i;
  }
  return -1;
}

function filterPairs(list, keep) {
  const out = [];
  for (let i = 0; i < list.length; i += 2) if (keep(list[i], list[i + 1])) push(out, list[i], list[i + 1]);
  return out;
}

// A sequence of pairs, or a record of strings.
function fromObject(init) {
  const list = [];
  if (init[symbolIterator] !== undefined && init[symbolIterator] !== null) {
    const pairs = toSequence(init, "URLSearchParams: init");
    for (let i = 0; i < pairs.length; i++) {
      const items = toSequence(pairs[i], "URLSearchParams: each pair");
      if (items.length !== 2) throw new TypeError("URLSearchParams: each pair must be a name and a value");
      push(list, toUSVString(items[0]), toUSVString(items[1]));
    }
    return list;
  }
  const record = new Map();
  const keys = ownKeys(init);
  for (let i = 0; i < keys.length; i++) {
    if (getOwnPropertyDescriptor(init, keys[i])?.enumerable) setInMap(record, toUSVString(keys[i]), toUSVString(init[keys[i]]));
  }
  forEachInMap(record, (value, key) => push(list, key, value));
  return list;
}

const BOTH = 0, NAMES = 1, VALUES = 2;

class SearchParamsIterator {
  #params;
  #what;
  #at = 0;
  constructor(params, what) {
    this.#params = params;
    this.#what = what;
  }
  next() {
    const list = listOf(this.#params);
    const at = this.#at;
    if (at >= list.length) return { value: undefined, done: true };
    this.#at = at + 2;
    const what = this.#what;
    const value = what === BOTH ? [list[at], list[at + 1]] : what === NAMES ? list[at] : list[at + 1];
    return { value, done: false };
  }
}
delete SearchParamsIterator.prototype.constructor;
Object.setPrototypeOf(SearchParamsIterator.prototype, iteratorPrototype);
expose(SearchParamsIterator, { name: "URLSearchParams Iterator", hidden: true });

// The query that a URL has by its parameters.
function queryOf(params) {
  const list = listOf(params);
  return list.length === 0 ? null : formSerialize(list);
}

internal.searchParams = { is: isParams, connect, replaceList, queryOf };
