// A program that replaces what the language has: the modules go on as before. And what programs feed to them.
const fs = require("fs");
const { EventEmitter } = require("events");
const querystring = require("querystring");
const url = require("url");
const path = require("path");
const util = require("util");
const { Readable, pipeline } = require("stream");
const { AsyncLocalStorage } = require("async_hooks");
const root = process.argv[2];
const print = process.stdout.write.bind(process.stdout);
const kept = { push: Array.prototype.push, iterator: Array.prototype[Symbol.iterator], apply: Function.prototype.apply, call: Function.prototype.call };
const lines = [];
let at = 0;
const say = (...values) => { lines[at++] = values; };

say(JSON.stringify(querystring.parse("__proto__=1&constructor=2&toString=3")), {}.polluted);
say(JSON.stringify(url.parse("http://h/?__proto__[x]=1", true).query));
say(Object.getPrototypeOf(util.parseArgs({ args: ["--__proto__=1"], strict: false, options: {} }).values), {}[1]);
const throwing = { get encoding() { throw new Error("getter"); }, get recursive() { throw new Error("getter"); }, get start() { throw new Error("getter"); } };
for (const fn of [() => fs.readFileSync(path.join(root, "x"), throwing), () => fs.mkdirSync(path.join(root, "y"), throwing), () => fs.createReadStream("x", throwing), () => Buffer.from({ get length() { throw new Error("getter"); } }), () => new EventEmitter({ get captureRejections() { throw new Error("getter"); } })]) {
  try { fn(); say("nothing"); } catch (error) { say(error.message); }
}
say(fs.readdirSync(root).length);

// From here on the language is not what it was.
const gone = () => { throw new Error("replaced"); };
for (const name of ["push", "pop", "shift", "slice", "splice", "map", "forEach", "join", "concat", "indexOf", "includes", "filter"]) Array.prototype[name] = gone;
for (const name of ["slice", "split", "indexOf", "charCodeAt", "startsWith", "endsWith", "includes", "replace", "replaceAll", "toLowerCase", "trim"]) Object.defineProperty(String.prototype, name, { value: gone });
for (const name of ["get", "set", "has", "delete"]) { Map.prototype[name] = gone; WeakMap.prototype[name] = gone; }
for (const name of ["set", "subarray", "fill", "slice"]) Object.getPrototypeOf(Uint8Array.prototype)[name] = gone;
Function.prototype.call = Function.prototype.apply = Function.prototype.bind = gone;
RegExp.prototype.exec = RegExp.prototype.test = gone;
JSON.parse = JSON.stringify = Object.keys = Object.assign = Reflect.apply = gone;
for (const name of ["value", "get", "set", "writable", "enumerable", "configurable"]) Object.defineProperty(Object.prototype, name, { __proto__: null, get: () => undefined, set() {}, configurable: true });

const file = `${root}/file`;
fs.writeFileSync(file, "some text");
fs.appendFileSync(file, Buffer.from("21", "hex"));
say(fs.readFileSync(file, "utf8"), fs.statSync(file).size, fs.existsSync(file), fs.readdirSync(root)[0]);
fs.renameSync(file, `${root}/other`);
fs.unlinkSync(`${root}/other`);
say(Buffer.concat([Buffer.from("a"), Buffer.from("Yg==", "base64")]).toString("latin1"), Buffer.alloc(3, "xy").toString(), Buffer.from([1, 2]).readUInt16BE(0), Buffer.from("abc").indexOf("c"), Buffer.compare(Buffer.from("a"), Buffer.from("b")));
say(path.basename("/x/y.z", ".z"), path.relative("/a/b", "/a/c"));
const emitter = new EventEmitter();
emitter.on("x", (...args) => say("x", args.length));
emitter.once("x", () => say("once"));
emitter.emit("x", 1, 2);
emitter.emit("x");
say(querystring.parse("a=b&c=d%20e").c);
const storage = new AsyncLocalStorage();
storage.run(1, () => { process.nextTick(() => { say("tick", storage.getStore()); finish(); }); });
function finish() {
  let text = "";
  for (let i = 0; i < at; i++) {
    for (let k = 0; k < lines[i].length; k++) text += `${k ? " " : ""}${String(lines[i][k])}`;
    text += "\n";
  }
  fs.writeSync(1, text);
}
