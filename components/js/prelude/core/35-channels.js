// Channels: messages of bytes, and of what is open here, to another context and back; and what else can be sent.

const { define, defineLazy, errorOf, ready, E, File, Connection, takeHandle } = internal;

const KIND = { FILE: 5, SOCKET: 10, CHANNEL: 12 };
const READABLE = 1;
const WRITABLE = 2;
const CLOSED = -1;
const CTL_DISCARD = 120;
// No message is larger.
const MESSAGE_BYTES = 1 << 20;

// What arrived.
class Message {
  #data;
  #resources;

  constructor(data, handles) {
    this.#data = data;
    this.#resources = handles.length ? handles.map(resourceOf) : [];
  }

  get data() {
    return this.#data;
  }

  get resources() {
    return this.#resources;
  }

  get text() {
    return sys.utf8Decode(this.#data, false);
  }
}

// Whoever comes first is served first: what is sent or received while another one waits comes after him.
class Turns {
  #taken = false;
  #waiting = [];

  // Gives the turn at once, or a promise of it.
  take() {
    if (this.#taken) return new Promise((resolve) => (this.#waiting[this.#waiting.length] = resolve));
    this.#taken = true;
  }

  pass() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = false;
  }
}

// What is behind a handle and is no file, stream or channel.
class Holder {
  #handle;

  constructor(handle) {
    this.#handle = handle;
  }

  static handle(holder) {
    if (holder.#handle === CLOSED) throw errorOf(E.BADH, "use", "what was closed");
    return holder.#handle;
  }

  // As Channel.taking; undefined for what is none.
  static taking(holder) {
    return #handle in holder ? [Holder.handle(holder), () => (holder.#handle = CLOSED)] : undefined;
  }

  close() {
    const handle = this.#handle;
    if (handle === CLOSED) return;
    this.#handle = CLOSED;
    sys.close(handle);
  }

  [Symbol.dispose]() {
    this.close();
  }
}

function takeMessage(handle, bytesMax) {
  const received = sys.receive(handle, bytesMax);
  return typeof received === "object" ? new Message(received[0], received[1]) : received;
}

function dropMessage(handle) {
  return sys.ctl(handle, CTL_DISCARD) || true;
}

function bytesMax(given) {
  if (given === undefined) return undefined;
  if (typeof given !== "number" || !(given >= 0)) throw new RangeError("maxBytes must be a number that is not negative");
  return given < MESSAGE_BYTES ? given : undefined;
}

// One end of a channel.
class Channel {
  #handle;
  #sending = new Turns();
  #receiving = new Turns();

  constructor(handle) {
    this.#handle = handle;
  }

  static handle(channel) {
    if (channel.#handle === CLOSED) throw errorOf(E.BADH, "use", "channel");
    return channel.#handle;
  }

  // The handle of something that is about to be sent, and how to forget it.
  static taking(resource) {
    if (typeof resource === "object" && resource !== null) {
      if (#handle in resource) return [Channel.handle(resource), () => (resource.#handle = CLOSED)];
      const taken = Holder.taking(resource) ?? internal.takeMore(resource);
      if (taken) return taken;
    }
    return takeHandle(resource);
  }

  // Sends a message; resolves when there was room for it.
  async send(data, options) {
    const turn = this.#sending.take();
    if (turn) await turn;
    try {
      const transfer = options?.transfer;
      const taken = transfer ? Array.from(transfer, Channel.taking) : null;
      const handles = taken?.map(([handle]) => handle);
      for (;;) {
        const handle = Channel.handle(this);
        const sent = sys.send(handle, data, handles);
        if (sent === 0) {
          taken?.forEach(([, forget]) => forget());
          return;
        }
        if (sent !== E.AGAIN) throw errorOf(sent, "send over", "channel");
        await ready(handle, WRITABLE);
      }
    } finally {
      this.#sending.pass();
    }
  }

  // The next message; null when the other end is closed. One of more than `maxBytes` stays, and that is an error.
  receive(options) {
    return this.#take("receive from", takeMessage, null, options);
  }

  // Drops the next message with what it carries, however large it is; false when the other end is closed.
  discard() {
    return this.#take("discard from", dropMessage, false);
  }

  // Waits for its turn and for a message. `take` does something with it, or gives an error's number.
  async #take(action, take, end, options) {
    const turn = this.#receiving.take();
    if (turn) await turn;
    try {
      const most = bytesMax(options?.maxBytes);
      for (;;) {
        const handle = Channel.handle(this);
        const taken = take(handle, most);
        if (typeof taken !== "number") return taken;
        if (taken === E.CLOSED) return end;
        if (taken !== E.AGAIN) throw errorOf(taken, action, "channel");
        await ready(handle, READABLE);
      }
    } finally {
      this.#receiving.pass();
    }
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      const message = await this.receive();
      if (message === null) return;
      yield message;
    }
  }

  close() {
    const handle = this.#handle;
    if (handle === CLOSED) return;
    this.#handle = CLOSED;
    sys.close(handle);
  }

  [Symbol.dispose]() {
    this.close();
  }
}
define(Channel.prototype, Symbol.toStringTag, "Channel");
define(Message.prototype, Symbol.toStringTag, "Message");

// What a handle that arrived is to a program. What has no face here is closed.
function resourceOf(handle) {
  const { kind } = sys.info(handle);
  if (kind === KIND.CHANNEL) return new Channel(handle);
  if (kind === KIND.FILE) return new File(handle, "received file");
  if (kind === KIND.SOCKET) return new Connection(handle, "received connection");
  const other = internal.arrived[kind]?.(handle);
  if (other) return other;
  sys.close(handle);
  return null;
}

// What makes an object of a handle that arrived, by its kind; the files of ../work add to it.
internal.arrived = { __proto__: null };
internal.takeMore = () => undefined;
internal.Channel = Channel;
internal.Holder = Holder;
internal.taking = Channel.taking;

const ROLE_CHANNEL = 13;

internal.channels = (b8g) => {
  const given = () => sys.given(ROLE_CHANNEL).map((handle) => new Channel(handle));
  defineLazy(b8g, "channels", () => {
    const channels = given();
    internal.renewing(() => internal.refill(channels, given()));
    return channels;
  });
  b8g.channel = function channel() {
    const ends = sys.newChannel();
    if (typeof ends === "number") throw errorOf(ends, "make", "channel");
    return ends.map((handle) => new Channel(handle));
  };
};
