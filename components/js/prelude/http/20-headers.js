// Headers. One flat list of names in lower case and values, in the order in which they came; sorted and combined when a program
// iterates. Start at the class.
// Invariant: every name in a list is a token and every value one that a head may carry: no control character ends a line early.

const { apply, expose, need, toSequence, isObject, symbolIterator, brands, inspectors } = internal.idl;
const { mixPairs, filterPairs, copyList, lower, cut, codeAt, matches } = internal.pairs;
const { ownKeys, getOwnPropertyDescriptor } = Reflect;
const sortArray = Array.prototype.sort;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_BYTES = /[^\x00-\xff]/;
const NOT_A_VALUE = /[\x00\r\n]/;
const SPACE_AT_END = /^[\t\n\r ]|[\t\n\r ]$/;

function toByteString(value, what) {
  const string = typeof value === "string" ? value : `${value}`;
  const found = matches(NOT_BYTES, string);
  if (found !== null) {
    throw new TypeError(`${what}: the character at index ${found.index} has a value of ${codeAt(string, found.index)} which is greater than 255`);
  }
  return string;
}

function toName(value, what) {
  const name = toByteString(value, what);
  if (matches(TOKEN, name) === null) throw new TypeError(`${what}: ${quoted(name)} is an invalid header name`);
  return lower(name);
}

function isSpace(code) {
  return code === 32 || code === 9 || code === 10 || code === 13;
}

function toValue(value, what) {
  let text = toByteString(value, what);
  if (matches(SPACE_AT_END, text) !== null) {
    let start = 0;
    let end = text.length;
    while (start < end && isSpace(codeAt(text, start))) start++;
    while (end > start && isSpace(codeAt(text, end - 1))) end--;
    text = cut(text, start, end);
  }
  if (matches(NOT_A_VALUE, text) !== null) throw new TypeError(`${what}: ${quoted(text)} is an invalid header value`);
  return text;
}

const stringify = JSON.stringify;
const quoted = (text) => stringify(text);

let recordOf;
let isHeaders;
let create;

class Headers {
  // `sorted` is what iterating gives, until the list changes.
  #record = { list: [], sorted: null, immutable: false };

  constructor(init = undefined) {
    if (init === undefined) return;
    if (!isObject(init)) throw new TypeError("Headers: init must be an object, a sequence of pairs or Headers");
    fill(this.#record.list, init);
  }
  append(name, value) {
    const record = this.#record;
    need(arguments.length, 2, "Headers.append");
    const key = toName(name, "Headers.append");
    const text = toValue(value, "Headers.append");
    changing(record);
    append(record.list, key, text);
  }
  delete(name) {
    const record = this.#record;
    need(arguments.length, 1, "Headers.delete");
    const key = toName(name, "Headers.delete");
    changing(record);
    filterPairs(record.list, (other) => other !== key);
  }
  get(name) {
    const record = this.#record;
    need(arguments.length, 1, "Headers.get");
    return get(record.list, toName(name, "Headers.get"));
  }
  getSetCookie() {
    const { list } = this.#record;
    const values = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === "set-cookie") values[values.length] = list[i + 1];
    return values;
  }
  has(name) {
    const record = this.#record;
    need(arguments.length, 1, "Headers.has");
    return get(record.list, toName(name, "Headers.has")) !== null;
  }
  set(name, value) {
    const record = this.#record;
    need(arguments.length, 2, "Headers.set");
    const key = toName(name, "Headers.set");
    const text = toValue(value, "Headers.set");
    changing(record);
    set(record.list, key, text);
  }
  static {
    recordOf = (headers) => headers.#record;
    isHeaders = (value) => isObject(value) && #record in value;
    create = (list, immutable) => {
      const headers = new Headers();
      headers.#record.list = list;
      headers.#record.immutable = immutable;
      return headers;
    };
  }
}
mixPairs(Headers, "Headers", (headers) => sorted(recordOf(headers)));
expose(Headers);
brands.push(isHeaders);
inspectors.set(Headers.prototype, (headers, show) => {
  const list = sorted(recordOf(headers));
  const pairs = [];
  for (let i = 0; i < list.length; i += 2) pairs.push([list[i], list[i + 1]]);
  return show.entries(headers, pairs, ": ");
});

function changing(record) {
  if (record.immutable) throw new TypeError("immutable");
  record.sorted = null;
}

function append(list, name, value) {
  const { length } = list;
  list[length] = name;
  list[length + 1] = value;
}

function get(list, name) {
  let found = null;
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === name) found = found === null ? list[i + 1] : `${found}${name === "cookie" ? "; " : ", "}${list[i + 1]}`;
  }
  return found;
}

function set(list, name, value) {
  let placed = false;
  for (let i = 0; i < list.length && !placed; i += 2) {
    if (list[i] !== name) continue;
    list[i + 1] = value;
    placed = true;
    let first = true;
    filterPairs(list, (other) => other !== name || (first && !(first = false)));
  }
  if (!placed) append(list, name, value);
}

// The list as iterating gives it: by name, values of one name combined, but each cookie that is set by itself.
function sorted(record) {
  if (record.sorted !== null) return record.sorted;
  const { list } = record;
  const names = [];
  for (let i = 0; i < list.length; i += 2) {
    let known = false;
    for (let j = 0; j < names.length && !known; j++) known = names[j] === list[i];
    if (!known) names[names.length] = list[i];
  }
  apply(sortArray, names, []);
  const out = [];
  for (let i = 0; i < names.length; i++) {
    if (names[i] === "set-cookie") {
      for (let j = 0; j < list.length; j += 2) if (list[j] === "set-cookie") append(out, list[j], list[j + 1]);
    } else {
      append(out, names[i], get(list, names[i]));
    }
  }
  record.sorted = out;
  return out;
}

// Appends what a HeadersInit says: Headers, pairs, or a record of strings.
function fill(list, init) {
  if (isHeaders(init) && init[symbolIterator] === Headers.prototype.entries) {
    const other = recordOf(init).list;
    for (let i = 0; i < other.length; i++) list[list.length] = other[i];
    return;
  }
  const method = init[symbolIterator];
  if (method !== undefined && method !== null) {
    const pairs = toSequence(init, "Headers: init");
    for (let i = 0; i < pairs.length; i++) {
      if (!isObject(pairs[i])) throw new TypeError("Headers: each pair must be a sequence");
      const pair = toSequence(pairs[i], "Headers: each pair");
      if (pair.length !== 2) throw new TypeError("Headers: each pair must be a name and a value");
      append(list, toName(pair[0], "Headers"), toValue(pair[1], "Headers"));
    }
    return;
  }
  const keys = ownKeys(init);
  for (let i = 0; i < keys.length; i++) {
    if (!getOwnPropertyDescriptor(init, keys[i])?.enumerable) continue;
    append(list, toName(keys[i], "Headers"), toValue(init[keys[i]], "Headers"));
  }
}

// A list of what a HeadersInit says.
function listOf(init) {
  if (init === undefined || init === null) return [];
  if (!isObject(init)) throw new TypeError("headers must be an object, a sequence of pairs or Headers");
  if (isHeaders(init)) return copyList(recordOf(init).list);
  const list = [];
  fill(list, init);
  return list;
}

internal.headers = {
  TOKEN, is: isHeaders, create, listOf, get, append, toValue, toByteString,
  of: (headers) => recordOf(headers).list,
  isFixed: (headers) => recordOf(headers).immutable,
  remove: (list, name) => filterPairs(list, (other) => other !== name),
};
