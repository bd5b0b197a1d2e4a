// MessageChannel: two ports of one program. What is sent is cloned at once and arrives in a task of its own. Start at `MessagePort`.
// Invariants: a port hears nothing before it was started; what was sent before a port was closed does not arrive after it.

const { KEY, expose, illegalConstructor, need, isObject, toSequence, brands, symbolIterator } = internal.idl;
const { EventTarget, fireEvent, defineHandler, structuredClone } = internal;
const { MessageEvent } = globalThis;
const { setImmediate: later } = sys;

let link;

class MessagePort extends EventTarget {
  #other = null;
  #queue = [];
  #taken = 0;
  #started = false;
  #waiting = false;

  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
    super();
  }
  postMessage(message, options = undefined) {
    const other = this.#other;
    need(arguments.length, 1, "MessagePort.postMessage");
    const list = isObject(options) && options[symbolIterator] !== undefined ? toSequence(options, "MessagePort.postMessage: transfer") : undefined;
    const copy = structuredClone(message, list === undefined ? options : { __proto__: null, transfer: list });
    if (other === null) return;
    other.#queue[other.#queue.length] = copy;
    other.#arrange();
  }
  start() {
    this.#started = true;
    this.#arrange();
  }
  close() {
    const other = this.#other;
    this.#other = null;
    this.#queue = [];
    this.#taken = 0;
    if (other !== null) other.#other = null;
  }

  // One task for each message, one after another.
  #arrange() {
    if (!this.#started || this.#waiting || this.#taken === this.#queue.length) return;
    this.#waiting = true;
    later(() => {
      this.#waiting = false;
      const at = this.#taken;
      if (at >= this.#queue.length) return;
      const data = this.#queue[at];
      this.#queue[at] = undefined;
      this.#taken = at + 1;
      if (this.#taken === this.#queue.length) {
        this.#queue = [];
        this.#taken = 0;
      }
      this.#arrange();
      fireEvent(this, new MessageEvent("message", { __proto__: null, data }));
    });
  }
  static {
    link = (one, other) => {
      one.#other = other;
      other.#other = one;
    };
    brands.push((value) => isObject(value) && #other in value);
  }
}
defineHandler(MessagePort.prototype, "messageerror");
defineHandler(MessagePort.prototype, "message");
// Who sets the handler wants to hear.
const { apply } = Reflect;
const { start } = MessagePort.prototype;
const handler = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
const accessors = {
  set onmessage(value) {
    apply(handler.set, this, [value]);
    apply(start, this, []);
  },
};
Object.defineProperty(MessagePort.prototype, "onmessage", {
  get: handler.get, set: Object.getOwnPropertyDescriptor(accessors, "onmessage").set, enumerable: true, configurable: true,
});
expose(MessagePort);

class MessageChannel {
  #one = new MessagePort(KEY);
  #two = new MessagePort(KEY);
  constructor() {
    link(this.#one, this.#two);
  }
  get port1() { return this.#one; }
  get port2() { return this.#two; }
  static {
    brands.push((value) => isObject(value) && #one in value);
  }
}
expose(MessageChannel);
