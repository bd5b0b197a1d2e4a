// Packages that bring modules of WebAssembly: made by emscripten, by hand, and by a bundler.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { init, parse } from "es-module-lexer";
import { argon2id, blake3, createSHA1, sha256, xxhash64 } from "hash-wasm";
import initSqlJs from "sql.js";

await init;
const [imports, exports] = parse("import a from 'b'; export const c = 1; import('x');");
console.log(JSON.stringify(imports), JSON.stringify(exports));

console.log(await sha256("abc"), await blake3("abc"), await xxhash64("abc"));
const hasher = await createSHA1();
hasher.init();
for (let i = 0; i < 100; i++) hasher.update("x".repeat(i * 100));
console.log(hasher.digest());
console.log(await argon2id({ password: "p", salt: new Uint8Array(16), parallelism: 1, iterations: 2, memorySize: 512, hashLength: 32, outputType: "hex" }));

const SQL = await initSqlJs();
const db = new SQL.Database();
db.run("CREATE TABLE sales (city TEXT, amount REAL); CREATE INDEX by_city ON sales (city)");
const insert = db.prepare("INSERT INTO sales VALUES (?, ?)");
db.run("BEGIN");
for (let i = 0; i < 2000; i++) insert.run([`city ${i % 7}`, i / 4]);
db.run("COMMIT");
insert.free();
console.log(JSON.stringify(db.exec("SELECT city, count(*), round(sum(amount), 2) FROM sales GROUP BY city ORDER BY 3 DESC LIMIT 3")));
db.create_function("twice", (n) => n * 2);
console.log(db.exec("SELECT twice(21), upper('straße')")[0].values);
try {
  db.run("SELEC 1");
} catch (error) {
  console.log(String(error));
}
const copy = new SQL.Database(db.export());
console.log(copy.exec("SELECT max(amount) FROM sales")[0].values[0][0], db.export().length);

const require = createRequire(import.meta.url);
const bytes = readFileSync(require.resolve("sql.js/dist/sql-wasm.wasm"));
const module = await WebAssembly.compile(bytes);
console.log(WebAssembly.Module.imports(module).length, WebAssembly.Module.exports(module).length);
