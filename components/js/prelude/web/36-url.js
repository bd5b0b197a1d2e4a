// URL, the interface. The work is in 33-url-parser.js and 34-url-setters.js.

const { expose, need, toUSVString, isObject, brands, inspectors } = internal.idl;
const { parseURL, serializeURL, serializeHost, isSpecial } = internal.urlParser;
const { urlSetters: setters, searchParams } = internal;
const { matches } = internal.texts;
const { StringPrototypeSlice: slice } = internal.primordials;

const BREAKS = /[\t\n\r]/;
let isURL;

function tryParse(url, base) {
  let parsedBase = null;
  const text = toUSVString(url);
  if (base !== undefined) {
    parsedBase = parseURL(toUSVString(base), null);
    if (parsedBase === null) return null;
  }
  return parseURL(text, parsedBase);
}

function invalid(url, base) {
  return new TypeError(`Invalid URL: '${url}'${base === undefined ? "" : ` with base '${base}'`}`);
}

function originOf(url) {
  if (url.scheme === "blob") {
    const inner = parseURL(url.path, null);
    return inner !== null && (inner.scheme === "http" || inner.scheme === "https") ? originOf(inner) : "null";
  }
  return isSpecial(url.scheme) && url.scheme !== "file" ? `${url.scheme}://${serializeHost(url)}` : "null";
}

class URL {
  #url;
  #params = null;
  // The parameters were changed, and the query was not written yet: many changes cost one writing.
  #stale = false;

  constructor(url, base = undefined) {
    need(arguments.length, 1, "URL");
    this.#url = tryParse(url, base);
    if (this.#url === null) throw invalid(url, base);
  }
  static parse(url, base = undefined) {
    need(arguments.length, 1, "URL.parse");
    const record = tryParse(url, base);
    if (record === null) return null;
    const result = new URL("a:");
    result.#url = record;
    return result;
  }
  static canParse(url, base = undefined) {
    need(arguments.length, 1, "URL.canParse");
    return tryParse(url, base) !== null;
  }
  // The parameters follow every change of the query that was not theirs.
  #sync() {
    this.#stale = false;
    if (this.#params !== null) searchParams.replaceList(this.#params, this.#url.query);
  }
  #record() {
    if (this.#stale) {
      this.#stale = false;
      this.#url.query = searchParams.queryOf(this.#params);
    }
    return this.#url;
  }
  get href() { return serializeURL(this.#record()); }
  set href(value) {
    const text = toUSVString(value);
    const record = parseURL(text, null);
    if (record === null) throw invalid(text, undefined);
    this.#url = record;
    this.#sync();
  }
  toString() { return serializeURL(this.#record()); }
  get origin() { return originOf(this.#url); }
  get protocol() { return `${this.#url.scheme}:`; }
  set protocol(value) { setters.protocol(this.#url, toUSVString(value)); }
  get username() { return this.#url.username; }
  set username(value) { setters.username(this.#url, toUSVString(value)); }
  get password() { return this.#url.password; }
  set password(value) { setters.password(this.#url, toUSVString(value)); }
  get host() { return this.#url.host === null ? "" : serializeHost(this.#url); }
  set host(value) { setters.host(this.#url, toUSVString(value)); }
  get hostname() { return this.#url.host ?? ""; }
  set hostname(value) { setters.hostname(this.#url, toUSVString(value)); }
  get port() { return this.#url.port === null ? "" : `${this.#url.port}`; }
  set port(value) { setters.port(this.#url, toUSVString(value)); }
  get pathname() { return this.#url.path; }
  set pathname(value) { setters.pathname(this.#url, toUSVString(value)); }
  get search() {
    const { query } = this.#record();
    return query === null || query === "" ? "" : `?${query}`;
  }
  set search(value) {
    const text = toUSVString(value);
    // The list comes from the value itself: unlike the query it keeps tabs and newlines, so then it cannot wait to be made.
    if (matches(BREAKS, text)) this.#connected();
    this.#stale = false;
    setters.search(this.#url, text);
    if (this.#params !== null) searchParams.replaceList(this.#params, text[0] === "?" ? slice(text, 1) : text);
  }
  #connected() {
    this.#params ??= searchParams.connect(this.#url.query, () => { this.#stale = true; });
    return this.#params;
  }
  get searchParams() { return this.#connected(); }
  get hash() {
    const { fragment } = this.#url;
    return fragment === null || fragment === "" ? "" : `#${fragment}`;
  }
  set hash(value) { setters.hash(this.#url, toUSVString(value)); }
  toJSON() { return serializeURL(this.#record()); }

  static {
    isURL = (value) => isObject(value) && #url in value;
  }
}
expose(URL);
brands.push(isURL);
inspectors.set(URL.prototype, (url, show) => show(url, [
  "href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "searchParams", "hash",
]));
