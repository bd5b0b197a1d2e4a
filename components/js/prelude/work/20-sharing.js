// What contexts share beside streams: memory, events, and keys that link them.

const { b8g, define, errorOf, ready, Holder, Channel, E } = internal;

const OP = { MEMORY: 3, READ: 6, WRITE: 7, EVENT: 18, SIGNAL: 19, LINK: 23 };
const LINK = { MINT: 1, BIND: 2, REVOKE: 3 };
const KIND = { MEMORY: 13, EVENT: 14 };
const ROLE_KEYS = 16;
const READABLE = 1;
const ALL = 0xffffffff;

const viewOf = (data, what) => {
  if (typeof data === "string") return sys.utf8Encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError(`${what}: a string, an ArrayBuffer or a view on one is expected`);
};

const check = (result, doing, what) => {
  if (result < 0) throw errorOf(result, doing, what);
  return result;
};

// ---- memory ----

class SharedMemory extends Holder {
  get size() {
    return sys.info(Holder.handle(this)).size;
  }

  // A copy of some of its bytes.
  read(position = 0, length = this.size - position) {
    const bytes = new Uint8Array(Math.min(length, Math.max(0, this.size - position)));
    check(sys.op(OP.READ, Holder.handle(this), bytes, bytes.length, position), "read", "shared memory");
    return bytes;
  }

  write(position, data) {
    const bytes = viewOf(data, "write");
    return check(sys.op(OP.WRITE, Holder.handle(this), bytes, bytes.length, position), "write", "shared memory");
  }
}
define(SharedMemory.prototype, Symbol.toStringTag, "SharedMemory");

internal.arrived[KIND.MEMORY] = (handle) => new SharedMemory(handle);
b8g.sharedMemory = function sharedMemory(size) {
  return new SharedMemory(check(sys.op(OP.MEMORY, 0, Number(size)), "make", "shared memory"));
};

// ---- events ----

const bitsOf = (value) => {
  if (!Number.isInteger(value) || value < 0 || value > ALL) throw new TypeError("bits are a number from 0 to 4294967295");
  return value;
};

// 32 bits that several contexts set, clear and wait for.
class SharedEvent extends EventTarget {
  #handle;
  #listeners = 0;
  #listening = false;

  constructor(handle) {
    super();
    this.#handle = handle;
  }

  static handle(event) {
    if (event.#handle < 0) throw errorOf(E.BADH, "use", "event");
    return event.#handle;
  }

  static taking(event) {
    return #handle in event ? [SharedEvent.handle(event), () => (event.#handle = -1)] : undefined;
  }

  get bits() {
    const bits = new Uint32Array(1);
    check(sys.op(OP.READ, SharedEvent.handle(this), bits, 4, -1), "read", "event");
    return bits[0];
  }

  // Sets bits; gives those that were set before.
  set(bits = 1) {
    return check(sys.op(OP.SIGNAL, SharedEvent.handle(this), 0, bitsOf(bits)), "signal", "event");
  }

  clear(bits = ALL) {
    return check(sys.op(OP.SIGNAL, SharedEvent.handle(this), bitsOf(bits), 0), "signal", "event");
  }

  // Resolves in the bits once one is set.
  async wait() {
    for (;;) {
      const { bits } = this;
      if (bits) return bits;
      await ready(SharedEvent.handle(this), READABLE);
    }
  }

  addEventListener(type, listener, options) {
    super.addEventListener(type, listener, options);
    if (type === "signal") {
      this.#listeners++;
      if (!this.#listening) this.#listen();
    }
  }

  removeEventListener(type, listener, options) {
    super.removeEventListener(type, listener, options);
    if (type === "signal" && this.#listeners > 0) this.#listeners--;
  }

  // Whoever listens takes the bits: each is told once.
  async #listen() {
    this.#listening = true;
    try {
      while (this.#listeners > 0) {
        await this.wait();
        const event = new Event("signal");
        define(event, "bits", this.clear());
        if (event.bits) this.dispatchEvent(event);
      }
    } catch {
      // It was closed, or given away.
    } finally {
      this.#listening = false;
    }
  }

  close() {
    if (this.#handle < 0) return;
    sys.close(this.#handle);
    this.#handle = -1;
  }

  [Symbol.dispose]() {
    this.close();
  }
}
define(SharedEvent.prototype, Symbol.toStringTag, "SharedEvent");

internal.arrived[KIND.EVENT] = (handle) => new SharedEvent(handle);
internal.takeMore = SharedEvent.taking;
b8g.sharedEvent = function sharedEvent(bits = 0) {
  return new SharedEvent(check(sys.op(OP.EVENT, 0, bitsOf(bits)), "make", "event"));
};

// ---- keys ----

const KEY_BYTES = 32;

function link(verb, key) {
  const keys = sys.handle(ROLE_KEYS);
  return check(keys ? sys.op(OP.LINK, keys, verb, key) : E.RIGHTS, "use", "keys");
}

const keyOf = (key) => {
  const bytes = viewOf(key, "key");
  if (bytes.length !== KEY_BYTES) throw new TypeError("a key has 32 bytes");
  return bytes;
};

b8g.keys = {
  // A new key.
  mint() {
    const key = new Uint8Array(KEY_BYTES);
    link(LINK.MINT, key);
    return key;
  },
  // An end of a channel: the other one is of whoever binds the same key.
  bind(key) {
    return new Channel(link(LINK.BIND, keyOf(key)));
  },
  // Lets nobody bind a key any more that was minted here.
  revoke(key) {
    link(LINK.REVOKE, keyOf(key));
  },
};
