// FormData: a list of names and values, which are strings or files. Start at the class.

const { expose, need, toUSVString, isObject, brands, inspectors } = internal.idl;
const { mixPairs, filterPairs } = internal.pairs;
const { blobs } = internal;

let listOf;
let isFormData;

class FormData {
  #list = [];

  constructor(form = undefined) {
    if (form !== undefined) throw new TypeError("FormData: there are no forms here, so the argument must be undefined");
  }
  append(name, value, filename = undefined) {
    const list = this.#list;
    need(arguments.length, 2, "FormData.append");
    const key = toUSVString(name);
    const entry = entryOf(value, filename, "FormData.append");
    const { length } = list;
    list[length] = key;
    list[length + 1] = entry;
  }
  delete(name) {
    const list = this.#list;
    need(arguments.length, 1, "FormData.delete");
    const key = toUSVString(name);
    filterPairs(list, (other) => other !== key);
  }
  get(name) {
    const list = this.#list;
    need(arguments.length, 1, "FormData.get");
    const at = find(list, toUSVString(name));
    return at === -1 ? null : list[at + 1];
  }
  getAll(name) {
    const list = this.#list;
    need(arguments.length, 1, "FormData.getAll");
    const key = toUSVString(name);
    const values = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === key) values[values.length] = list[i + 1];
    return values;
  }
  has(name) {
    const list = this.#list;
    need(arguments.length, 1, "FormData.has");
    return find(list, toUSVString(name)) !== -1;
  }
  set(name, value, filename = undefined) {
    const list = this.#list;
    need(arguments.length, 2, "FormData.set");
    const key = toUSVString(name);
    const entry = entryOf(value, filename, "FormData.set");
    const at = find(list, key);
    if (at === -1) {
      const { length } = list;
      list[length] = key;
      list[length + 1] = entry;
      return;
    }
    list[at + 1] = entry;
    let seen = false;
    filterPairs(list, (other) => other !== key || (!seen && (seen = true)));
  }
  static {
    listOf = (form) => form.#list;
    isFormData = (value) => isObject(value) && #list in value;
  }
}
mixPairs(FormData, "FormData", (form) => listOf(form));
expose(FormData);
brands.push(isFormData);
inspectors.set(FormData.prototype, (form, show) => {
  const list = listOf(form);
  const pairs = [];
  for (let i = 0; i < list.length; i += 2) pairs.push([list[i], list[i + 1]]);
  return show.entries(form, pairs, ": ");
});

function find(list, key) {
  for (let i = 0; i < list.length; i += 2) if (list[i] === key) return i;
  return -1;
}

// A blob is kept as a file, whose name is "blob" if it has none.
function entryOf(value, filename, what) {
  if (blobs.is(value)) {
    if (blobs.isFile(value) && filename === undefined) return value;
    const name = filename === undefined ? "blob" : toUSVString(filename);
    return blobs.createFile(blobs.bytesOf(value), blobs.typeOf(value), name, blobs.isFile(value) ? blobs.timeOf(value) : undefined);
  }
  if (filename !== undefined) throw new TypeError(`${what}: the value must be a Blob when there is a name of a file`);
  return toUSVString(value);
}

internal.forms = {
  is: isFormData, listOf,
  create: (list) => {
    const form = new FormData();
    const into = listOf(form);
    for (let i = 0; i < list.length; i++) into[i] = list[i];
    return form;
  },
};
