// `require` of names that a program computes: what is not in the program is read from files that were granted, as Node.js finds them.
// Start at `requireGranted`, which the guest calls when the program has no such module.
//
// Only CommonJS and JSON: other modules are made ready before a program starts. Invariant: nothing is read that the program could not
// read itself, and what it names in its source is never looked for here.

const { modules, nodeError, fs } = internal;
const { resolve, dirname, join } = modules["node:path"];
const { statSync } = modules["node:fs"];
const { readFileSync } = fs.sync;
const {
  ArrayIsArray, ArrayPrototypeIncludes, Function, JSONParse, ObjectHasOwn, ObjectKeys, ReflectApply, StringPrototypeEndsWith, StringPrototypeIndexOf, StringPrototypeLastIndexOf,
  StringPrototypeSlice, StringPrototypeStartsWith,
} = internal.primordials;

const CONDITIONS = ["b8g", "node", "require", "module-sync", "default"];
const EXTENSIONS = ["", ".js", ".json", ".cjs"];
const FILE_MAX = 16 << 20;
const DEPTH_MAX = 32;
const loaded = { __proto__: null };
let looking = false;

const missing = (base, specifier, why) => nodeError(Error, "MODULE_NOT_FOUND", `Cannot find module '${specifier}' imported from ${base}${why}`);

// What is at a path: "file", "directory" or nothing.
function kindOf(path) {
  let stats;
  try {
    stats = statSync(path, { __proto__: null, throwIfNoEntry: false });
  } catch (error) {
    if (error.code === "EACCES" || error.code === "ENOTDIR" || error.code === "ENAMETOOLONG" || error.code === "ELOOP") return error.code;
    throw error;
  }
  return stats === undefined ? undefined : stats.isFile() ? "file" : stats.isDirectory() ? "directory" : undefined;
}

const read = (path) => {
  if (statSync(path).size > FILE_MAX) throw nodeError(RangeError, "ERR_FS_FILE_TOO_LARGE", `File size of '${path}' is greater than ${FILE_MAX} bytes`);
  return readFileSync(path, "utf8");
};
const manifestOf = (directory) => (kindOf(join(directory, "package.json")) === "file" ? JSONParse(read(join(directory, "package.json"))) : undefined);

// The file that a path means without or with an extension, or as a directory.
function fileAt(path, search) {
  for (let i = 0; i < EXTENSIONS.length; i++) {
    const kind = kindOf(`${path}${EXTENSIONS[i]}`);
    if (kind === "file") return `${path}${EXTENSIONS[i]}`;
    if (kind === "EACCES") search.denied ??= `${path}${EXTENSIONS[i]}`;
  }
  if (kindOf(path) !== "directory") return undefined;
  const main = manifestOf(path)?.main;
  const named = typeof main === "string" && main !== "" && main !== "." ? fileAt(join(path, main), search) : undefined;
  if (named !== undefined) return named;
  for (let i = 1; i < EXTENSIONS.length; i++) {
    const index = join(path, `index${EXTENSIONS[i]}`);
    if (kindOf(index) === "file") return index;
  }
  return undefined;
}

// What a target of `exports` leads to, by the conditions that hold here.
function target(value, star, depth) {
  if (depth > DEPTH_MAX) return undefined;
  if (typeof value === "string") {
    const at = StringPrototypeIndexOf(value, "*");
    return at < 0 || star === undefined ? value : `${StringPrototypeSlice(value, 0, at)}${star}${StringPrototypeSlice(value, at + 1)}`;
  }
  if (value === null || typeof value !== "object") return undefined;
  if (ArrayIsArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const found = target(value[i], star, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const keys = ObjectKeys(value);
  for (let i = 0; i < keys.length; i++) {
    const found = ArrayPrototypeIncludes(CONDITIONS, keys[i]) ? target(value[keys[i]], star, depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

// What a package exports under a name that begins with a dot.
function exported(exports, name) {
  const isMap = exports !== null && typeof exports === "object" && !ArrayIsArray(exports) && StringPrototypeStartsWith(ObjectKeys(exports)[0] ?? "", ".");
  if (!isMap) return name === "." ? target(exports, undefined, 0) : undefined;
  if (ObjectHasOwn(exports, name)) return target(exports[name], undefined, 0);
  const keys = ObjectKeys(exports);
  for (let i = 0; i < keys.length; i++) {
    const at = StringPrototypeIndexOf(keys[i], "*");
    if (at < 0) continue;
    const before = StringPrototypeSlice(keys[i], 0, at);
    const after = StringPrototypeSlice(keys[i], at + 1);
    if (name.length < before.length + after.length || !StringPrototypeStartsWith(name, before) || !StringPrototypeEndsWith(name, after)) continue;
    return target(exports[keys[i]], StringPrototypeSlice(name, before.length, name.length - after.length), 0);
  }
  return undefined;
}

// A package in one of the folders node_modules above a directory.
function packaged(directory, specifier, search) {
  const first = StringPrototypeIndexOf(specifier, "/");
  const end = specifier[0] === "@" && first >= 0 ? StringPrototypeIndexOf(specifier, "/", first + 1) : first;
  const name = end < 0 ? specifier : StringPrototypeSlice(specifier, 0, end);
  const rest = end < 0 ? "" : StringPrototypeSlice(specifier, end);
  for (let at = directory; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    const kind = kindOf(folder);
    if (kind === "directory") {
      const exports = manifestOf(folder)?.exports;
      if (exports === undefined || exports === null) return fileAt(`${folder}${rest}`, search);
      const found = exported(exports, `.${rest}`);
      return found === undefined || !StringPrototypeStartsWith(found, "./") ? undefined : fileAt(join(folder, found), search);
    }
    if (kind === "EACCES") search.denied ??= folder;
    if (at === dirname(at)) return undefined;
  }
}

function find(base, specifier) {
  const search = { __proto__: null, denied: undefined };
  const from = dirname(resolve(base));
  const isPath = specifier[0] === "/" || specifier === "." || specifier === ".." || StringPrototypeStartsWith(specifier, "./") || StringPrototypeStartsWith(specifier, "../");
  const found = isPath ? fileAt(resolve(from, specifier), search) : packaged(from, specifier, search);
  if (found !== undefined) return found;
  if (search.denied === undefined) throw missing(base, specifier, "");
  throw missing(base, specifier, `: what a program computes the name of is read as a file, which was not granted; run again with --allow-read=${internal.toPath(search.denied)}`);
}

// The nearest package.json says what its files are.
function isModule(path) {
  if (StringPrototypeEndsWith(path, ".mjs")) return true;
  if (!StringPrototypeEndsWith(path, ".js")) return false;
  for (let at = dirname(path); ; at = dirname(at)) {
    const manifest = manifestOf(at);
    if (manifest !== undefined) return manifest?.type === "module";
    if (at === dirname(at)) return false;
  }
}

function load(path) {
  const known = loaded[path];
  if (known !== undefined) return known.exports;
  if (StringPrototypeEndsWith(path, ".json")) return (loaded[path] = { exports: JSONParse(read(path)) }).exports;
  const dot = StringPrototypeLastIndexOf(path, ".");
  const extension = dot < 0 ? "" : StringPrototypeSlice(path, dot);
  if (isModule(path) || extension === ".ts" || extension === ".mts" || extension === ".cts" || extension === ".tsx" || extension === ".jsx" || extension === ".node") {
    const what = extension === ".node" ? "it is machine code" : "only CommonJS and JSON can be loaded by a name that the program computes";
    throw nodeError(Error, "ERR_REQUIRE_ESM", `require() of ${path} is not supported: ${what}`);
  }
  const module = new modules["node:module"].Module(path);
  module.filename = path;
  loaded[path] = module;
  try {
    const text = read(path);
    const code = StringPrototypeStartsWith(text, "#!") ? `//${text}` : text;
    const compiled = new Function("exports", "require", "module", "__filename", "__dirname", code);
    ReflectApply(compiled, module.exports, [module.exports, sys.require(path), module, path, dirname(path)]);
  } catch (error) {
    delete loaded[path];
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

// What a module that is in the program exports; undefined if it is not.
function inProgram(path, only) {
  looking = true;
  try {
    const require = sys.require("entry.js");
    return { value: only ? require.resolve(path) : require(path) };
  } catch (error) {
    if (error?.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  } finally {
    looking = false;
  }
}

// Answers {value}: what a module exports, or with `only` where it is. Undefined: nobody is to look here.
internal.requireGranted = (base, specifier, only) => {
  if (looking) return undefined;
  const path = find(base, specifier);
  return inProgram(path, only) ?? { value: only ? path : load(path) };
};
