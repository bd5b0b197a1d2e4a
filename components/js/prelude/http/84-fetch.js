// fetch: requests over the network that was granted. Start at `fetch`; `Fetching` is one that runs.
// Redirects are followed here, each as a request of its own, which the host checks against the grants like any other.
// Invariants: a fetch settles once; its exchange is closed when it failed, was aborted, or its body was taken.

const { apply, need } = internal.idl;
const { bodies, headers: lists, requests, responses, abort, streams, Exchange, E } = internal;
const { failed, refused, withCode, causeOf } = internal.fetchErrors;
const { parseURL, serializeURL, serializeHost } = internal.urlParser;
const { httpSend, httpHead, watch, unwatch, utf8Encode, collect, handle: handleOf } = sys;
const { deferred, resolvedWith, rejectedWith } = streams;
const { decoderFor, accepted } = internal.decoding;
const ErrorClass = Error;
const TypedBytes = Uint8Array;
const WeakReference = WeakRef;
const { deref } = WeakRef.prototype;

const NET = 7;
const READABLE = 1;
const REDIRECTS_MAX = 20;
const DIGITS = /^[0-9]{1,15}$/;
const { matches, copyList } = internal.pairs;

const isHTTP = (url) => url.scheme === "http" || url.scheme === "https";
const originOf = (url) => `${url.scheme}://${serializeHost(url)}`;

class Fetching {
  constructor(record) {
    this.record = record;
    this.method = record.method;
    this.body = record.body;
    this.list = null;
    this.url = null;
    this.redirects = 0;
    this.exchange = null;
    this.result = deferred();
    this.settled = false;
    this.signal = requests.sourceOf(record);
    this.onabort = null;
    this.watched = -1;
    this.collected = false;
  }

  begin() {
    const { record, signal } = this;
    if (signal !== null) {
      if (abort.aborted(signal)) return this.fail(abort.reason(signal));
      this.onabort = () => this.abort(abort.reason(signal));
      abort.add(signal, this.onabort);
    }
    const href = requests.urlOf(record);
    this.url = parseURL(href, null);
    const local = internal.fetchLocal(this.url, href, this.method);
    if (local !== undefined) return this.settle(local);
    if (!isHTTP(this.url)) return this.fail(failed(new ErrorClass("unknown scheme")));
    this.list = copyList(requests.fieldsOf(record));
    this.prepare();
    return this.send();
  }

  // What a request says that its program did not.
  prepare() {
    const { list, body } = this;
    if (lists.get(list, "accept") === null) lists.append(list, "accept", "*/*");
    if (lists.get(list, "accept-language") === null) lists.append(list, "accept-language", "*");
    if (lists.get(list, "user-agent") === null) lists.append(list, "user-agent", "b8g");
    if (lists.get(list, "accept-encoding") === null) {
      const whole = lists.get(list, "range") === null;
      lists.append(list, "accept-encoding", whole ? accepted(this.url.scheme === "https") : "identity");
    }
    this.setLength(body);
  }

  setLength(body) {
    lists.remove(this.list, "content-length");
    if (body.kind === bodies.TEXT) {
      // As bytes from here on: a redirect may send them again.
      body.value = utf8Encode(body.value);
      body.kind = bodies.BYTES;
    }
    const length = body.kind === bodies.NONE ? (this.method === "POST" || this.method === "PUT" || this.method === "PATCH" ? 0 : -1)
      : body.kind === bodies.BYTES ? body.value.length : -1;
    if (length >= 0) lists.append(this.list, "content-length", `${length}`);
  }

  send() {
    const { url, body, method } = this;
    const has = body.kind !== bodies.NONE && !(body.kind === bodies.BYTES && body.value.length === 0);
    const where = `${url.host}:${url.port ?? (url.scheme === "https" ? 443 : 80)}`;
    const net = handleOf(NET);
    const path = `${url.path}${url.query === null ? "" : `?${url.query}`}`;
    const handle = net ? httpSend(net, [method, url.scheme, serializeHost(url), path], this.list, has) : E.RIGHTS;
    if (handle === E.LIMIT && !this.collected) return this.makeRoom();
    if (handle < 0) return this.fail(refused(handle, where));
    const exchange = new Exchange(handle, true);
    exchange.where = where;
    this.exchange = exchange;
    if (has) this.upload(exchange);
    return this.await(exchange);
  }

  // What nobody wants any more may hold what is needed: once it is collected, what it held is closed by a job of its own.
  makeRoom() {
    this.collected = true;
    collect();
    streams.upon(resolvedWith(undefined), () => {
      if (this.settled) return;
      try {
        this.send();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  upload(exchange) {
    const { body } = this;
    const again = body.kind === bodies.BYTES ? { ...body } : null;
    bodies.send(body, exchange, (error, wrong) => {
      if (!wrong) {
        exchange.finish(false);
      } else if (typeof error !== "number") {
        // The program's own stream failed.
        exchange.aborted = true;
        exchange.reason = error;
        if (this.exchange === exchange) this.fail(error);
      }
      // What the other side did not want: its answer says why, or that there is none.
    });
    if (again !== null) this.body = again;
  }

  await(exchange) {
    if (exchange.handle < 0 || this.settled) return undefined;
    const head = httpHead(exchange.handle, true);
    if (head === E.AGAIN) {
      this.watched = watch(exchange.handle, READABLE, () => {
        this.watched = -1;
        try {
          this.await(exchange);
        } catch (error) {
          this.fail(error);
        }
      });
      return this.watched < 0 ? this.fail(failed(withCode("EMFILE", "too many waits"))) : undefined;
    }
    if (typeof head === "number") return this.fail(failed(causeOf(exchange.handle, head, exchange.where)));
    return this.hear(exchange, head);
  }

  hear(exchange, head) {
    const status = head[0];
    const list = [];
    for (let i = 1; i < head.length; i++) list[i - 1] = head[i];
    const { redirect } = this.record;
    const location = responses.isRedirect(status) ? lists.get(list, "location") : null;
    if (location !== null && redirect === "error") return this.fail(failed(new ErrorClass("unexpected redirect")));
    if (location !== null && redirect === "follow") return this.follow(exchange, status, location);
    const href = serializeURL({ ...this.url, fragment: null });
    const empty = this.method === "HEAD" || responses.isNullBody(status);
    const decoder = empty ? null : decoderFor(exchange, lists.get(list, "content-encoding"));
    // What the program gets has another length, and may go on to somebody else as it is.
    if (decoder !== null) removeAll(list, CODED_FIELDS);
    exchange.decoder = decoder;
    const length = lists.get(list, "content-length");
    const known = length !== null && matches(DIGITS, length) !== null ? +length : -1;
    const body = empty ? bodies.none() : bodies.incoming(exchange, known);
    if (empty) drain(exchange);
    const response = responses.create(href, this.redirects > 0, status, list, body);
    this.exchange = null;
    if (this.onabort === null) return this.settle(response);
    // Whoever aborts the body must find it, but must not keep it when nobody wants it any more.
    const weak = new WeakReference(exchange);
    abort.remove(this.signal, this.onabort);
    const { signal } = this;
    const onabort = () => apply(deref, weak, [])?.abort(abort.reason(signal));
    abort.add(signal, onabort);
    exchange.onclose = () => abort.remove(signal, onabort);
    this.onabort = null;
    return this.settle(response);
  }

  follow(exchange, status, location) {
    const next = parseURL(location, this.url);
    if (next === null) return this.fail(failed(new ErrorClass(`invalid redirect to ${location}`)));
    if (!isHTTP(next)) return this.fail(failed(new ErrorClass("URL scheme must be a HTTP(S) scheme")));
    if (++this.redirects > REDIRECTS_MAX) return this.fail(failed(new ErrorClass("redirect count exceeded")));
    if (next.username !== "" || next.password !== "") return this.fail(failed(new ErrorClass("a redirect to a URL with credentials")));
    const { method, list } = this;
    if (status !== 303 && this.body.kind !== bodies.NONE && this.body.kind !== bodies.BYTES) {
      return this.fail(failed(new ErrorClass("a redirect of a request whose body is a stream")));
    }
    if (((status === 301 || status === 302) && method === "POST") || (status === 303 && method !== "GET" && method !== "HEAD")) {
      this.method = "GET";
      this.body = bodies.none();
      removeAll(list, BODY_FIELDS);
    }
    if (originOf(next) !== originOf(this.url)) removeAll(list, OWN_FIELDS);
    if (next.fragment === null) next.fragment = this.url.fragment;
    this.url = next;
    this.exchange = null;
    drain(exchange);
    return this.send();
  }

  settle(response) {
    if (this.settled) return;
    this.settled = true;
    this.forget();
    this.result.resolve(response);
  }

  fail(error) {
    this.forget();
    const { exchange } = this;
    this.exchange = null;
    if (this.watched >= 0) unwatch(this.watched);
    this.watched = -1;
    if (exchange !== null) exchange.abort(error);
    if (this.settled) return;
    this.settled = true;
    this.result.reject(error);
  }

  abort(reason) {
    const { body } = this;
    this.fail(reason);
    if (body.kind === bodies.STREAM && body.stream !== null) {
      const stream = streams.readableOf(body.stream);
      if (stream.state === "readable") streams.upon(streams.cancelReadable(stream, reason), streams.noop);
    }
  }

  // The signal has no meaning any more.
  forget() {
    if (this.onabort !== null) abort.remove(this.signal, this.onabort);
    this.onabort = null;
  }
}

const BODY_FIELDS = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];
const CODED_FIELDS = ["content-encoding", "content-length"];
const OWN_FIELDS = ["authorization", "proxy-authorization", "cookie"];

function removeAll(list, names) {
  for (let i = 0; i < names.length; i++) lists.remove(list, names[i]);
}

// Reads what is left of an answer that nobody wants, if it is there, so that the connection can serve the next request.
function drain(exchange) {
  const scrap = new TypedBytes(4096);
  let n = exchange.readNow(scrap, 0);
  if (n > 0) n = exchange.readNow(scrap, 0);
  if (n === E.AGAIN) exchange.read(scrap, 0, () => exchange.close());
  else exchange.close();
}

const functions = {
  fetch(input, init = undefined) {
    try {
      need(arguments.length, 1, "fetch");
      const fetching = new Fetching(requests.of(new Request(input, init)));
      try {
        fetching.begin();
      } catch (error) {
        fetching.fail(error);
      }
      return fetching.result.promise;
    } catch (error) {
      return rejectedWith(error);
    }
  },
};
const { Request } = globalThis;

internal.define(globalThis, "fetch", functions.fetch);
