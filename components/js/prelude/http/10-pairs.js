// What the classes of HTTP share: lists of pairs that programs iterate, and strings of bytes.
// Start at `mixPairs`. Invariant: nothing here, or in the files after it, calls a method that a program can replace; lists are
// written by index, because a program can replace `push` and the iterator of arrays.

const { apply, expose, need, toCallback, iteratorPrototype, symbolIterator } = internal.idl;
const { setPrototypeOf } = Object;
const { charCodeAt, toLowerCase, slice: sliceString } = String.prototype;
const regexpExec = RegExp.prototype.exec;

const BOTH = 0, NAMES = 1, VALUES = 2;

const lower = (string) => apply(toLowerCase, string, []);
const cut = (string, from, to) => apply(sliceString, string, to === undefined ? [from] : [from, to]);
const codeAt = (string, at) => apply(charCodeAt, string, [at]);
const matches = (regexp, string) => apply(regexpExec, regexp, [string]);

// Gives a class what WebIDL's `iterable<name, value>` has. `listOf` answers a flat list, anew at each step, because the program may
// change it meanwhile.
function mixPairs(Class, name, listOf) {
  class PairIterator {
    #holder;
    #what;
    #at = 0;
    constructor(holder, what) {
      this.#holder = holder;
      this.#what = what;
    }
    next() {
      const list = listOf(this.#holder);
      const at = this.#at;
      if (at >= list.length) return { value: undefined, done: true };
      this.#at = at + 2;
      const what = this.#what;
      return { value: what === BOTH ? [list[at], list[at + 1]] : what === NAMES ? list[at] : list[at + 1], done: false };
    }
  }
  delete PairIterator.prototype.constructor;
  setPrototypeOf(PairIterator.prototype, iteratorPrototype);
  expose(PairIterator, { name: `${name} Iterator`, hidden: true });
  const methods = {
    entries() {
      listOf(this);
      return new PairIterator(this, BOTH);
    },
    forEach(callback, thisArg = undefined) {
      listOf(this);
      need(arguments.length, 1, `${name}.forEach`);
      toCallback(callback, `${name}.forEach: callback`);
      for (let i = 0; i < listOf(this).length; i += 2) {
        const list = listOf(this);
        apply(callback, thisArg, [list[i + 1], list[i], this]);
      }
    },
    keys() {
      listOf(this);
      return new PairIterator(this, NAMES);
    },
    values() {
      listOf(this);
      return new PairIterator(this, VALUES);
    },
  };
  for (const key of ["entries", "forEach", "keys", "values"]) internal.define(Class.prototype, key, methods[key]);
  internal.define(Class.prototype, symbolIterator, methods.entries);
}

// Takes the pairs out of a flat list for which `keep(name, value)` is false.
function filterPairs(list, keep) {
  let length = 0;
  for (let i = 0; i < list.length; i += 2) {
    if (!keep(list[i], list[i + 1])) continue;
    list[length] = list[i];
    list[length + 1] = list[i + 1];
    length += 2;
  }
  list.length = length;
}

function copyList(list) {
  const copy = [];
  for (let i = 0; i < list.length; i++) copy[i] = list[i];
  return copy;
}

internal.pairs = { mixPairs, filterPairs, copyList, lower, cut, codeAt, matches };
