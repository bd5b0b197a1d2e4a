// FileHandle: what fs.promises.open answers. Start at FileHandle.

const { ObjectDefineProperty } = internal.primordials;
const { EventEmitter, fs, checkArgument: check, systemError } = internal;
const { sync, withPromise } = fs;
const CLOSED = -1;

class FileHandle extends EventEmitter {
  #fd;

  constructor(fd) {
    super();
    this.#fd = fd;
  }
  static number(handle, syscall) {
    if (handle.#fd === CLOSED) throw systemError("EBADF", syscall);
    return handle.#fd;
  }
  get fd() {
    return this.#fd;
  }
  getAsyncId() {
    return 1;
  }
  close() {
    return run("close", () => {
      if (this.#fd === CLOSED) return;
      const fd = this.#fd;
      this.#fd = CLOSED;
      sync.closeSync(fd);
      this.emit("close");
    });
  }
  async read(buffer, offset, length, position) {
    if (buffer === undefined || buffer === null || !ArrayBuffer.isView(buffer)) {
      const options = buffer ?? {};
      check.object(options, "buffer");
      ({ buffer = internal.Buffer.alloc(16384), offset = 0, length, position = null } = options);
    } else if (offset !== null && typeof offset === "object") {
      ({ offset = 0, length, position = null } = offset);
    }
    const bytesRead = await run("read", () => sync.readSync(FileHandle.number(this, "read"), buffer, offset ?? 0, length, position));
    return { __proto__: null, bytesRead, buffer };
  }
  async write(data, ...rest) {
    const bytesWritten = await run("write", () => sync.writeSync(FileHandle.number(this, "write"), data, ...rest));
    return { __proto__: null, bytesWritten, buffer: data };
  }
  async readv(buffers, position) {
    return { __proto__: null, bytesRead: await run("readv", () => sync.readvSync(FileHandle.number(this, "read"), buffers, position)), buffers };
  }
  async writev(buffers, position) {
    return { __proto__: null, bytesWritten: await run("writev", () => sync.writevSync(FileHandle.number(this, "write"), buffers, position)), buffers };
  }
  readLines(options) {
    return internal.modules["node:readline"].createInterface({ input: this.createReadStream(options), crlfDelay: Infinity });
  }
  readableWebStream() {
    return internal.stream.Readable.toWeb(this.createReadStream({ autoClose: false }));
  }
  createReadStream(options) {
    return new internal.modules["node:fs"].ReadStream(undefined, { ...options, fd: this });
  }
  createWriteStream(options) {
    return new internal.modules["node:fs"].WriteStream(undefined, { ...options, fd: this });
  }
  [Symbol.asyncDispose]() {
    return this.close();
  }
}
const run = (name, action) => withPromise(name, action)();

for (const [name, action] of [
  ["appendFile", (fd, data, options) => sync.appendFileSync(fd, data, options)],
  ["readFile", (fd, options) => sync.readFileSync(fd, options)],
  ["writeFile", (fd, data, options) => sync.writeFileSync(fd, data, options)],
  ["stat", (fd, options) => sync.fstatSync(fd, options)],
  ["truncate", (fd, size) => sync.ftruncateSync(fd, size)],
  ["sync", (fd) => sync.fsyncSync(fd)],
  ["datasync", (fd) => sync.fdatasyncSync(fd)],
  ["utimes", (fd, atime, mtime) => sync.futimesSync(fd, atime, mtime)],
  ["chmod", (fd) => sync.fchmodSync(fd)],
  ["chown", (fd) => sync.fchownSync(fd)],
]) {
  const method = { [name](...args) {
    return run(name, () => action(FileHandle.number(this, name), ...args));
  } }[name];
  ObjectDefineProperty(FileHandle.prototype, name, { value: method, writable: true, enumerable: false, configurable: true });
}

// The number behind a path, a number or a handle.
fs.targetOf = (target, syscall) => (target instanceof FileHandle ? FileHandle.number(target, syscall) : target);
fs.FileHandle = FileHandle;
