// What Node.js tells of its engine and its threads: node:perf_hooks, node:v8, node:worker_threads, node:vm.

const { modules, refuse, refuseClass, checkArgument: check, invalidType } = internal;
const { ArrayPrototypePush } = internal.primordials;
const { ObjectAssign } = internal.primordials;

// ---- perf_hooks ----

const { performance } = globalThis;
class PerformanceObserver {
  static supportedEntryTypes = Object.freeze(["mark", "measure"]);
  constructor(callback) {
    check.function(callback, "callback");
  }
  observe() {}
  disconnect() {}
  takeRecords() {
    return [];
  }
}
const timerify = (fn) => fn;
const eventLoopUtilization = () => ({ idle: 0, active: 0, utilization: 0 });
ObjectAssign(performance, { timerify, eventLoopUtilization });
modules["node:perf_hooks"] = {
  PerformanceEntry: globalThis.PerformanceEntry,
  PerformanceMark: globalThis.PerformanceMark,
  PerformanceMeasure: globalThis.PerformanceMeasure,
  PerformanceObserver,
  PerformanceObserverEntryList: refuseClass("PerformanceObserverEntryList"),
  Performance: globalThis.Performance,
  monitorEventLoopDelay: refuse("perf_hooks.monitorEventLoopDelay()"),
  createHistogram: refuse("perf_hooks.createHistogram()"),
  performance,
  timerify,
  eventLoopUtilization,
  constants: Object.freeze({ NODE_PERFORMANCE_GC_MAJOR: 4, NODE_PERFORMANCE_GC_MINOR: 1, NODE_PERFORMANCE_GC_INCREMENTAL: 8, NODE_PERFORMANCE_GC_WEAKCB: 16 }),
};

// ---- v8 ----

const heap = () => {
  const [all, allocated, used] = sys.memoryUsage();
  return { all, allocated, used };
};
const OTHER_ENGINE = "the engine is another one";
modules["node:v8"] = {
  cachedDataVersionTag: () => 0,
  getHeapSnapshot: refuse("v8.getHeapSnapshot()", OTHER_ENGINE),
  getHeapStatistics() {
    const { all, allocated, used } = heap();
    return {
      total_heap_size: allocated, total_heap_size_executable: 0, total_physical_size: all, total_available_size: all, used_heap_size: used,
      heap_size_limit: 2 ** 32, malloced_memory: allocated, peak_malloced_memory: allocated, does_zap_garbage: 0, number_of_native_contexts: 1,
      number_of_detached_contexts: 0, total_global_handles_size: 0, used_global_handles_size: 0, external_memory: 0,
    };
  },
  getHeapSpaceStatistics: () => [],
  getHeapCodeStatistics: () => ({ code_and_metadata_size: 0, bytecode_and_metadata_size: 0, external_script_source_size: 0, cpu_profiler_metadata_size: 0 }),
  setFlagsFromString() {},
  writeHeapSnapshot: refuse("v8.writeHeapSnapshot()", OTHER_ENGINE),
  takeCoverage() {},
  stopCoverage() {},
  serialize: refuse("v8.serialize()", "use JSON or structuredClone"),
  deserialize: refuse("v8.deserialize()", "use JSON or structuredClone"),
  Serializer: refuseClass("v8.Serializer", OTHER_ENGINE),
  Deserializer: refuseClass("v8.Deserializer", OTHER_ENGINE),
  DefaultSerializer: refuseClass("v8.DefaultSerializer", OTHER_ENGINE),
  DefaultDeserializer: refuseClass("v8.DefaultDeserializer", OTHER_ENGINE),
  promiseHooks: { createHook: () => () => {}, onInit: () => () => {}, onBefore: () => () => {}, onAfter: () => () => {}, onSettled: () => () => {} },
  startupSnapshot: { isBuildingSnapshot: () => false, addSerializeCallback() {}, addDeserializeCallback() {}, setDeserializeMainFunction() {} },
};

// ---- worker_threads ----

const TASKS = "use tasks of the module b8g";
class Worker extends internal.EventEmitter {
  constructor() {
    throw internal.unavailable("new Worker", TASKS);
  }
}
const shared = new Map();
const worker = {
  isMainThread: true,
  MessagePort: globalThis.MessagePort ?? refuseClass("MessagePort", TASKS),
  MessageChannel: globalThis.MessageChannel ?? refuseClass("MessageChannel", TASKS),
  BroadcastChannel: globalThis.BroadcastChannel ?? refuseClass("BroadcastChannel", TASKS),
  markAsUntransferable() {},
  isMarkedAsUntransferable: () => false,
  moveMessagePortToContext: refuse("worker_threads.moveMessagePortToContext()", TASKS),
  receiveMessageOnPort: refuse("worker_threads.receiveMessageOnPort()", TASKS),
  resourceLimits: {},
  SHARE_ENV: Symbol.for("nodejs.worker_threads.SHARE_ENV"),
  threadId: 0,
  parentPort: null,
  workerData: null,
  Worker,
  setEnvironmentData: (key, value) => (value === undefined ? void shared.delete(key) : void shared.set(key, value)),
  getEnvironmentData: (key) => shared.get(key),
};
modules["node:worker_threads"] = worker;

// ---- vm ----

const NO_CONTEXTS = "there are no contexts within a context; vm.runInThisContext() works";
const scriptName = (options) => `${(typeof options === "string" ? options : options?.filename) ?? "evalmachine.<anonymous>"}`;
class Script {
  #code;
  #name;
  constructor(code, options) {
    this.#code = `${code}`;
    this.#name = scriptName(options);
    sys.script(this.#code, this.#name, true);
  }
  runInThisContext() {
    return sys.script(this.#code, this.#name, false);
  }
  runInContext() {
    throw internal.unavailable("script.runInContext()", NO_CONTEXTS);
  }
  runInNewContext() {
    throw internal.unavailable("script.runInNewContext()", NO_CONTEXTS);
  }
  createCachedData() {
    return internal.Buffer.alloc(0);
  }
}
modules["node:vm"] = {
  Script,
  createContext: refuse("vm.createContext()", NO_CONTEXTS),
  createScript: (code, options) => new Script(code, options),
  runInContext: refuse("vm.runInContext()", NO_CONTEXTS),
  runInNewContext: refuse("vm.runInNewContext()", NO_CONTEXTS),
  runInThisContext: (code, options) => sys.script(`${code}`, scriptName(options), false),
  isContext(value) {
    if (value === null || typeof value !== "object") throw invalidType("object", "of type object", value);
    return false;
  },
  compileFunction(code, names = []) {
    const list = [];
    for (let i = 0; i < names.length; i++) ArrayPrototypePush(list, `${names[i]}`);
    return new Function(...list, `${code}`);
  },
  measureMemory: refuse("vm.measureMemory()"),
  constants: Object.freeze({ __proto__: null, USE_MAIN_CONTEXT_DEFAULT_LOADER: Symbol("vm_dynamic_import_main_context_default") }),
};

// ---- call sites, of which Error.prepareStackTrace gets a list: what other engines know of them besides ----

const { prepareStackTrace } = Error;
Error.prepareStackTrace = (error, sites) => sites;
const CallSite = Object.getPrototypeOf(new Error().stack[0]);
Error.prepareStackTrace = prepareStackTrace;
const { getFileName, getFunctionName, getLineNumber, getColumnNumber } = CallSite;
const { ReflectApply: ask } = internal.primordials;
const nothing = (value) => () => value;
const siteMethods = {
  getThis: nothing(undefined), getTypeName: nothing(null), getFunction: nothing(undefined), getMethodName: nothing(null), getEvalOrigin: nothing(undefined),
  isToplevel: nothing(true), isEval: nothing(false), isConstructor: nothing(false), isAsync: nothing(false), isPromiseAll: nothing(false),
  getPromiseIndex: nothing(null),
  getScriptNameOrSourceURL() {
    return ask(getFileName, this, []);
  },
  toString() {
    const name = ask(getFunctionName, this, []);
    const place = `${ask(getFileName, this, [])}:${ask(getLineNumber, this, [])}:${ask(getColumnNumber, this, [])}`;
    return name ? `${name} (${place})` : place;
  },
};
for (const name of internal.primordials.ObjectKeys(siteMethods)) if (!(name in CallSite) || name === "toString") internal.define(CallSite, name, siteMethods[name]);
