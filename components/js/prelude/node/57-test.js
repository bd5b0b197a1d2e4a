// node:test: tests, suites and hooks, told as TAP; a mock for functions, methods and timers' simplest use. Start at `test`.
//
// Tests begin when the program's own code has run. When one of them fails the exit code is 1.

const { modules, process, inspect: show, checkArgument: check } = internal;
const {
  ArrayPrototypePush, JSONStringify, MathMax, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, Promise, ReflectApply,
  ReflectConstruct, StringPrototypeRepeat, StringPrototypeReplaceAll, StringPrototypeSplit,
} = internal.primordials;
const { ObjectAssign, ObjectGetPrototypeOf, ObjectKeys } = internal.primordials;
const HOOKS = ["before", "after", "beforeEach", "afterEach"];

function argumentsOf(name, options, fn) {
  if (typeof name === "function") [name, options, fn] = [name.name || "<anonymous>", {}, name];
  else if (name !== null && typeof name === "object") [name, options, fn] = ["<anonymous>", name, options];
  else if (typeof options === "function") [options, fn] = [{}, options];
  return { name: name === undefined ? fn?.name || "<anonymous>" : `${name}`, options: options ?? {}, fn: fn ?? (() => {}) };
}

class Test {
  constructor(parent, { name, options, fn }, suite) {
    ObjectAssign(this, {
      parent, name, options, fn, suite, children: [], error: undefined, state: "waiting", planned: undefined, asserted: 0, diagnostics: [], mocks: [],
      skip: options.skip ?? parent?.skip ?? false, todo: options.todo ?? false,
    });
    this.hooks = { before: [], after: [], beforeEach: [], afterEach: [] };
    this.done = new Promise((resolve) => (this.finish = resolve));
    this.only = Boolean(options.only);
    this.depth = parent === null ? -1 : parent.depth + 1;
    this.controller = new AbortController();
    this.started = false;
    this.ranBefore = false;
  }
  get failed() {
    return this.state === "failed";
  }
}

// What a test's function is given.
class TestContext {
  #test;
  constructor(test) {
    this.#test = test;
    this.mock = makeMock(test.mocks);
    this.assert = { ...internal.assert };
  }
  get name() {
    return this.#test.name;
  }
  get fullName() {
    let text = this.#test.name;
    for (let at = this.#test.parent; at !== null && at.parent !== null; at = at.parent) text = `${at.name} > ${text}`;
    return text;
  }
  get signal() {
    return this.#test.controller.signal;
  }
  test(...args) {
    return add(this.#test, argumentsOf(...args), false);
  }
  skip(message) {
    this.#test.skip = message ?? true;
  }
  todo(message) {
    this.#test.todo = message ?? true;
  }
  diagnostic(message) {
    ArrayPrototypePush(this.#test.diagnostics, `${message}`);
  }
  plan(count) {
    this.#test.planned = count;
  }
  before(fn) {
    ArrayPrototypePush(this.#test.hooks.before, fn);
  }
  after(fn) {
    ArrayPrototypePush(this.#test.hooks.after, fn);
  }
  beforeEach(fn) {
    ArrayPrototypePush(this.#test.hooks.beforeEach, fn);
  }
  afterEach(fn) {
    ArrayPrototypePush(this.#test.hooks.afterEach, fn);
  }
}

// ---- running ----

let root = null;
let current = null; // the suite whose function runs now

const print = (text) => process.stdout.write(`${text}\n`);
const pad = (test) => StringPrototypeRepeat("    ", MathMax(0, test.depth));

function start() {
  root = new Test(null, { name: "<root>", options: {}, fn: () => {} }, true);
  print("TAP version 13");
  // When the program's own code, and what it awaits at first, has run.
  internal.timers.setImmediate(() => void runAll());
}

async function runAll() {
  await runHooks(root, "before");
  const results = { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
  await runChildren(root, results);
  await runHooks(root, "after");
  print(`1..${root.children.length}`);
  const names = ObjectKeys(results);
  for (let i = 0; i < names.length; i++) print(`# ${names[i]} ${results[names[i]]}`);
  print(`# duration_ms ${sys.nowMono()}`);
  if (results.fail > 0) process.exitCode = 1;
}

async function runHooks(test, kind, ...args) {
  const hooks = test.hooks[kind];
  for (let i = 0; i < hooks.length; i++) await call(hooks[i], test, args);
}

// Calls a function of the program, whether it answers a promise or calls back.
function call(fn, self, args) {
  if (fn.length > args.length) {
    return new Promise((resolve, reject) => ReflectApply(fn, self, [...args, (error) => (error ? reject(error) : resolve())]));
  }
  return ReflectApply(fn, self, args);
}

async function runChildren(test, results) {
  let only = false;
  for (let i = 0; i < test.children.length; i++) if (test.children[i].only) only = true;
  // Tests may be added while others run.
  for (let i = 0; i < test.children.length; i++) {
    const child = test.children[i];
    if (only && !child.only && test.parent !== null) child.skip ||= "'only' option not set";
    await runOne(child, results, i + 1);
  }
}

async function runEach(test, kind, context) {
  const chain = [];
  for (let at = test.parent; at !== null; at = at.parent) ArrayPrototypePush(chain, at);
  if (kind === "beforeEach") for (let i = chain.length - 1; i >= 0; i--) await runHooks(chain[i], kind, context);
  else for (let i = 0; i < chain.length; i++) await runHooks(chain[i], kind, context);
}

async function runOne(test, results, number) {
  if (test.started) return;
  test.started = true;
  const begun = sys.nowMono();
  const context = new TestContext(test);
  test.results = results;
  test.number = number;
  if (test.depth >= 0) print(`${pad(test)}# Subtest: ${StringPrototypeReplaceAll(test.name, "#", "\\#")}`);
  try {
    if (!test.skip) {
      if (!test.suite) await runEach(test, "beforeEach", context);
      if (test.suite) {
        await runHooks(test, "before");
        if (test.error) throw test.error;
        await runChildren(test, results);
      } else {
        await withTimeout(test, () => call(test.fn, context, [context]));
        await runChildren(test, results);
        if (test.planned !== undefined && test.planned !== test.children.length + test.asserted) {
          throw new internal.AssertionError({ message: `plan expected ${test.planned} assertions but received ${test.children.length + test.asserted}` });
        }
      }
    }
  } catch (error) {
    test.error = { reason: error };
  }
  try {
    if (!test.skip) {
      await runHooks(test, "after", context);
      if (!test.suite) await runEach(test, "afterEach", context);
    }
  } catch (error) {
    test.error ??= { reason: error };
  }
  restore(test.mocks);
  let failures = 0;
  for (let i = 0; i < test.children.length; i++) if (test.children[i].failed && !test.children[i].todo) failures++;
  if (test.error === undefined && failures > 0) test.error = { reason: new Error(`${failures} subtest${failures > 1 ? "s" : ""} failed`) };
  test.state = test.error === undefined ? "passed" : "failed";
  tell(test, number, sys.nowMono() - begun);
  if (test.suite) results.suites++;
  else {
    results.tests++;
    if (test.skip) results.skipped++;
    else if (test.todo) results.todo++;
    else if (test.failed) results.fail++;
    else results.pass++;
  }
  if (test.suite && test.failed && failures === 0) results.fail++;
  test.finish();
}

function withTimeout(test, run) {
  const { timeout } = test.options;
  if (timeout === undefined || timeout === Infinity) return run();
  return new Promise((resolve, reject) => {
    const timer = internal.timers.setTimeout(() => {
      test.controller.abort();
      reject(new Error(`test timed out after ${timeout}ms`));
    }, timeout);
    Promise.resolve().then(run).then(resolve, reject).finally(() => internal.timers.clearTimeout(timer));
  });
}

function tell(test, number, ms) {
  const indent = pad(test);
  if (test.children.length > 0) print(`${indent}    1..${test.children.length}`);
  const note = test.skip ? ` # SKIP${typeof test.skip === "string" ? ` ${test.skip}` : ""}` : test.todo ? ` # TODO${typeof test.todo === "string" ? ` ${test.todo}` : ""}` : "";
  print(`${indent}${test.failed ? "not ok" : "ok"} ${number} - ${StringPrototypeReplaceAll(test.name, "#", "\\#")}${note}`);
  print(`${indent}  ---\n${indent}  duration_ms: ${ms}`);
  if (test.suite) print(`${indent}  type: 'suite'`);
  if (test.failed) {
    const { reason } = test.error;
    const lines = StringPrototypeSplit(show(reason), "\n");
    print(`${indent}  error: ${JSONStringify(`${reason?.message ?? reason}`)}`);
    if (reason?.code !== undefined) print(`${indent}  code: ${show(reason.code)}`);
    print(`${indent}  stack: |-`);
    for (let i = 0; i < lines.length; i++) print(`${indent}    ${lines[i]}`);
  }
  print(`${indent}  ...`);
  for (let i = 0; i < test.diagnostics.length; i++) print(`${indent}# ${test.diagnostics[i]}`);
}

// ---- declaring ----

function add(parent, described, suite) {
  if (root === null) start();
  const owner = parent ?? current ?? root;
  const made = new Test(owner, described, suite);
  ArrayPrototypePush(owner.children, made);
  if (suite && !made.skip) {
    const outer = current;
    current = made;
    try {
      const result = ReflectApply(described.fn, made, [new TestContext(made)]);
      if (typeof result?.then === "function") result.then(undefined, (error) => (made.error ??= { reason: error }));
    } catch (error) {
      made.error = { reason: error };
    } finally {
      current = outer;
    }
  } else if (!suite && parent !== null && parent !== undefined && parent.started && parent.state === "waiting") {
    // A test within one that runs begins at once: its test awaits it.
    const before = parent.last ?? Promise.resolve();
    const number = parent.children.length;
    parent.last = before.then(() => runOne(made, parent.results, number));
  }
  return made.done;
}

function declare(suite) {
  const declared = (...args) => add(null, argumentsOf(...args), suite);
  for (const option of ["skip", "todo", "only"]) {
    declared[option] = (...args) => {
      const described = argumentsOf(...args);
      described.options = { ...described.options, [option]: true };
      return add(null, described, suite);
    };
  }
  return declared;
}

const test = declare(false);
const suite = declare(true);

function hook(kind) {
  return { [kind](fn) {
    if (root === null) start();
    ArrayPrototypePush((current ?? root).hooks[kind], fn);
  } }[kind];
}

// ---- mocks ----

function restore(list) {
  while (list.length > 0) {
    const one = list[list.length - 1];
    list.length -= 1;
    one();
  }
}

class MockFunctionContext {
  #calls = [];
  #implementation;
  #original;
  #once = new Map();
  #undo;
  constructor(original, implementation, undo) {
    this.#original = original;
    this.#implementation = implementation;
    this.#undo = undo;
  }
  static run(context, self, args, target) {
    const at = context.#calls.length;
    const implementation = context.#once.get(at) ?? context.#implementation;
    context.#once.delete(at);
    const told = { arguments: args, error: undefined, result: undefined, stack: new Error(), target, this: self };
    try {
      told.result = target === undefined ? ReflectApply(implementation, self, args) : ReflectConstruct(implementation, args, target);
      if (target !== undefined) told.this = told.result;
      return told.result;
    } catch (error) {
      told.error = error;
      throw error;
    } finally {
      ArrayPrototypePush(context.#calls, told);
    }
  }
  get calls() {
    return [...this.#calls];
  }
  callCount() {
    return this.#calls.length;
  }
  mockImplementation(implementation) {
    check.function(implementation, "implementation");
    this.#implementation = implementation;
  }
  mockImplementationOnce(implementation, onCall) {
    check.function(implementation, "implementation");
    this.#once.set(onCall ?? this.#calls.length, implementation);
  }
  resetCalls() {
    this.#calls = [];
  }
  restore() {
    this.#undo?.();
    this.#undo = undefined;
    this.#implementation = this.#original;
  }
}

function mocked(original, implementation, undo) {
  const context = new MockFunctionContext(original, implementation, undo);
  const fn = function (...args) {
    return MockFunctionContext.run(context, this, args, new.target);
  };
  ObjectDefineProperty(fn, "name", { value: original.name, configurable: true });
  ObjectDefineProperty(fn, "mock", { value: context, configurable: true });
  return fn;
}

function makeMock(list) {
  const mock = {
    fn(original = () => {}, implementation = original) {
      if (typeof implementation !== "function") implementation = original;
      const made = mocked(original, implementation);
      ArrayPrototypePush(list, () => made.mock.restore());
      return made;
    },
    method(object, name, implementation, options) {
      if (implementation !== null && typeof implementation === "object") [implementation, options] = [undefined, implementation];
      const kind = options?.getter ? "get" : options?.setter ? "set" : "value";
      let holder = object;
      let descriptor;
      while (holder !== null && (descriptor = ObjectGetOwnPropertyDescriptor(holder, name)) === undefined) holder = ObjectGetPrototypeOf(holder);
      const original = descriptor?.[kind];
      if (typeof original !== "function") throw internal.invalidValue("methodName", original, "must be a method");
      const undo = () => {
        if (holder === object) ObjectDefineProperty(object, name, descriptor);
        else delete object[name];
      };
      const made = mocked(original, implementation ?? original, undo);
      ObjectDefineProperty(object, name, { ...descriptor, configurable: true, [kind]: made });
      ArrayPrototypePush(list, () => made.mock.restore());
      return made;
    },
    getter: (object, name, implementation, options) => mock.method(object, name, implementation, { ...options, getter: true }),
    setter: (object, name, implementation, options) => mock.method(object, name, implementation, { ...options, setter: true }),
    reset() {
      restore(list);
    },
    restoreAll() {
      restore(list);
    },
    timers: { enable: internal.refuse("mock.timers.enable()"), reset() {}, tick: internal.refuse("mock.timers.tick()") },
    module: internal.refuse("mock.module()"),
  };
  return mock;
}

const module = ObjectAssign(test, {
  test,
  it: declare(false),
  describe: suite,
  suite,
  mock: makeMock([]),
  run: internal.refuse("test.run()"),
  snapshot: { setDefaultSnapshotSerializers() {}, setResolveSnapshotPath() {} },
});
for (const kind of HOOKS) module[kind] = hook(kind);
ObjectDefineProperty(module, "name", { value: "test", configurable: true });
modules["node:test"] = module;
