// node:vm runs scripts as scripts: what they declare stays, as with other engines.
const vm = process.getBuiltinModule("node:vm");
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return e; throw e; } throw new Error(`${what}: did not throw`); };

eq(vm.runInThisContext("let shared = 1; const other = 2; var old = 3; shared + other"), 3, "the last value");
eq(vm.runInThisContext("shared++; shared * 10 + other"), 22, "declarations stay");
eq(Object.getOwnPropertyDescriptor(globalThis, "old").configurable, false, "var is no property that can be deleted");
throws(() => vm.runInThisContext("let shared"), "SyntaxError", "declared twice");
eq(vm.runInThisContext("typeof await === 'undefined' && (function () { return this === globalThis })()"), true, "sloppy, and no module");
const error = throws(() => vm.runInThisContext("\nnull.x", { filename: "named.js" }), "TypeError", "what it throws");
eq(error.stack.includes("named.js:2"), true, error.stack);
throws(() => new vm.Script("let ="), "SyntaxError", "a Script is compiled when it is made");
const script = new vm.Script("globalThis.count = (globalThis.count ?? 0) + 1", "counts.js");
eq(script.runInThisContext() + script.runInThisContext(), 3, "and runs more than once");
for (const source of ["/foo-bar/v", "/a\\/b--c&&d/v", "/\\[::1\\]/v"]) eq(vm.runInThisContext(source).unicodeSets, true, source);
throws(() => new RegExp("[a--b&&c]", "v"), "SyntaxError", "but not in a class");
console.log("ok");
