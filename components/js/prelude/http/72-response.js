// Response. Start at the class; `create` makes those that were received.
// A record: {type, url, redirected, status, statusText, headers, body}.

const { KEY, expose, need, toDictionary, toUSVString, isObject, brands, inspectors } = internal.idl;
const { bodies, headers: lists } = internal;
const { matches } = internal.pairs;
const { parseURL, serializeURL } = internal.urlParser;
const { stringify } = JSON;

const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;
// What a status means, for `statusText` of what was received: the word itself is not told.
const MEANINGS = {
  __proto__: null, 200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content",
  205: "Reset Content", 206: "Partial Content", 207: "Multi-Status", 208: "Already Reported", 226: "IM Used",
  300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 305: "Use Proxy",
  307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
  403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required",
  408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed",
  413: "Payload Too Large", 414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
  417: "Expectation Failed", 418: "I'm a Teapot", 421: "Misdirected Request", 422: "Unprocessable Entity", 423: "Locked",
  424: "Failed Dependency", 425: "Too Early", 426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
  431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons", 500: "Internal Server Error",
  501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
  505: "HTTP Version Not Supported", 506: "Variant Also Negotiates", 507: "Insufficient Storage", 508: "Loop Detected",
  510: "Not Extended", 511: "Network Authentication Required",
};

const isNullBody = (status) => status === 101 || status === 103 || status === 204 || status === 205 || status === 304;
const isRedirect = (status) => status === 301 || status === 302 || status === 303 || status === 307 || status === 308;

let recordOf;
let isResponse;

class Response {
  #record;

  constructor(body = null, init = undefined) {
    if (body === KEY) {
      this.#record = init;
      return;
    }
    const given = toDictionary(init, "Response: init") ?? {};
    const made = body === null || body === undefined ? null : bodies.extract(body);
    this.#record = build(given, made);
  }
  static error() {
    return new Response(KEY, { ...plain(0, "", lists.create([], true)), type: "error" });
  }
  static json(data, init = undefined) {
    need(arguments.length, 1, "Response.json");
    const text = stringify(data);
    if (text === undefined) throw new TypeError("Response.json: the value is not JSON serializable");
    const given = toDictionary(init, "Response.json: init") ?? {};
    return new Response(KEY, build(given, { body: bodies.extract(text).body, type: "application/json" }));
  }
  static redirect(url, status = 302) {
    need(arguments.length, 1, "Response.redirect");
    const text = toUSVString(url);
    const parsed = parseURL(text, null);
    if (parsed === null) throw new TypeError(`Failed to parse URL from ${text}`);
    const number = toStatus(status);
    if (!isRedirect(number)) throw new RangeError(`Invalid status code ${number}`);
    return new Response(KEY, plain(number, "", lists.create(["location", serializeURL(parsed)], true)));
  }
  get type() { return this.#record.type; }
  get url() { return this.#record.url; }
  get redirected() { return this.#record.redirected; }
  get status() { return this.#record.status; }
  get ok() { return this.#record.status >= 200 && this.#record.status <= 299; }
  get statusText() { return this.#record.statusText; }
  get headers() { return headersOf(this.#record); }
  clone() {
    const record = this.#record;
    if (bodies.isUnusable(record.body)) throw new TypeError("Response.clone: Body has already been consumed.");
    const headers = lists.create(lists.listOf(headersOf(record)), lists.isFixed(headersOf(record)));
    return new Response(KEY, { ...record, headers, body: bodies.clone(record.body) });
  }
  static {
    recordOf = (response) => response.#record;
    isResponse = (value) => isObject(value) && #record in value;
  }
}
bodies.mixBody(Response, (response) => recordOf(response).body, (response) => lists.get(fieldsOf(recordOf(response)), "content-type"));
expose(Response);
brands.push(isResponse);
inspectors.set(Response.prototype, (response, show) => show(response, [
  "status", "statusText", "headers", "body", "bodyUsed", "ok", "redirected", "type", "url",
]));

// `headers` are made when the program asks for them; until then there is the list.
function headersOf(record) {
  return (record.headers ??= lists.create(record.fields, false));
}

function fieldsOf(record) {
  return record.headers === null ? record.fields : lists.of(record.headers);
}

function plain(status, statusText, headers) {
  return { type: "default", url: "", redirected: false, status, statusText, headers, fields: null, body: bodies.none() };
}

// [unsigned short]
function toStatus(value) {
  return (+value) & 0xffff;
}

function build(init, made) {
  const { headers, status, statusText } = init;
  const list = headers === undefined ? [] : lists.listOf(headers);
  const number = status === undefined ? 200 : toStatus(status);
  const text = statusText === undefined ? "" : lists.toByteString(statusText, "Response: statusText");
  if (number < 200 || number > 599) throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.');
  if (matches(REASON, text) === null) throw new TypeError("Invalid statusText");
  const record = plain(number, text, null);
  record.fields = list;
  if (made === null) return record;
  if (isNullBody(number)) throw new TypeError(`Response constructor: Invalid response status code ${number}`);
  record.body = made.body;
  if (made.type !== null && lists.get(list, "content-type") === null) {
    lists.append(list, "content-type", lists.toValue(made.type, "Response"));
  }
  return record;
}

// One that was received: of the type "basic", whose fields stay as they are.
function create(url, redirected, status, list, body) {
  const statusText = MEANINGS[status] ?? "";
  return new Response(KEY, { ...plain(status, statusText, lists.create(list, true)), type: "basic", url, redirected, body });
}

internal.responses = { is: isResponse, of: recordOf, fieldsOf, create, isNullBody, isRedirect };
