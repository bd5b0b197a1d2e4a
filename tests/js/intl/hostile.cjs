// A program that passes what nobody should, and then replaces what the language has: `Intl` goes on as before.
const print = console.log.bind(console);
const lines = [];
let at = 0;
const say = (...values) => { lines[at++] = values; };
const refused = (what, f) => { try { say(what, "nothing", f()); } catch (error) { say(what, error.name, error.message); } };

const getter = new Error("getter");
for (const name of ["NumberFormat", "DateTimeFormat", "Collator", "PluralRules", "RelativeTimeFormat"]) {
  for (const key of ["localeMatcher", "numberingSystem", "maximumFractionDigits", "timeZone", "usage", "type", "style"]) {
    try { new Intl[name]("en", { get [key]() { throw getter; } }); } catch (error) { say(name, key, error === getter); }
  }
}
refused("locale", () => new Intl.NumberFormat("a".repeat(100000)));
refused("locale", () => new Intl.NumberFormat("en-" + "abcdefgh-".repeat(50)));
refused("locale", () => new Intl.NumberFormat("en\u0000"));
refused("locale", () => new Intl.NumberFormat("en\u001fx"));
refused("locales", () => new Intl.NumberFormat({ get length() { throw getter; } }));
refused("locales", () => new Intl.NumberFormat([Symbol("x")]));
refused("digits", () => new Intl.NumberFormat("en", { minimumIntegerDigits: 1e9 }));
refused("digits", () => new Intl.NumberFormat("en", { maximumSignificantDigits: -1 }));
refused("digits", () => new Intl.NumberFormat("en", { minimumFractionDigits: { valueOf() { throw getter; } } }));
refused("unit", () => new Intl.NumberFormat("en", { style: "unit", unit: "\u001f" }));
refused("unit", () => new Intl.NumberFormat("en", { style: "unit", unit: "meter-per-" }));
refused("currency", () => new Intl.NumberFormat("en", { style: "currency", currency: "\u0131\u0131\u0131" }));
refused("zone", () => new Intl.DateTimeFormat("en", { timeZone: "../../etc/passwd" }));
refused("zone", () => new Intl.DateTimeFormat("en", { timeZone: "UTC\u001f" }));
refused("time", () => new Intl.DateTimeFormat("en").format(8.64e15 + 1));
refused("time", () => new Intl.DateTimeFormat("en").format({ valueOf() { throw getter; } }));
refused("time", () => new Intl.DateTimeFormat("en").format(1n));
refused("symbol", () => new Intl.NumberFormat("en").format(Symbol.iterator));
refused("list", () => new Intl.ListFormat("en").format(["a", 1]));
refused("receiver", () => Intl.Collator.prototype.resolvedOptions.call(new Proxy(new Intl.Collator(), {})));
say(new Intl.NumberFormat("en", { minimumFractionDigits: 20 }).format(1).length);
say(new Intl.NumberFormat("en").format(10n ** 5000n).length);
say(new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "full", timeZone: "America/New_York" }).format(8.64e15));
say(new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "medium", timeZone: "Asia/Tokyo" }).format(-8.64e15));
const count = (segmenter, text) => { let n = 0; for (const part of segmenter.segment(text)) n += part.segment.length > 0; return n; };
say(count(new Intl.Segmenter("en", { granularity: "word" }), "word ".repeat(50000)));
say(count(new Intl.Segmenter("en"), "e" + "\u0301".repeat(100000)));
say(count(new Intl.Segmenter("en"), "\ud800\udc00\ud800x"));
say(JSON.stringify(new Intl.Segmenter("en", { granularity: "sentence" }).segment("One. Two.\nThree.").containing(11)));
say(new Intl.Segmenter("en").segment("abc").containing(99));
say("a\u001fb".localeCompare("a"), "\ud83d".localeCompare("\ud83d"), "x".repeat(100000).localeCompare("x".repeat(100001)));
say(Object.getOwnPropertyNames(new Intl.NumberFormat("en")).length);
const cyclic = [1]; cyclic.push(cyclic); say(cyclic.toLocaleString("en"));
class Mine extends Intl.NumberFormat { twice(n) { return this.format(n * 2); } }
say(new Mine("de").twice(1.25), Intl.NumberFormat("de").format(2.5));

// From here on the language is not what it was.
const gone = () => { throw new Error("replaced"); };
for (const name of ["push", "pop", "slice", "map", "forEach", "join", "concat", "indexOf", "includes"]) Array.prototype[name] = gone;
for (const name of ["slice", "split", "indexOf", "lastIndexOf", "charCodeAt", "startsWith", "includes", "replace", "toLowerCase", "toUpperCase", "normalize"]) Object.defineProperty(String.prototype, name, { value: gone });
Array.prototype[Symbol.iterator] = gone;
Function.prototype.call = Function.prototype.apply = Function.prototype.bind = gone;
RegExp.prototype.exec = RegExp.prototype.test = gone;
Number.prototype.valueOf = Number.prototype.toString = Date.prototype.getTime = gone;
JSON.stringify = Object.keys = Object.defineProperty = Object.create = Reflect.apply = Reflect.defineProperty = gone;
Intl.NumberFormat.prototype.formatToParts = Intl.Locale = Intl.DateTimeFormat = gone;
Date.now = Math.floor = Math.min = gone;
say((1234.5).toLocaleString("de"), (0.5).toLocaleString("en", { style: "percent" }), new Date(0).toLocaleString("en-US"), "a".localeCompare("b", "de"));
say(new Intl.NumberFormat("ja", { style: "currency", currency: "JPY" }).format(5), new Intl.PluralRules("en").select(1), new Intl.ListFormat("en").resolvedOptions().type);
say(new Intl.Segmenter("en", { granularity: "word" }).segment("a b")[Symbol.iterator]().next().value.segment, "I".toLocaleLowerCase("tr"));
say(new Intl.DisplayNames("en", { type: "region" }).of("DE"), new Intl.RelativeTimeFormat("en").format(1, "days"), [1.5, 2].toLocaleString("de"));
for (let i = 0; i < lines.length; i++) {
  let text = "";
  for (let j = 0; j < lines[i].length; j++) text += (j > 0 ? " " : "") + lines[i][j];
  print(text);
}
