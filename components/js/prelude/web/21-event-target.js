// EventTarget and the dispatch of events. Start at `dispatch`.
// Invariants: the global object is itself a target, with its listeners kept here; a listener that throws never stops
// the dispatch, its error goes to `internal.reportException`.

const { apply, expose, need, toDOMString, isObject, brands, inspectors } = internal.idl;
const { DOMException, events } = internal;
const { DISPATCH, STOP, STOP_IMMEDIATE, PASSIVE, CANCELED, TRUSTED } = events;

const globalListeners = new Map();
let listenersOf;
let isTarget;

class EventTarget {
  #listeners = null;

  constructor() {}

  addEventListener(type, callback, options = undefined) {
    const target = this ?? globalThis;
    need(arguments.length, 2, "EventTarget.addEventListener");
    const name = toDOMString(type);
    checkCallback(callback);
    let capture = false, once = false, passive = false, signal;
    if (isObject(options)) {
      ({ capture, once, passive, signal } = options);
      if (signal !== undefined && !internal.abort.is(signal)) throw new TypeError("options.signal must be an AbortSignal");
    } else {
      capture = options;
    }
    const map = listenersOf(target, true);
    if (callback === null || callback === undefined || (signal !== undefined && internal.abort.aborted(signal))) return;
    addRecord(map, name, { callback, capture: !!capture, once: !!once, passive: !!passive, removed: false, handler: false }, signal);
  }

  removeEventListener(type, callback, options = undefined) {
    const target = this ?? globalThis;
    need(arguments.length, 2, "EventTarget.removeEventListener");
    const name = toDOMString(type);
    checkCallback(callback);
    const capture = !!(isObject(options) ? options.capture : options);
    const map = listenersOf(target, false);
    const list = map === null ? undefined : map.get(name);
    if (list === undefined) return;
    for (let i = 0; i < list.length; i++) {
      if (list[i].callback === callback && list[i].capture === capture && !list[i].handler) return removeRecord(map, name, list[i]);
    }
  }

  dispatchEvent(event) {
    const target = this ?? globalThis;
    need(arguments.length, 1, "EventTarget.dispatchEvent");
    listenersOf(target, false);
    if (!events.is(event)) throw new TypeError("EventTarget.dispatchEvent: the argument is not an Event");
    if ((events.flags(event) & DISPATCH) !== 0) {
      throw new DOMException("The event is already being dispatched", "InvalidStateError");
    }
    events.clear(event, TRUSTED);
    return dispatch(target, event);
  }

  static {
    listenersOf = (target, create) => {
      if (target === globalThis) return globalListeners;
      if (create && target.#listeners === null) target.#listeners = new Map();
      return target.#listeners;
    };
    isTarget = (value) => isObject(value) && #listeners in value;
  }
}
expose(EventTarget);
brands.push(isTarget);
inspectors.set(EventTarget.prototype, (target, show) => show(target, []));

function checkCallback(callback) {
  if (callback !== null && callback !== undefined && !isObject(callback)) {
    throw new TypeError("The event listener must be a function or an object");
  }
}

// Lists are replaced, never changed in place, so a dispatch that is under way walks the list as it was.
function addRecord(map, type, record, signal) {
  const list = map.get(type);
  if (list === undefined) {
    map.set(type, [record]);
  } else {
    const copy = [];
    for (let i = 0; i < list.length; i++) {
      const other = list[i];
      if (other.callback === record.callback && other.capture === record.capture && !other.handler && !record.handler) return;
      copy[i] = other;
    }
    copy[copy.length] = record;
    map.set(type, copy);
  }
  if (signal !== undefined) internal.abort.add(signal, () => removeRecord(map, type, record));
}

function removeRecord(map, type, record) {
  const list = map.get(type);
  record.removed = true;
  const copy = [];
  for (let i = 0; i < list.length; i++) {
    if (list[i] !== record) copy[copy.length] = list[i];
  }
  map.set(type, copy);
}

// Runs the listeners of `target` for `event`; true unless the default was prevented.
function dispatch(target, event) {
  const map = listenersOf(target, false);
  const type = events.typeOf(event);
  events.set(event, DISPATCH);
  events.place(event, target, target);
  if (map !== null) {
    // At the target itself, capturing listeners still come first.
    runListeners(map, type, target, event, true);
    runListeners(map, type, target, event, false);
  }
  events.place(event, target, null);
  events.clear(event, DISPATCH | STOP | STOP_IMMEDIATE);
  return (events.flags(event) & CANCELED) === 0;
}

function runListeners(map, type, target, event, capture) {
  const list = map.get(type);
  if (list === undefined || (events.flags(event) & STOP) !== 0) return;
  for (let i = 0; i < list.length; i++) {
    const record = list[i];
    if (record.removed || record.capture !== capture) continue;
    if (record.once) removeRecord(map, type, record);
    if (record.passive) events.set(event, PASSIVE);
    try {
      call(record, target, event);
    } catch (error) {
      internal.reportException(error);
    }
    if (record.passive) events.clear(event, PASSIVE);
    if ((events.flags(event) & STOP_IMMEDIATE) !== 0) return;
  }
}

function call(record, target, event) {
  const callback = record.callback;
  if (record.handler) return callback(target, event);
  if (typeof callback === "function") return apply(callback, target, [event]);
  const handle = callback.handleEvent;
  if (typeof handle !== "function") throw new TypeError("The event listener's handleEvent is not a function");
  return apply(handle, callback, [event]);
}

// Defines an event handler attribute (`onabort`): one callback a target, at the place in the order where it was first set.
function defineHandler(holder, type, invoke = callHandler) {
  const slots = new WeakMap();
  const key = `on${type}`;
  const accessors = {
    get [key]() {
      const target = this ?? globalThis;
      listenersOf(target, false);
      return slots.get(target)?.value ?? null;
    },
    set [key](value) {
      const target = this ?? globalThis;
      const map = listenersOf(target, true);
      let slot = slots.get(target);
      const callable = isObject(value) ? value : null;
      if (slot === undefined) {
        if (callable === null) return;
        slot = { value: null, record: null };
        slots.set(target, slot);
      }
      slot.value = callable;
      if (callable === null && slot.record !== null) {
        removeRecord(map, type, slot.record);
        slot.record = null;
      } else if (callable !== null && slot.record === null) {
        const callback = (self, event) => { if (typeof slot.value === "function") invoke(slot.value, self, event); };
        slot.record = { callback, capture: false, once: false, passive: false, removed: false, handler: true };
        addRecord(map, type, slot.record, undefined);
      }
    },
  };
  const descriptor = Object.getOwnPropertyDescriptor(accessors, key);
  descriptor.enumerable = holder !== globalThis;
  Object.defineProperty(holder, key, descriptor);
}

function callHandler(handler, target, event) {
  if (apply(handler, target, [event]) === false) event.preventDefault();
}

// Dispatches an event that the platform itself made.
function fire(target, event) {
  events.set(event, TRUSTED);
  return dispatch(target, event);
}

internal.EventTarget = EventTarget;
internal.fireEvent = fire;
internal.defineHandler = defineHandler;
internal.hasListeners = (target, type) => (listenersOf(target, false)?.get(type)?.length ?? 0) > 0;
