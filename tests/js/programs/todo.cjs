#!/usr/bin/env node
// A to-do list on the command line, kept in a JSON file: add, list, done, remove, search, stats, export.
const fs = require("fs");
const path = require("path");
const os = require("os");
const util = require("util");
const readline = require("readline");

class Store {
  constructor(file) {
    this.file = file;
    try {
      this.data = JSON.parse(fs.readFileSync(file, "utf8"));
    } catch (err) {
      if (err.code !== "ENOENT") throw err;
      this.data = { next: 1, items: [] };
    }
  }
  save() {
    fs.mkdirSync(path.dirname(this.file), { recursive: true });
    fs.writeFileSync(this.file, JSON.stringify(this.data, null, 2) + os.EOL);
  }
  find(id) {
    const item = this.data.items.find((i) => i.id === Number(id));
    if (!item) throw Object.assign(new Error(`no item ${id}`), { code: "ENOITEM" });
    return item;
  }
}

const PRIORITY = Object.freeze({ high: "!!!", normal: "!!", low: "!" });
const supportsColor = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (supportsColor ? `\x1b[${code}m${text}\x1b[0m` : text);

const commands = {
  add(store, words, { priority = "normal", due }) {
    if (words.length === 0) throw new Error("what is to be done?");
    if (!(priority in PRIORITY)) throw new Error(`unknown priority ${util.inspect(priority)}`);
    const item = { id: store.data.next++, text: words.join(" "), priority, tags: words.filter((w) => w.startsWith("#")), done: false };
    if (due) item.due = new Date(due).toISOString();
    store.data.items.push(item);
    return `added ${item.id}`;
  },
  list(store, _words, { all, tag }) {
    const rows = store.data.items
      .filter((i) => all || !i.done)
      .filter((i) => !tag || i.tags.includes(`#${tag}`))
      .sort((a, b) => Object.keys(PRIORITY).indexOf(a.priority) - Object.keys(PRIORITY).indexOf(b.priority) || a.id - b.id)
      .map((i) => `${String(i.id).padStart(3)} ${i.done ? "[x]" : "[ ]"} ${PRIORITY[i.priority].padEnd(3)} ${paint(1, i.text)}${i.due ? ` (due ${i.due.slice(0, 10)})` : ""}`);
    return rows.length ? rows.join("\n") : "nothing to do";
  },
  done(store, ids) {
    ids.forEach((id) => (store.find(id).done = true));
    return `done: ${ids.join(", ")}`;
  },
  remove(store, [id]) {
    const index = store.data.items.indexOf(store.find(id));
    const [gone] = store.data.items.splice(index, 1);
    return util.format("removed %s: %o", gone.id, gone.tags);
  },
  search(store, [pattern]) {
    const re = new RegExp(pattern, "iu");
    return store.data.items.filter((i) => re.test(i.text)).map((i) => i.text.replace(re, (m) => `>>${m}<<`)).join("\n") || "no match";
  },
  stats({ data: { items } }) {
    const count = items.reduce((acc, { done, priority }) => ((acc[priority][done ? "done" : "open"] += 1), acc),
      Object.fromEntries(Object.keys(PRIORITY).map((p) => [p, { open: 0, done: 0 }])));
    return util.inspect(count, { compact: false, sorted: true });
  },
};

function run(store, line) {
  const words = line.match(/"[^"]*"|\S+/g).map((w) => w.replace(/^"|"$/g, ""));
  const { values, positionals } = util.parseArgs({
    args: words.slice(1),
    allowPositionals: true,
    options: { priority: { type: "string", short: "p" }, due: { type: "string" }, all: { type: "boolean", short: "a" }, tag: { type: "string", multiple: false } },
  });
  const command = commands[words[0]];
  if (!command) throw new Error(`unknown command "${words[0]}"; there are: ${Object.keys(commands).join(", ")}`);
  return command(store, positionals, values);
}

const file = path.join(process.argv[2] || os.homedir(), "todo", "list.json");
const store = new Store(file);
const rl = readline.createInterface({ input: process.stdin, terminal: false });
let failed = 0;
rl.on("line", (line) => {
  if (!line.trim() || line.startsWith("//")) return;
  console.log(`> ${line}`);
  try {
    console.log(run(store, line));
  } catch (error) {
    failed++;
    console.log(`error${error.code ? ` ${error.code}` : ""}: ${error.message}`);
  }
});
rl.on("close", () => {
  store.save();
  const again = new Store(file);
  console.log("stored %d items, next id %d, %d failed", again.data.items.length, again.data.next, failed);
  console.log(util.isDeepStrictEqual(again.data, store.data), path.relative(process.argv[2], file));
  process.exitCode = failed ? 3 : 0;
});
process.on("exit", (code) => console.log("exit", code));
