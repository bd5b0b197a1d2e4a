// Request. Start at the class; `Request` of a server's exchange is made by `createServed`, which reads nothing that nobody asks for.
// A record: {method, url, parsed, headers, body, source, signal, redirect, …}. `source` is the signal that this one follows.

const { expose, need, toDictionary, toUSVString, toDOMString, isObject, brands, inspectors } = internal.idl;
const { bodies, headers: lists, abort, DOMException } = internal;
const { matches } = internal.pairs;
const { parseURL, serializeURL } = internal.urlParser;
const toUpper = String.prototype.toUpperCase;
const { apply } = Reflect;

const NORMAL = /^(?:delete|get|head|options|post|put)$/i;
const FORBIDDEN = /^(?:connect|trace|track)$/i;
const words = (...list) => {
  const table = { __proto__: null };
  for (let i = 0; i < list.length; i++) table[list[i]] = true;
  return table;
};
const CHOICES = {
  __proto__: null,
  redirect: words("follow", "manual", "error"),
  mode: words("cors", "no-cors", "same-origin", "navigate"),
  credentials: words("omit", "same-origin", "include"),
  cache: words("default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"),
};

let recordOf;
let isRequest;
let createServed;

class Request {
  #record;

  constructor(input, init = undefined) {
    need(arguments.length, 1, "Request");
    if (input === internal.idl.KEY) this.#record = init;
    else this.#record = build(input, toDictionary(init, "Request: init"));
  }
  get method() { return this.#record.method; }
  get url() { return urlOf(this.#record); }
  get headers() { return headersOf(this.#record); }
  get destination() { return constantOf(this.#record, ""); }
  get referrer() { return this.#record.referrer; }
  get referrerPolicy() { return constantOf(this.#record, ""); }
  get mode() { return this.#record.mode; }
  get credentials() { return this.#record.credentials; }
  get cache() { return this.#record.cache; }
  get redirect() { return this.#record.redirect; }
  get integrity() { return this.#record.integrity; }
  get keepalive() { return this.#record.keepalive; }
  get isReloadNavigation() { return constantOf(this.#record, false); }
  get isHistoryNavigation() { return constantOf(this.#record, false); }
  get signal() { return signalOf(this.#record); }
  get duplex() { return constantOf(this.#record, "half"); }
  clone() {
    const record = this.#record;
    if (bodies.isUnusable(record.body)) throw new TypeError("Request.clone: Body has already been consumed.");
    const headers = lists.create(lists.listOf(headersOf(record)), false);
    const copy = { ...record, headers, body: bodies.clone(record.body), source: signalOf(record), signal: null, served: null };
    copy.url = urlOf(record);
    return new Request(internal.idl.KEY, copy);
  }
  static {
    recordOf = (request) => request.#record;
    isRequest = (value) => isObject(value) && #record in value;
  }
}
bodies.mixBody(Request, (request) => recordOf(request).body, (request) => lists.get(fieldsOf(recordOf(request)), "content-type"));
expose(Request);
brands.push(isRequest);
inspectors.set(Request.prototype, (request, show) => show(request, ["method", "url", "headers", "redirect", "signal", "bodyUsed"]));

function constantOf(record, value) {
  return value;
}

function urlOf(record) {
  if (record.url === null) {
    const { served } = record;
    const text = `${served.head[1]}://${served.head[2]}${served.head[3]}`;
    const parsed = parseURL(text, null);
    record.url = parsed === null ? text : serializeURL(parsed);
  }
  return record.url;
}

// The list of fields, whether or not the program has asked for them.
function fieldsOf(record) {
  return lists.of(headersOf(record));
}

function headersOf(record) {
  if (record.headers === null) {
    const { head } = record.served;
    const list = [];
    for (let i = 4; i < head.length; i++) list[i - 4] = head[i];
    record.headers = lists.create(list, false);
  }
  return record.headers;
}

function signalOf(record) {
  if (record.signal !== null) return record.signal;
  const signal = abort.create();
  record.signal = signal;
  const { source, served } = record;
  if (source !== null) {
    if (abort.aborted(source)) abort.abort(signal, abort.reason(source));
    else abort.add(source, () => abort.abort(signal, abort.reason(source)));
  } else if (served !== null) {
    served.watch(() => abort.abort(signal, new DOMException("The client went away", "AbortError")));
  }
  return signal;
}

// What makes a fetch of it end, if something can.
function sourceOf(record) {
  return record.signal !== null || record.served !== null ? signalOf(record) : record.source;
}

function choice(init, name, fallback) {
  const value = init[name];
  if (value === undefined) return fallback;
  const text = toDOMString(value);
  if (CHOICES[name][text] !== true) throw new TypeError(`Request: ${name}: "${text}" is not one of its values`);
  return text;
}

function methodOf(value) {
  const method = lists.toByteString(value, "Request: method");
  if (matches(lists.TOKEN, method) === null) throw new TypeError(`'${method}' is not a valid HTTP method.`);
  if (matches(FORBIDDEN, method) !== null) throw new TypeError(`'${method}' HTTP method is unsupported.`);
  return matches(NORMAL, method) === null ? method : apply(toUpper, method, []);
}

function parse(input) {
  const text = toUSVString(input);
  const parsed = parseURL(text, null);
  if (parsed === null) throw new TypeError(`Failed to parse URL from ${text}`);
  if (parsed.username !== "" || parsed.password !== "") {
    throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${text}`);
  }
  return { url: serializeURL(parsed) };
}

function build(input, init) {
  const from = isRequest(input) ? recordOf(input) : null;
  const base = from === null
    ? {
      ...parse(input), method: "GET", headers: null, body: bodies.none(), source: null, redirect: "follow", mode: "cors",
      credentials: "same-origin", cache: "default", integrity: "", keepalive: false, referrer: "about:client",
    }
    : { ...from, url: urlOf(from), headers: null, source: sourceOf(from) };
  const record = { ...base, signal: null, served: null };
  const given = init ?? {};
  const { body, headers } = given;
  record.cache = choice(given, "cache", record.cache);
  record.credentials = choice(given, "credentials", record.credentials);
  const { duplex } = given;
  if (duplex !== undefined && `${duplex}` !== "half") throw new TypeError('Request: duplex: "half" is its only value');
  const { integrity, keepalive } = given;
  if (integrity !== undefined) record.integrity = toDOMString(integrity);
  if (keepalive !== undefined) record.keepalive = !!keepalive;
  if (given.method !== undefined) record.method = methodOf(given.method);
  record.mode = choice(given, "mode", record.mode);
  if (record.mode === "navigate") throw new TypeError("Request: mode must not be navigate");
  record.redirect = choice(given, "redirect", record.redirect);
  const { referrer, signal } = given;
  if (referrer !== undefined) record.referrer = referrerOf(toUSVString(referrer));
  if (signal !== undefined) {
    if (signal !== null && !abort.is(signal)) throw new TypeError("Request: signal must be an AbortSignal");
    record.source = signal;
  }
  const list = lists.listOf(headers === undefined && from !== null ? headersOf(from) : headers);
  record.headers = lists.create(list, false);
  const has = body !== undefined && body !== null;
  if ((has || (from !== null && from.body.kind !== bodies.NONE)) && (record.method === "GET" || record.method === "HEAD")) {
    throw new TypeError("Request with GET/HEAD method cannot have body.");
  }
  if (has) {
    const made = bodies.extract(body);
    if (made.body.kind === bodies.STREAM && duplex === undefined) {
      throw new TypeError("RequestInit: duplex option is required when sending a body.");
    }
    if (made.type !== null && lists.get(list, "content-type") === null) {
      lists.append(list, "content-type", lists.toValue(made.type, "Request"));
    }
    record.body = made.body;
  } else if (from !== null) {
    if (bodies.isUnusable(from.body)) throw new TypeError("Cannot construct a Request with a Request object that has already been used.");
    record.body = bodies.move(from.body);
  }
  return record;
}

function referrerOf(text) {
  if (text === "") return "no-referrer";
  const parsed = parseURL(text, null);
  if (parsed === null) throw new TypeError(`Referrer "${text}" is not a valid URL.`);
  return serializeURL(parsed);
}

// The request that a server was sent: `served` is {head, watch(gone)}.
createServed = (served, body) => new Request(internal.idl.KEY, {
  method: served.head[0], url: null, headers: null, body, source: null, signal: null, redirect: "follow", mode: "cors",
  credentials: "same-origin", cache: "default", integrity: "", keepalive: false, referrer: "about:client", served,
});

internal.requests = { is: isRequest, of: recordOf, urlOf, fieldsOf, sourceOf, createServed };
