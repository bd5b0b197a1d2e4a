// Requests that the program answers: what `EVENT_REQUEST` calls. Start at `internal.request`.
// Invariants: a request is let go of once, when its answer is whole and what was given to `waitUntil` is done; what the handler
// throws is told, and answered with status 500, or cut off where the answer had begun. The context goes on.

const { expose, illegalConstructor, KEY, need } = internal.idl;
const { matches } = internal.pairs;
const { bodies, requests, responses, streams, Exchange, E } = internal;
const { upon, resolvedWith } = streams;
const { httpHead, httpRespond, answered, complain, watch, unwatch, utf8Encode } = sys;

const WHOLE_MAX = 16384;
const FAILED_ONLY = 0;
const FAILED = 500;

// What goes on for one request.
class Answering {
  constructor(exchange) {
    this.exchange = exchange;
    this.waiting = 1;
    this.gone = null;
    this.watched = -1;
    this.begun = false;
  }

  done() {
    if (--this.waiting > 0) return;
    if (this.watched >= 0) unwatch(this.watched);
    this.watched = -1;
    this.exchange.close();
  }

  // The answer is whole.
  finish() {
    answered();
    this.done();
  }

  // It went wrong: whatever the answer is, it is over.
  fail(error) {
    complain(error);
    const { exchange } = this;
    if (this.begun) exchange.finish(true);
    else if (exchange.handle >= 0) httpRespond(exchange.handle, FAILED, [], undefined);
    this.finish();
  }

  // Who asked is gone.
  lose() {
    const { gone } = this;
    this.gone = null;
    if (gone !== null) gone();
  }

  waitUntil(value) {
    this.waiting++;
    upon(resolvedWith(value), () => this.done(), (error) => {
      complain(error);
      this.done();
    });
  }

  watch(gone) {
    const { exchange } = this;
    if (exchange.handle < 0) return;
    this.gone = gone;
    this.watched = watch(exchange.handle, FAILED_ONLY, () => {
      this.watched = -1;
      this.lose();
    });
  }
}

class HandlerContext {
  #answering;
  constructor(key, answering) {
    if (key !== KEY) illegalConstructor();
    this.#answering = answering;
  }
  waitUntil(promise) {
    const answering = this.#answering;
    need(arguments.length, 1, "waitUntil");
    answering.waitUntil(promise);
  }
  passThroughOnException() {
    this.#answering;
  }
}
expose(HandlerContext, { hidden: true });

function respond(answering, method, value) {
  if (!responses.is(value)) {
    return answering.fail(new TypeError("the handler must answer with a Response, or with a promise of one"));
  }
  const record = responses.of(value);
  const { exchange } = answering;
  const { body } = record;
  if (record.type === "error") return answering.fail(new TypeError("the handler answered with Response.error()"));
  if (bodies.isUnusable(body)) return answering.fail(new TypeError("the body of the response has already been read"));
  const fields = responses.fieldsOf(record);
  const { handle } = exchange;
  if (handle < 0) return answering.finish();
  let what;
  if (body.kind === bodies.NONE) {
    what = undefined;
  } else if (body.stream !== null || body.kind === bodies.EXCHANGE) {
    if (method === "HEAD") {
      forget(body);
      what = undefined;
    } else {
      what = true;
    }
  } else {
    what = body.value;
    if (typeof what === "string" && what.length > WHOLE_MAX) {
      body.value = what = utf8Encode(what);
      body.kind = bodies.BYTES;
    }
  }
  const said = httpRespond(handle, record.status, fields, what);
  if (said === 1) {
    answering.begun = true;
    bodies.send(body, exchange, (error, failed) => sent(answering, error, failed));
    return undefined;
  }
  body.used = true;
  if (said === E.ARG || said === E.LIMIT) {
    return answering.fail(new TypeError("the response cannot be sent: its head is too large, or names a wrong length of its body"));
  }
  // Any other error: who asked is gone.
  return answering.finish();
}

// A body that nobody wants.
function forget(body) {
  if (body.stream !== null) upon(streams.cancelReadable(streams.readableOf(body.stream), undefined), streams.noop);
  else body.value.close();
}

function sent(answering, error, failed) {
  const { exchange } = answering;
  if (!failed) {
    const finished = exchange.finish(false);
    if (finished === E.ARG) return answering.fail(new TypeError("the body of the response is shorter than its head says"));
  } else if (typeof error !== "number") {
    return answering.fail(error);
  } else if (error === E.ARG) {
    return answering.fail(new TypeError("the body of the response is longer than its head says"));
  } else {
    answering.lose();
  }
  return answering.finish();
}

// Lets `handler`, an object with a method `fetch`, answer the request behind the handle.
internal.request = (handler, handle) => {
  const exchange = new Exchange(handle, false);
  const head = httpHead(handle, false);
  if (typeof head === "number") {
    answered();
    exchange.close();
    return undefined;
  }
  const method = head[0];
  const answering = new Answering(exchange);
  const length = method === "GET" || method === "HEAD" ? 0 : lengthOf(head);
  const body = length === 0 ? bodies.none() : bodies.incoming(exchange.reader(), length);
  const request = requests.createServed({ head, watch: (gone) => answering.watch(gone) }, body);
  const context = new HandlerContext(KEY, answering);
  const failed = (error) => answering.fail(error);
  const hear = (value) => {
    try {
      respond(answering, method, value);
    } catch (error) {
      failed(error);
    }
  };
  let result;
  try {
    result = handler.fetch(request, context, context);
  } catch (error) {
    return failed(error);
  }
  if (responses.is(result)) return hear(result);
  return upon(resolvedWith(result), hear, failed);
};

const DIGITS = /^[0-9]{1,15}$/;

// How long the body is that comes: -1 if that is not said.
function lengthOf(head) {
  for (let i = 4; i < head.length; i += 2) {
    if (head[i] === "content-length") return matches(DIGITS, head[i + 1]) === null ? -1 : +head[i + 1];
    if (head[i] === "transfer-encoding") return -1;
  }
  return 0;
}
