// atob and btoa.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const refused = (run, what) => { try { run(); } catch (e) { eq(e instanceof DOMException, true, what); eq(e.name, "InvalidCharacterError", what); return; } throw new Error(`${what}: did not throw`); };

for (const [plain, coded] of [["", ""], ["a", "YQ=="], ["ab", "YWI="], ["abc", "YWJj"], ["\xff\xfe\x00", "//4A"], ["undefined", "dW5kZWZpbmVk"]]) {
  eq(btoa(plain), coded, `btoa ${coded}`);
  eq(atob(coded), plain, `atob ${coded}`);
}
for (const [coded, plain] of [["YQ", "a"], [" Y Q\t=\n=\f\r", "a"], ["ab", "i"], ["abc", "i\xb7"], ["YR", "a"], ["  ", ""]]) eq(atob(coded), plain, `atob ${JSON.stringify(coded)}`);
for (const bad of ["=", "a", "abcde", "YQ=", "YQ===", "ab=c", "a=", "ab\xa0c", "ab\u000bcd", "-_", "YQ==YQ==", "\0", "€"]) refused(() => atob(bad), `atob ${JSON.stringify(bad)}`);
for (const bad of ["\u0100", "€", "😀", "a\ud800"]) refused(() => btoa(bad), `btoa ${JSON.stringify(bad)}`);
eq(btoa(null), "bnVsbA==", "null");
eq(atob(12), "\xd7", "numbers");
for (const f of [atob, btoa]) {
  eq(f.length, 1, "length");
  try { f(); throw new Error("no argument"); } catch (e) { eq(e instanceof TypeError, true, "an argument is required"); }
}
const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
eq(atob(btoa(all)), all, "round trip");
console.log("ok");
