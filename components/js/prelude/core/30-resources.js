// What a handle looks like to a program: files, the standard streams, sockets.

const { define, defineGetter, check, errorOf, notOpened, E } = internal;

const READABLE = 1;
const WRITABLE = 2;
const CHUNK = 65536;
const CTL = { SEEK: 16, STAT: 17, SET_SIZE: 18, SYNC: 19, SHUTDOWN: 48 };
const STAT_SIZE = 64;
const CLOSED = -1;

const isBytes = (value) => value instanceof Uint8Array || (ArrayBuffer.isView(value) && !(value instanceof DataView));
const bytesOf = (data) => {
  if (typeof data === "string") return sys.utf8Encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError("a string, an ArrayBuffer or a view on one is expected");
};

// Resolves when the handle is ready.
const ready = (handle, interest) =>
  new Promise((resolve, reject) => {
    const watched = sys.watch(handle, interest, resolve);
    if (watched < 0) reject(errorOf(watched, "wait"));
  });
internal.ready = ready;

// Turns the Stat of the ABI into the object that programs get.
internal.fileInfo = (stat) => {
  const view = new DataView(stat.buffer, stat.byteOffset, STAT_SIZE);
  const type = view.getUint32(16, true);
  const time = (at) => {
    const ns = view.getBigUint64(at, true);
    return ns === 0n ? null : new Date(Number(ns / 1000000n));
  };
  return {
    isFile: type === 4,
    isDirectory: type === 3,
    isSymlink: type === 7,
    size: Number(view.getBigUint64(24, true)),
    atime: time(32),
    mtime: time(40),
    ctime: time(48),
    dev: Number(view.getBigUint64(0, true)),
    ino: Number(view.getBigUint64(8, true)),
    nlink: view.getUint32(20, true),
  };
};
internal.STAT_SIZE = STAT_SIZE;

// One handle. The classes below differ in what of it they show.
class Resource {
  #handle;
  #name;
  #role;
  #readable;
  #writable;

  // What plays a role has another handle after the context was frozen.
  constructor(handle, name, role = 0) {
    this.#handle = handle;
    this.#name = name;
    this.#role = role;
  }

  static handle(resource) {
    const handle = resource.#role ? sys.handle(resource.#role) || CLOSED : resource.#handle;
    if (handle === CLOSED) throw errorOf(E.BADH, "use", resource.#name);
    return handle;
  }

  // The handle, and how to forget it once somebody else has it. The standard streams stay.
  static taking(resource) {
    if (typeof resource !== "object" || resource === null || !(#handle in resource) || resource.#role) {
      throw new TypeError("only what is open can be sent: channels, streams, files, connections, memories, events, components");
    }
    return [Resource.handle(resource), () => (resource.#handle = CLOSED)];
  }

  static check(resource, result, doing) {
    return check(result, doing, resource.#name);
  }

  // Reads some bytes; null at the end.
  async read(buffer) {
    if (!isBytes(buffer)) throw new TypeError("read: a Uint8Array is expected");
    if (buffer.byteLength === 0) return 0;
    for (;;) {
      const handle = Resource.handle(this);
      const n = sys.read(handle, buffer);
      if (n === 0) return null;
      if (n === E.RIGHTS) throw notOpened("read", this.#name);
      if (n !== E.AGAIN) return check(n, "read", this.#name);
      await ready(handle, READABLE);
    }
  }

  // Writes all of it.
  async write(data) {
    const bytes = bytesOf(data);
    let done = 0;
    while (done < bytes.length) {
      const handle = Resource.handle(this);
      const n = sys.write(handle, done ? bytes.subarray(done) : bytes);
      if (n === E.RIGHTS) throw notOpened("write", this.#name);
      if (n === E.AGAIN) await ready(handle, WRITABLE);
      else done += check(n, "write", this.#name);
    }
    return done;
  }

  // Everything from the current position to the end.
  async bytes() {
    const parts = [];
    let length = 0;
    let size = Resource.sizeHint(this);
    for (;;) {
      const part = new Uint8Array(size);
      const n = await this.read(part);
      if (n === null) break;
      parts.push(n < part.length ? part.subarray(0, n) : part);
      length += n;
      size = CHUNK;
    }
    if (parts.length === 1) return parts[0].length === parts[0].buffer.byteLength ? parts[0] : parts[0].slice();
    const all = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  async text() {
    return sys.utf8Decode(await this.bytes(), false);
  }

  // One more byte than the object has, so that one read finds its end; a chunk where the size means nothing.
  static sizeHint(resource) {
    const info = sys.info(Resource.handle(resource));
    return info.size > 0 && info.size < 2 ** 31 ? info.size + 1 : CHUNK;
  }

  close() {
    const handle = this.#handle;
    if (handle === CLOSED) return;
    this.#handle = CLOSED;
    sys.close(handle);
  }

  get readable() {
    return (this.#readable ??= new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: CHUNK,
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => (this.cancel ? this.cancel(reason) : this.close()),
    }));
  }

  async #pull(controller) {
    const request = controller.byobRequest;
    const buffer = request ? request.view : new Uint8Array(CHUNK);
    const n = await this.read(buffer);
    if (n === null) {
      this.close();
      controller.close();
      request?.respond(0);
    } else if (request) {
      request.respond(n);
    } else {
      controller.enqueue(buffer.subarray(0, n));
    }
  }

  get writable() {
    return (this.#writable ??= new WritableStream({
      write: async (chunk) => {
        await this.write(chunk);
      },
      close: () => this.close(),
      abort: (reason) => (this.abort ? this.abort(reason) : this.close()),
    }));
  }

  [Symbol.dispose]() {
    this.close();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }
}

const whences = { start: 0, current: 1, end: 2, 0: 0, 1: 1, 2: 2 };

// An open file.
class File extends Resource {
  async seek(offset, whence = "start") {
    const from = whences[whence];
    if (from === undefined) throw new TypeError('seek: whence must be "start", "current" or "end"');
    const request = new BigInt64Array([BigInt(offset)]);
    return Resource.check(this, sys.ctl(Resource.handle(this), CTL.SEEK, request, null, from), "seek");
  }

  async stat() {
    const stat = new Uint8Array(STAT_SIZE);
    Resource.check(this, sys.ctl(Resource.handle(this), CTL.STAT, null, stat), "stat");
    return internal.fileInfo(stat);
  }

  async truncate(size = 0) {
    Resource.check(this, sys.ctl(Resource.handle(this), CTL.SET_SIZE, null, null, Number(size)), "truncate");
  }

  async sync() {
    Resource.check(this, sys.ctl(Resource.handle(this), CTL.SYNC), "sync");
  }
}

// A connection.
class Connection extends Resource {
  // Says that nothing more will be written; reading goes on.
  async closeWrite() {
    Resource.check(this, sys.ctl(Resource.handle(this), CTL.SHUTDOWN, null, null, 2), "close");
  }
}

// A standard stream; closing it would be of no use to anyone, so it stays open.
class Standard extends Resource {
  #role;

  constructor(role, name) {
    super(CLOSED, name, role);
    this.#role = role;
  }

  close() {}

  writeSync(data) {
    return Resource.check(this, sys.print(this.#role, bytesOf(data)), "write");
  }
}

for (const [name, made] of Object.entries({ File, Connection, Standard })) {
  define(made.prototype, Symbol.toStringTag, name === "Standard" ? "Stream" : name);
}
// Closing the writable side of a connection must not close its readable side.
defineGetter(Connection.prototype, "writable", function writable() {
  return (writers.get(this) ?? keep(this));
});
const writers = new WeakMap();
function keep(connection) {
  const stream = new WritableStream({
    write: async (chunk) => {
      await connection.write(chunk);
    },
    close: () => connection.closeWrite(),
    abort: () => connection.close(),
  });
  writers.set(connection, stream);
  return stream;
}

internal.takeHandle = Resource.taking;
internal.handleOf = Resource.handle;
internal.Resource = Resource;
internal.File = File;
internal.Connection = Connection;
internal.Standard = Standard;
