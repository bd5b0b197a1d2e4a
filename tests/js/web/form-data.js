// FormData, and forms as bodies: written, read, and what is no form.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const same = (got, want, what) => eq(JSON.stringify(got), JSON.stringify(want), what);
const throws = (run, name, what) => { try { run(); } catch (e) { if (e.name === name) return; throw e; } throw new Error(`${what}: did not throw`); };
const rejects = async (promise, name, what) => { try { await promise; } catch (e) { if (e.name === name) return e; throw e; } throw new Error(`${what}: did not reject`); };

const form = new FormData();
form.append("a", "1");
form.append("a", "2");
form.append("b", new Blob(["x"], { type: "t/x" }));
form.append("c", new File(["y"], "y.txt"), "z.txt");
form.append("d", 5);
same([...form.keys()], ["a", "a", "b", "c", "d"], "keys");
same([form.get("a"), form.getAll("a"), form.get("none"), form.has("b"), form.get("d")], ["1", ["1", "2"], null, true, "5"], "get");
same([form.get("b").name, form.get("b") instanceof File, form.get("b").type, form.get("c").name], ["blob", true, "t/x", "z.txt"], "files");
form.set("a", "3");
same(form.getAll("a"), ["3"], "set");
form.delete("d");
eq(form.has("d"), false, "delete");
throws(() => form.append("a", "b", "c"), "TypeError", "a name for what is no file");
throws(() => form.append("a"), "TypeError", "no value");
throws(() => new FormData({}), "TypeError", "no forms here");

const parsed = async (body, type) => new Response(body, { headers: { "content-type": type } }).formData();
{ // written and read again
  const hard = new FormData();
  hard.append('quo"te\r\nline', "a\nb\r\nc");
  hard.append("file", new File([new Uint8Array([0, 13, 10, 45, 45, 255])], 'n"\n.bin', { type: "application/x" }));
  hard.append("empty", "");
  const response = new Response(hard);
  const type = response.headers.get("content-type");
  eq(type.startsWith("multipart/form-data; boundary="), true, type);
  const text = await response.clone().text();
  eq(text.includes('name="quo%22te%0D%0Aline"'), true, text);
  const again = await response.formData();
  same([...again.keys()], ['quo"te\r\nline', "file", "empty"], "names");
  same([again.get('quo"te\r\nline'), again.get("empty")], ["a\r\nb\r\nc", ""], "values");
  const file = again.get("file");
  same([file.name, file.type, [...(await file.bytes())]], ['n"\n.bin', "application/x", [0, 13, 10, 45, 45, 255]], "a file of bytes");
}
{ // as others write it
  const body = '--AaB\r\ncontent-disposition: form-data; name="a"\r\n\r\none\r\n--AaB\r\nContent-Type: text/y\r\nContent-Disposition: form-data; filename="f"; name="b"\r\n\r\n\r\n--AaB--\r\n';
  const form = await parsed(body, 'multipart/form-data; boundary="AaB"');
  same([form.get("a"), form.get("b").name, form.get("b").size, form.get("b").type], ["one", "f", 0, "text/y"], "read");
  const plain = await parsed("a=1&b=%C3%BC+x&a=2", "application/x-www-form-urlencoded; charset=utf-8");
  same([...plain], [["a", "1"], ["b", "ü x"], ["a", "2"]], "urlencoded");
  eq([...(await parsed("--x--\r\n", "multipart/form-data; boundary=x"))].length, 0, "no parts");
}
for (const [body, type, what] of [
  ["", "multipart/form-data; boundary=x", "nothing"],
  ["--x\r\n", "multipart/form-data; boundary=x", "cut behind the boundary"],
  ["--x\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nabc", "multipart/form-data; boundary=x", "no end"],
  ["--x\r\n\r\nabc\r\n--x--", "multipart/form-data; boundary=x", "no head"],
  ["--x\r\ncontent-disposition: form-data\r\n\r\nabc\r\n--x--", "multipart/form-data; boundary=x", "no name"],
  [`--x\r\nx: ${"y".repeat(20000)}\r\n\r\nabc\r\n--x--`, "multipart/form-data; boundary=x", "a large head"],
  ['--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(10001) + "--x--\r\n", "multipart/form-data; boundary=x", "many parts"],
  ["a=b", "text/plain", "no form"],
  ["--x--", "multipart/form-data", "no boundary"],
]) {
  const error = await rejects(parsed(body, type), "TypeError", what);
  eq(error.message.startsWith("Failed to parse body as FormData"), true, `${what}: ${error.message}`);
}
await rejects(new Response("a").formData(), "TypeError", "text/plain");
console.log("ok");
