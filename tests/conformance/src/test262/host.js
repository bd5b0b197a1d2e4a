// What test262 asks of its host, as far as it can be had; the rest is left out by name.
{
  const { runInThisContext } = process.getBuiltinModule("node:vm");
  const { transfer } = ArrayBuffer.prototype;
  const { write } = process.stdout;
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  process.on("unhandledRejection", () => {});
  define("print", (...parts) => write.call(process.stdout, `${parts.join(" ")}\n`));
  define("$262", {
    global: globalThis,
    evalScript: (source) => runInThisContext(`${source}`),
    detachArrayBuffer(buffer) {
      transfer.call(buffer);
      return null;
    },
  });
}
