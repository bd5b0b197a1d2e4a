// AbortController and AbortSignal. Start at `signalAbort`.
// Invariants: a signal aborts once; a dependent signal (AbortSignal.any) knows only plain sources, never other
// dependents, and leaves the lists of all its sources when one of them aborts it.

const { KEY, expose, illegalConstructor, need, toEnforcedUnsigned, toSequence, isObject, inspectors } = internal.idl;
const { DOMException, EventTarget, Event, fireEvent, defineHandler } = internal;

const abort = {};
let stateOf;

class AbortSignal extends EventTarget {
  #state = { aborted: false, reason: undefined, algorithms: null, sources: null, dependents: null };

  constructor(key = undefined) {
    if (key !== KEY) illegalConstructor();
    super();
  }
  get aborted() { return this.#state.aborted; }
  get reason() { return this.#state.reason; }
  throwIfAborted() {
    if (this.#state.aborted) throw this.#state.reason;
  }
  static abort(reason = undefined) {
    const signal = new AbortSignal(KEY);
    const state = stateOf(signal);
    state.aborted = true;
    state.reason = reason === undefined ? abortError() : reason;
    return signal;
  }
  static timeout(milliseconds) {
    need(arguments.length, 1, "AbortSignal.timeout");
    const delay = toEnforcedUnsigned(milliseconds, Number.MAX_SAFE_INTEGER, "AbortSignal.timeout: milliseconds");
    const signal = new AbortSignal(KEY);
    const id = sys.setTimer(() => signalAbort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError")), delay, false);
    // A deadline alone is no reason to keep a program running.
    sys.unrefTimer?.(id);
    return signal;
  }
  static any(signals) {
    need(arguments.length, 1, "AbortSignal.any");
    return anyOf(toSequence(signals, "AbortSignal.any: signals"));
  }
  static {
    stateOf = (signal) => signal.#state;
    abort.is = (value) => isObject(value) && #state in value;
  }
}
expose(AbortSignal);
defineHandler(AbortSignal.prototype, "abort");
inspectors.set(AbortSignal.prototype, (signal, show) => show(signal, stateOf(signal).aborted ? ["aborted", "reason"] : ["aborted"]));

function abortError() {
  return new DOMException("This operation was aborted", "AbortError");
}

function anyOf(signals) {
  for (const signal of signals) {
    if (!abort.is(signal)) throw new TypeError("AbortSignal.any: every element must be an AbortSignal");
  }
  const result = new AbortSignal(KEY);
  const state = stateOf(result);
  for (const signal of signals) {
    if (stateOf(signal).aborted) {
      state.aborted = true;
      state.reason = stateOf(signal).reason;
      return result;
    }
  }
  state.sources = new Set();
  for (const signal of signals) {
    const sources = stateOf(signal).sources;
    for (const source of sources === null ? [signal] : sources) {
      state.sources.add(source);
      (stateOf(source).dependents ??= new Set()).add(result);
    }
  }
  return result;
}

// Marks the signal and everything that depends on it before any listener runs, then runs theirs in that order.
function signalAbort(signal, given) {
  const state = stateOf(signal);
  if (state.aborted) return;
  const reason = given === undefined ? abortError() : given;
  state.aborted = true;
  state.reason = reason;
  const marked = [signal];
  if (state.dependents !== null) {
    for (const dependent of state.dependents) {
      const its = stateOf(dependent);
      if (its.aborted) continue;
      its.aborted = true;
      its.reason = reason;
      marked.push(dependent);
      for (const source of its.sources) if (source !== signal) stateOf(source).dependents.delete(dependent);
      its.sources = null;
    }
    state.dependents = null;
  }
  for (const each of marked) runAbortSteps(each);
}

function runAbortSteps(signal) {
  const state = stateOf(signal);
  const algorithms = state.algorithms;
  state.algorithms = null;
  if (algorithms !== null) for (const algorithm of algorithms) algorithm();
  fireEvent(signal, new Event("abort"));
}

let isController;

class AbortController {
  #signal = new AbortSignal(KEY);
  constructor() {}
  get signal() { return this.#signal; }
  abort(reason = undefined) {
    signalAbort(this.#signal, reason);
  }
  static {
    isController = (value) => isObject(value) && #signal in value;
  }
}
expose(AbortController);
internal.idl.brands.push(isController);
inspectors.set(AbortController.prototype, (controller, show) => show(controller, ["signal"]));

abort.aborted = (signal) => stateOf(signal).aborted;
abort.reason = (signal) => stateOf(signal).reason;
abort.create = () => new AbortSignal(KEY);
abort.abort = signalAbort;
abort.add = (signal, algorithm) => {
  const state = stateOf(signal);
  if (!state.aborted) (state.algorithms ??= new Set()).add(algorithm);
};
abort.remove = (signal, algorithm) => {
  stateOf(signal).algorithms?.delete(algorithm);
};
internal.abort = abort;
