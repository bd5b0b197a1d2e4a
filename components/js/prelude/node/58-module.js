// node:module. Programs are whole before they start: `require` of what they did not name is a lookup in what they brought.

const { modules, refuse, checkArgument: check, invalidValue } = internal;
const { ArrayPrototypeIncludes, ObjectKeys, StringPrototypeSlice, StringPrototypeStartsWith } = internal.primordials;
const { ObjectAssign } = internal.primordials;
const path = modules["node:path"];

function createRequire(from) {
  let name = from;
  if (from !== null && typeof from === "object" && typeof from.href === "string") name = from.href;
  if (typeof name !== "string" || !(StringPrototypeStartsWith(name, "file://") || path.isAbsolute(name))) {
    throw invalidValue("filename", from, "must be a file URL object, file URL string, or absolute path string");
  }
  return sys.require(name);
}

const PREFIXED = ["node:test"];

// The names that programs may leave the scheme out of, and those that need it.
const builtinModules = [];

function isBuiltin(name) {
  if (typeof name !== "string") return false;
  if (StringPrototypeStartsWith(name, "node:")) return modules[name] !== undefined;
  return modules[`node:${name}`] !== undefined && !ArrayPrototypeIncludes(PREFIXED, `node:${name}`);
}

function Module(id = "", parent = undefined) {
  this.id = id;
  this.path = path.dirname(id);
  this.exports = {};
  this.filename = null;
  this.loaded = false;
  this.children = [];
  this.paths = [];
  if (parent !== undefined) this.parent = parent;
}
Module.prototype.require = function require(name) {
  check.string(name, "id");
  return createRequire(this.filename ?? path.resolve(this.id || "."))(name);
};
Module.prototype._compile = function _compile(content, filename) {
  const compiled = new Function("exports", "require", "module", "__filename", "__dirname", `${content}`);
  return internal.primordials.ReflectApply(compiled, this.exports, [this.exports, createRequire(path.resolve(filename)), this, filename, path.dirname(filename)]);
};

ObjectAssign(Module, {
  builtinModules,
  createRequire,
  isBuiltin,
  Module,
  _cache: { __proto__: null },
  _extensions: { __proto__: null, ".js"() {}, ".json"() {}, ".node"() {} },
  _pathCache: { __proto__: null },
  globalPaths: [],
  _nodeModulePaths(from) {
    const found = [];
    for (let at = path.resolve(from); ; at = path.dirname(at)) {
      if (path.basename(at) !== "node_modules") found[found.length] = path.join(at, "node_modules");
      if (at === "/") return found;
    }
  },
  _resolveFilename(name, parent) {
    return createRequire(parent?.filename ?? path.resolve("entry.js")).resolve(name);
  },
  _load(name, parent) {
    return createRequire(parent?.filename ?? path.resolve("entry.js"))(name);
  },
  _findPath: () => false,
  _initPaths() {},
  _preloadModules() {},
  wrap: (code) => `(function (exports, require, module, __filename, __dirname) { ${code}\n});`,
  wrapper: ["(function (exports, require, module, __filename, __dirname) { ", "\n});"],
  register: refuse("module.register()", "programs are put together before they start"),
  registerHooks: refuse("module.registerHooks()", "programs are put together before they start"),
  syncBuiltinESMExports() {},
  findSourceMap: () => undefined,
  SourceMap: internal.refuseClass("module.SourceMap"),
  enableCompileCache: () => ({ status: 3 }),
  getCompileCacheDir: () => undefined,
  stripTypeScriptTypes: refuse("module.stripTypeScriptTypes()"),
  runMain() {},
});
modules["node:module"] = Module;

// Called when every module is there.
internal.listBuiltins = () => {
  const names = ObjectKeys(modules);
  for (let i = 0; i < names.length; i++) {
    if (!StringPrototypeStartsWith(names[i], "node:") || ArrayPrototypeIncludes(PREFIXED, names[i])) continue;
    builtinModules[builtinModules.length] = StringPrototypeSlice(names[i], 5);
  }
  builtinModules.sort();
};
