// Event and the events that carry data: CustomEvent, ErrorEvent, PromiseRejectionEvent, MessageEvent.
// Start at `Event`; `internal.events` is what the dispatcher in 21-event-target.js reads and writes.
// Invariant: the state of an event is private; guests see it only through the getters below.

const { expose, constants, need, toDOMString, toDictionary, isObject, brands, inspectors } = internal.idl;

const BUBBLES = 1, CANCELABLE = 2, COMPOSED = 4;
const STOP = 8, STOP_IMMEDIATE = 16, CANCELED = 32, PASSIVE = 64, DISPATCH = 128, TRUSTED = 256;

const events = { DISPATCH, STOP, STOP_IMMEDIATE, PASSIVE, CANCELED, TRUSTED };
const { nowMono: now } = sys;

class Event {
  #type;
  #flags = 0;
  #target = null;
  #current = null;
  #time;

  constructor(type, eventInitDict = undefined) {
    need(arguments.length, 1, "Event");
    this.#type = toDOMString(type);
    const init = toDictionary(eventInitDict, "Event: eventInitDict");
    if (init !== undefined) {
      this.#flags = (init.bubbles ? BUBBLES : 0) | (init.cancelable ? CANCELABLE : 0) | (init.composed ? COMPOSED : 0);
    }
    this.#time = now();
  }
  get type() { return this.#type; }
  get target() { return this.#target; }
  get srcElement() { return this.#target; }
  get currentTarget() { return this.#current; }
  composedPath() {
    return this.#current === null ? [] : [this.#current];
  }
  get eventPhase() { return (this.#flags & DISPATCH) !== 0 && this.#current !== null ? 2 : 0; }
  stopPropagation() { this.#flags |= STOP; }
  get cancelBubble() { return (this.#flags & STOP) !== 0; }
  set cancelBubble(value) { this.#flags |= value ? STOP : 0; }
  stopImmediatePropagation() { this.#flags |= STOP | STOP_IMMEDIATE; }
  get bubbles() { return (this.#flags & BUBBLES) !== 0; }
  get cancelable() { return (this.#flags & CANCELABLE) !== 0; }
  get returnValue() { return (this.#flags & CANCELED) === 0; }
  set returnValue(value) {
    const cancelable = (this.#flags & (CANCELABLE | PASSIVE)) === CANCELABLE;
    if (!value && cancelable) this.#flags |= CANCELED;
  }
  preventDefault() {
    if ((this.#flags & (CANCELABLE | PASSIVE)) === CANCELABLE) this.#flags |= CANCELED;
  }
  get defaultPrevented() { return (this.#flags & CANCELED) !== 0; }
  get composed() { return (this.#flags & COMPOSED) !== 0; }
  get isTrusted() { return (this.#flags & TRUSTED) !== 0; }
  get timeStamp() { return this.#time; }
  initEvent(type, bubbles = false, cancelable = false) {
    need(arguments.length, 1, "Event.initEvent");
    const name = toDOMString(type);
    if ((this.#flags & DISPATCH) !== 0) return;
    this.#flags = (this.#flags & COMPOSED) | (bubbles ? BUBBLES : 0) | (cancelable ? CANCELABLE : 0);
    this.#target = null;
    this.#type = name;
  }

  static {
    events.is = (value) => isObject(value) && #flags in value;
    events.flags = (event) => event.#flags;
    events.set = (event, bits) => { event.#flags |= bits; };
    events.clear = (event, bits) => { event.#flags &= ~bits; };
    events.typeOf = (event) => event.#type;
    events.place = (event, target, current) => {
      event.#target = target;
      event.#current = current;
    };
  }
}
expose(Event);
constants(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });
brands.push(events.is);
inspectors.set(Event.prototype, (event, show) => show(event, ["type", "defaultPrevented", "cancelable", "timeStamp"]));

class CustomEvent extends Event {
  #detail = null;
  constructor(type, eventInitDict = undefined) {
    need(arguments.length, 1, "CustomEvent");
    super(type, eventInitDict);
    const detail = eventInitDict?.detail;
    if (detail !== undefined) this.#detail = detail;
  }
  get detail() { return this.#detail; }
  initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
    need(arguments.length, 1, "CustomEvent.initCustomEvent");
    if ((events.flags(this) & DISPATCH) !== 0) return;
    this.initEvent(type, bubbles, cancelable);
    this.#detail = detail;
  }
}
expose(CustomEvent);
inspectors.set(CustomEvent.prototype, (event, show) => show(event, ["type", "detail", "defaultPrevented", "cancelable", "timeStamp"]));

class ErrorEvent extends Event {
  #message = "";
  #filename = "";
  #lineno = 0;
  #colno = 0;
  #error = undefined;
  constructor(type, eventInitDict = undefined) {
    need(arguments.length, 1, "ErrorEvent");
    super(type, eventInitDict);
    const init = eventInitDict;
    if (init === undefined || init === null) return;
    const { colno, error, filename, lineno, message } = init;
    if (colno !== undefined) this.#colno = colno >>> 0;
    if (error !== undefined) this.#error = error;
    if (filename !== undefined) this.#filename = toDOMString(filename);
    if (lineno !== undefined) this.#lineno = lineno >>> 0;
    if (message !== undefined) this.#message = toDOMString(message);
  }
  get message() { return this.#message; }
  get filename() { return this.#filename; }
  get lineno() { return this.#lineno; }
  get colno() { return this.#colno; }
  get error() { return this.#error; }
}
expose(ErrorEvent);
inspectors.set(ErrorEvent.prototype, (event, show) => show(event, ["type", "message", "filename", "lineno", "colno", "error"]));

class PromiseRejectionEvent extends Event {
  #promise;
  #reason;
  constructor(type, eventInitDict) {
    need(arguments.length, 2, "PromiseRejectionEvent");
    super(type, eventInitDict);
    if (!isObject(eventInitDict?.promise)) throw new TypeError("PromiseRejectionEvent: promise is required");
    this.#promise = eventInitDict.promise;
    this.#reason = eventInitDict.reason;
  }
  get promise() { return this.#promise; }
  get reason() { return this.#reason; }
}
expose(PromiseRejectionEvent);
inspectors.set(PromiseRejectionEvent.prototype, (event, show) => show(event, ["type", "promise", "reason"]));

class MessageEvent extends Event {
  #data = null;
  #origin = "";
  #lastEventId = "";
  #source = null;
  #ports = Object.freeze([]);
  constructor(type, eventInitDict = undefined) {
    need(arguments.length, 1, "MessageEvent");
    super(type, eventInitDict);
    const init = eventInitDict;
    if (init === undefined || init === null) return;
    const { data, lastEventId, origin, ports, source } = init;
    if (data !== undefined) this.#data = data;
    if (lastEventId !== undefined) this.#lastEventId = toDOMString(lastEventId);
    if (origin !== undefined) this.#origin = toDOMString(origin);
    if (ports !== undefined) this.#ports = Object.freeze([...ports]);
    if (source !== undefined) this.#source = source;
  }
  get data() { return this.#data; }
  get origin() { return this.#origin; }
  get lastEventId() { return this.#lastEventId; }
  get source() { return this.#source; }
  get ports() { return this.#ports; }
}
expose(MessageEvent);
inspectors.set(MessageEvent.prototype, (event, show) => show(event, ["type", "data", "origin", "lastEventId"]));

internal.events = events;
internal.Event = Event;
internal.ErrorEvent = ErrorEvent;
internal.PromiseRejectionEvent = PromiseRejectionEvent;
