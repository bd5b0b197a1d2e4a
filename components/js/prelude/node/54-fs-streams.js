// Streams of files: fs.createReadStream and fs.createWriteStream. Start at ReadStream.

const { stream, fs, checkArgument: check, bufferPart: part, asBuffer, outOfRange } = internal;
const { sync, later, pathOf, checkEncoding } = fs;
const { MathMin, ReflectConstruct, ObjectGetPrototypeOf, ObjectSetPrototypeOf } = internal.primordials;
const { ObjectDefineProperty } = internal.primordials;
const CHUNK = 65536;

function optionsOf(options) {
  if (options === undefined || options === null) return {};
  if (typeof options === "string") return { encoding: checkEncoding(options) };
  check.object(options, "options");
  if (options.encoding) checkEncoding(options.encoding);
  check.signal(options.signal, "options.signal");
  return { ...options };
}

// What both kinds have: a number that is opened when the stream is made and closed when it ends.
function setUp(self, path, options, flags) {
  self.flags = options.flags === undefined ? flags : options.flags;
  self.mode = options.mode === undefined ? 0o666 : options.mode;
  self._handle = options.fd !== null && typeof options.fd === "object" ? options.fd : null;
  self.fd = self._handle === null ? options.fd ?? null : self._handle.fd;
  if (self.fd === null) self.path = pathOf(path);
  else self.path = path;
  if (options.start !== undefined) check.integer(options.start, "start", 0);
  self.start = options.start;
  self.pos = self.start;
  self.autoClose = options.autoClose ?? true;
}

function construct(self, callback) {
  if (typeof self.fd === "number") {
    later(() => callback());
    return;
  }
  let error = null;
  try {
    self.fd = sync.openSync(self.path, self.flags);
  } catch (thrown) {
    error = thrown;
  }
  later(() => {
    if (error !== null) return callback(error);
    callback();
    self.emit("open", self.fd);
    self.emit("ready");
  });
}

function close(self, error, callback) {
  const { fd, _handle: handle } = self;
  self.fd = null;
  if (typeof fd !== "number" || (handle === null && fd < 3)) {
    callback(error);
    return;
  }
  let failed = error;
  if (handle !== null) {
    handle.close().then(() => callback(error), (thrown) => callback(thrown || error));
    return;
  }
  try {
    sync.closeSync(fd);
  } catch (thrown) {
    failed = error ?? thrown;
  }
  later(() => callback(failed));
}

class ReadStreamBase extends stream.Readable {
  constructor(path, given) {
    const options = optionsOf(given);
    options.highWaterMark ??= CHUNK;
    options.autoDestroy ??= options.autoClose ?? true;
    super({ highWaterMark: options.highWaterMark, encoding: options.encoding, autoDestroy: options.autoDestroy, emitClose: options.emitClose, signal: options.signal });
    setUp(this, path, options, "r");
    if (options.end !== undefined && options.end !== Infinity) check.integer(options.end, "end", 0);
    this.end = options.end ?? Infinity;
    if (this.start !== undefined && this.start > this.end) throw outOfRange("start", `<= "end" (here: ${this.end})`, this.start);
    this.bytesRead = 0;
  }
  _construct(callback) {
    construct(this, callback);
  }
  _read(size) {
    const left = this.end === Infinity ? size : MathMin(this.end - (this.pos ?? this.bytesRead) + 1, size);
    if (left <= 0) {
      this.push(null);
      return;
    }
    let chunk = null;
    let error = null;
    try {
      const bytes = new Uint8Array(left);
      const count = sync.readSync(this.fd, bytes, 0, left, this.pos);
      if (count > 0) {
        chunk = asBuffer(count === left ? bytes : part(bytes, 0, count));
        this.bytesRead += count;
        if (this.pos !== undefined) this.pos += count;
      }
    } catch (thrown) {
      error = thrown;
    }
    later(() => {
      if (error === null) this.push(chunk);
      else this.destroy(error);
    });
  }
  _destroy(error, callback) {
    close(this, error, callback);
  }
  close(callback) {
    if (callback) stream.finished(this, callback);
    this.destroy();
  }
  get pending() {
    return this.fd === null;
  }
}

class WriteStreamBase extends stream.Writable {
  constructor(path, given) {
    const options = optionsOf(given);
    options.autoDestroy ??= options.autoClose ?? true;
    super({
      highWaterMark: options.highWaterMark, decodeStrings: true, defaultEncoding: options.encoding || "utf8", autoDestroy: options.autoDestroy,
      emitClose: options.emitClose, signal: options.signal,
    });
    setUp(this, path, options, "w");
    this.bytesWritten = 0;
  }
  _construct(callback) {
    construct(this, callback);
  }
  _write(chunk, encoding, callback) {
    let error = null;
    try {
      fs.writeAll(this.fd, chunk, this.pos);
      this.bytesWritten += chunk.length;
      if (this.pos !== undefined) this.pos += chunk.length;
    } catch (thrown) {
      error = thrown;
    }
    later(() => callback(error));
  }
  _destroy(error, callback) {
    close(this, error, callback);
  }
  close(callback) {
    if (callback) {
      if (this.closed) {
        internal.nextTick(callback);
        return;
      }
      this.on("close", callback);
    }
    if (!this.autoClose) this.on("finish", this.destroy);
    this.end();
  }
  get pending() {
    return this.fd === null;
  }
}
WriteStreamBase.prototype.destroySoon = WriteStreamBase.prototype.end;

// Old packages call them without `new`, and inherit from them by hand.
function callable(name, Base) {
  const made = { [name]: function (path, options) {
    return ReflectConstruct(Base, [path, options], new.target === undefined ? made : new.target);
  } }[name];
  made.prototype = Base.prototype;
  ObjectDefineProperty(Base.prototype, "constructor", { value: made, writable: true, enumerable: false, configurable: true });
  ObjectSetPrototypeOf(made, ObjectGetPrototypeOf(Base));
  return made;
}
fs.ReadStream = callable("ReadStream", ReadStreamBase);
fs.WriteStream = callable("WriteStream", WriteStreamBase);
