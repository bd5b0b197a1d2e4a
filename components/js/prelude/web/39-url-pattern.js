// URLPattern of the URL Pattern standard. Start at the class; 38-url-pattern-parser.js has the patterns themselves.
// Nothing of it runs before a program makes the first one.

const { expose, need, toUSVString, toDictionary, isObject, brands, inspectors } = internal.idl;
const { parseURL, serializeHost, isSpecial, parsePath, portColon, DEFAULT_PORTS, encodeQuery } = internal.urlParser;
const { sets, percentEncode } = internal.urlEncoding;
const { parseHost } = internal;
const { tokenize, compile, escapePattern } = internal.urlPatterns;
const { matches, searchFirst, replaceEach } = internal.texts;
const {
  ReflectDefineProperty, RegExpPrototypeExec: exec, StringPrototypeEndsWith: endsWith, StringPrototypeLastIndexOf: lastIndexOf, StringPrototypeSlice: slice,
  StringPrototypeStartsWith: startsWith, StringPrototypeToLowerCase: toLowerCase, TypeError,
} = internal.primordials;

const COMPONENTS = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];
// As Web IDL reads the members of a dictionary: by their names.
const MEMBERS = ["baseURL", "hash", "hostname", "password", "pathname", "port", "protocol", "search", "username"];
const BREAKS = /[\t\n\r]/g;
const HOST_END = /[/?#\\]/;
const PORT = /^[0-9]+/;
const IPV6_CHARACTERS = /^[0-9a-fA-F:[\]]*$/;
const NOT_PATH = /[?#]/;

const fail = (what, value) => { throw new TypeError(`URLPattern: invalid ${what} '${value}'`); };
const withoutBreaks = (text) => replaceEach(text, BREAKS, () => "");

// ---- the canonical form of each component ----

const canonical = {
  __proto__: null,
  protocol(value) {
    if (value === "") return "";
    return parseURL(`${value}://dummy.invalid/`, null)?.scheme ?? fail("protocol", value);
  },
  username: (value) => percentEncode(value, sets.userinfo),
  password: (value) => percentEncode(value, sets.userinfo),
  hostname(value) {
    if (value === "") return "";
    const text = withoutBreaks(value);
    const end = searchFirst(text, HOST_END);
    const name = end === -1 ? text : slice(text, 0, end);
    if (name === "" || portColon(name) !== -1) fail("hostname", value);
    return parseHost(name, false) ?? fail("hostname", value);
  },
  address: (value) => (matches(IPV6_CHARACTERS, value) ? toLowerCase(value) : fail("hostname", value)),
  port(value, protocol = "") {
    if (value === "") return "";
    const digits = exec(PORT, withoutBreaks(value))?.[0];
    if (digits === undefined || +digits > 65535) fail("port", value);
    return DEFAULT_PORTS[protocol] === +digits ? "" : `${+digits}`;
  },
  pathname(value) {
    if (value === "") return "";
    const url = { scheme: "https" };
    if (value[0] === "/") return parsePath(url, slice(withoutBreaks(value), 1), "");
    return slice(parsePath(url, `-${withoutBreaks(value)}`, ""), 2);
  },
  opaque(value) {
    const text = withoutBreaks(value);
    const end = searchFirst(text, NOT_PATH);
    return percentEncode(end === -1 ? text : slice(text, 0, end), sets.c0);
  },
  search: (value) => encodeQuery({ scheme: "https" }, withoutBreaks(value)),
  hash: (value) => percentEncode(withoutBreaks(value), sets.fragment),
};

// ---- what a pattern is made from ----

function readInit(value, what) {
  const init = { __proto__: null };
  toDictionary(value, what);
  for (let i = 0; i < MEMBERS.length; i++) {
    const member = value[MEMBERS[i]];
    if (member !== undefined) init[MEMBERS[i]] = toUSVString(member);
  }
  return init;
}

const isPathAbsolute = (path, isPattern) => path[0] === "/" || (isPattern && (startsWith(path, "\\/") || startsWith(path, "{/")));

// What of a base URL stands in for what an init leaves out: all that comes before the first component that it has.
function takeBase(result, init, base, isPattern) {
  const take = (name, value) => { result[name] = isPattern ? escapePattern(value) : value; };
  const lacks = (...names) => {
    for (let i = 0; i < names.length; i++) if (init[names[i]] !== undefined) return false;
    return true;
  };
  if (lacks("protocol")) take("protocol", base.scheme);
  if (!isPattern && lacks("protocol", "hostname", "port", "username")) take("username", base.username);
  if (!isPattern && lacks("protocol", "hostname", "port", "username", "password")) take("password", base.password);
  if (lacks("protocol", "hostname")) take("hostname", base.host ?? "");
  if (lacks("protocol", "hostname", "port")) take("port", base.port === null ? "" : `${base.port}`);
  if (lacks("protocol", "hostname", "port", "pathname")) take("pathname", base.path);
  if (lacks("protocol", "hostname", "port", "pathname", "search")) take("search", base.query ?? "");
  if (lacks("protocol", "hostname", "port", "pathname", "search", "hash")) take("hash", base.fragment ?? "");
}

// Fills `result` with what an init means: patterns, or canonical components that patterns are matched with.
function processInit(init, isPattern, result) {
  let base = null;
  if (init.baseURL !== undefined) {
    base = parseURL(init.baseURL, null) ?? fail("base URL", init.baseURL);
    takeBase(result, init, base, isPattern);
  }
  const made = (name, value, ...more) => (isPattern ? value : canonical[name](value, ...more));
  const { protocol, username, password, hostname, port, pathname, search, hash } = init;
  if (protocol !== undefined) result.protocol = made("protocol", endsWith(protocol, ":") ? slice(protocol, 0, -1) : protocol);
  if (username !== undefined) result.username = made("username", username);
  if (password !== undefined) result.password = made("password", password);
  if (hostname !== undefined) result.hostname = made("hostname", hostname);
  if (port !== undefined) result.port = made("port", port, result.protocol);
  if (pathname !== undefined) {
    let path = pathname;
    if (base !== null && !base.opaque && !isPathAbsolute(path, isPattern)) {
      const from = isPattern ? escapePattern(base.path) : base.path;
      const slash = lastIndexOf(from, "/");
      if (slash !== -1) path = slice(from, 0, slash + 1) + path;
    }
    const plain = result.protocol === undefined || result.protocol === "" || isSpecial(result.protocol);
    result.pathname = made(plain ? "pathname" : "opaque", path);
  }
  if (search !== undefined) result.search = made("search", search[0] === "?" ? slice(search, 1) : search);
  if (hash !== undefined) result.hash = made("hash", hash[0] === "#" ? slice(hash, 1) : hash);
  return result;
}

// ---- a pattern written as one string ----

const PLAIN = { __proto__: null, character: true, escaped: true, invalid: true };
const AFTER_GROUP = { __proto__: null, name: true, expression: true, close: true, asterisk: true };
const ORDER = { __proto__: null, init: -1, protocol: 0, authority: 1, username: 2, password: 3, hostname: 4, port: 5, pathname: 6, search: 7, hash: 8, done: 9 };

function matchesSpecial(component) {
  for (const scheme in DEFAULT_PORTS) if (matches(component.expression, scheme)) return true;
  return false;
}

function parseConstructorString(input) {
  const tokens = tokenize(input, true);
  const result = { __proto__: null };
  let state = "init";
  let at = 0, start = 0, step = 1, groups = 0, brackets = 0;
  let special = false;

  const token = (index) => tokens[index < tokens.length ? index : tokens.length - 1];
  const is = (index, value) => token(index).value === value && PLAIN[token(index).type] === true;
  const isSearch = () => is(at, "?") || (token(at).value === "?" && (at === 0 || AFTER_GROUP[tokens[at - 1].type] !== true));
  const component = () => slice(input, token(start).index, token(at).index);
  const rewind = (next) => {
    at = start;
    step = 0;
    state = next;
  };
  const change = (next, skip) => {
    if (state !== "init" && state !== "authority") result[state] = component();
    if (state !== "init" && next !== "done") {
      const from = ORDER[state], to = ORDER[next];
      if (from <= 3 && to >= 5) result.hostname ??= "";
      if (from <= 5 && to >= 7) result.pathname ??= special ? "/" : "";
      if (from <= 6 && to === 8) result.search ??= "";
    }
    state = next;
    at += skip;
    start = at;
    step = 0;
  };
  const ended = () => {
    if (is(at, "/")) change("pathname", 0);
    else if (isSearch()) change("search", 1);
    else if (is(at, "#")) change("hash", 1);
  };
  const states = {
    __proto__: null,
    init() { if (is(at, ":")) rewind("protocol"); },
    protocol() {
      if (!is(at, ":")) return;
      special = matchesSpecial(compile(component(), { delimiter: "", prefix: "", ignoreCase: false }, canonical.protocol));
      const slashes = is(at + 1, "/") && is(at + 2, "/");
      change(slashes || special ? "authority" : "pathname", slashes ? 3 : 1);
    },
    authority() {
      if (is(at, "@")) rewind("username");
      else if (is(at, "/") || isSearch() || is(at, "#")) rewind("hostname");
    },
    username() {
      if (is(at, ":")) change("password", 1);
      else if (is(at, "@")) change("hostname", 1);
    },
    password() { if (is(at, "@")) change("hostname", 1); },
    hostname() {
      if (is(at, "[")) brackets++;
      else if (is(at, "]")) brackets--;
      else if (is(at, ":") && brackets === 0) change("port", 1);
      else ended();
    },
    port: ended,
    pathname() {
      if (isSearch()) change("search", 1);
      else if (is(at, "#")) change("hash", 1);
    },
    search() { if (is(at, "#")) change("hash", 1); },
    hash() {},
  };
  for (; at < tokens.length; at += step) {
    step = 1;
    const { type } = tokens[at];
    if (type === "end") {
      if (state === "init") {
        rewind("init");
        if (is(at, "#")) change("hash", 1);
        else if (isSearch()) change("search", 1);
        else change("pathname", 0);
      } else if (state === "authority") {
        rewind("hostname");
      } else {
        change("done", 0);
        break;
      }
      continue;
    }
    if (type === "open") {
      groups++;
      continue;
    }
    if (groups > 0) {
      if (type !== "close") continue;
      groups--;
    }
    states[state]();
  }
  if (result.hostname !== undefined) result.port ??= "";
  return result;
}

// ---- the interface ----

const isAddress = (text) => text.length > 1 && (text[0] === "[" || ((text[0] === "{" || text[0] === "\\") && text[1] === "["));

function compileAll(init, ignoreCase) {
  const plain = { delimiter: "", prefix: "", ignoreCase: false };
  const cased = { delimiter: "", prefix: "", ignoreCase };
  const made = { __proto__: null };
  made.protocol = compile(init.protocol, plain, canonical.protocol);
  made.username = compile(init.username, plain, canonical.username);
  made.password = compile(init.password, plain, canonical.password);
  const host = isAddress(init.hostname) ? canonical.address : canonical.hostname;
  made.hostname = compile(init.hostname, { delimiter: ".", prefix: "", ignoreCase: false }, host);
  made.port = compile(init.port, plain, (value) => canonical.port(value));
  made.pathname = matchesSpecial(made.protocol)
    ? compile(init.pathname, { delimiter: "/", prefix: "/", ignoreCase }, canonical.pathname)
    : compile(init.pathname, cased, canonical.opaque);
  made.search = compile(init.search, cased, canonical.search);
  made.hash = compile(init.hash, cased, canonical.hash);
  return made;
}

// What is to be matched: the components of a URL or of an init; null for what is neither.
function componentsOf(input, base) {
  if (isObject(input)) {
    if (base !== undefined) throw new TypeError("URLPattern: a base URL belongs to a string, not to an object");
    const empty = { __proto__: null };
    for (let i = 0; i < COMPONENTS.length; i++) empty[COMPONENTS[i]] = "";
    try {
      return processInit(input, false, empty);
    } catch {
      return null;
    }
  }
  const from = base === undefined ? null : parseURL(base, null);
  const url = base !== undefined && from === null ? null : parseURL(input, from);
  if (url === null) return null;
  return {
    __proto__: null, protocol: url.scheme, username: url.username, password: url.password, hostname: url.host ?? "",
    port: url.port === null ? "" : `${url.port}`, pathname: url.path, search: url.query ?? "", hash: url.fragment ?? "",
  };
}

function toInput(input, what) {
  if (input === undefined || input === null) return { __proto__: null };
  return isObject(input) ? readInit(input, what) : toUSVString(input);
}

function groupsOf(match, names) {
  const groups = {};
  for (let i = 0; i < names.length; i++) {
    ReflectDefineProperty(groups, names[i], { __proto__: null, value: match[i + 1], writable: true, enumerable: true, configurable: true });
  }
  return groups;
}

let isPattern;

class URLPattern {
  #components;

  constructor(input = {}, baseOrOptions = undefined, options = undefined) {
    const hasBase = arguments.length > 2 || (baseOrOptions !== undefined && baseOrOptions !== null && !isObject(baseOrOptions));
    let init = toInput(input, "URLPattern: input");
    const base = hasBase ? toUSVString(baseOrOptions) : undefined;
    const ignoreCase = !!toDictionary(hasBase ? options : baseOrOptions, "URLPattern: options")?.ignoreCase;
    if (typeof init === "string") {
      init = parseConstructorString(init);
      if (base === undefined && init.protocol === undefined) throw new TypeError("URLPattern: a pattern without a protocol needs a base URL");
      if (base !== undefined) init.baseURL = base;
    } else if (base !== undefined) {
      throw new TypeError("URLPattern: a base URL belongs to a string, not to an object");
    }
    const processed = processInit(init, true, { __proto__: null });
    for (let i = 0; i < COMPONENTS.length; i++) processed[COMPONENTS[i]] ??= "*";
    const port = DEFAULT_PORTS[processed.protocol];
    if (port !== undefined && port !== null && processed.port === `${port}`) processed.port = "";
    this.#components = compileAll(processed, ignoreCase);
  }
  test(input = {}, baseURL = undefined) {
    const given = toInput(input, "URLPattern.test: input");
    return this.#match(given, baseURL === undefined ? undefined : toUSVString(baseURL)) !== null;
  }
  exec(input = {}, baseURL = undefined) {
    const given = toInput(input, "URLPattern.exec: input");
    const base = baseURL === undefined ? undefined : toUSVString(baseURL);
    const found = this.#match(given, base);
    if (found === null) return null;
    const shown = typeof given === "string" ? given : { ...given };
    const result = { inputs: base === undefined ? [shown] : [shown, base] };
    for (let i = 0; i < COMPONENTS.length; i++) {
      const name = COMPONENTS[i];
      result[name] = { input: found.texts[name], groups: groupsOf(found.matches[name], this.#components[name].names) };
    }
    return result;
  }
  #match(input, base) {
    const components = this.#components;
    const texts = componentsOf(input, base);
    const found = { __proto__: null };
    if (texts === null) return null;
    for (let i = 0; i < COMPONENTS.length; i++) {
      const name = COMPONENTS[i];
      found[name] = exec(components[name].expression, texts[name]);
      if (found[name] === null) return null;
    }
    return { texts, matches: found };
  }
  get protocol() { return this.#components.protocol.text; }
  get username() { return this.#components.username.text; }
  get password() { return this.#components.password.text; }
  get hostname() { return this.#components.hostname.text; }
  get port() { return this.#components.port.text; }
  get pathname() { return this.#components.pathname.text; }
  get search() { return this.#components.search.text; }
  get hash() { return this.#components.hash.text; }
  get hasRegExpGroups() {
    for (let i = 0; i < COMPONENTS.length; i++) if (this.#components[COMPONENTS[i]].hasExpressions) return true;
    return false;
  }

  static {
    isPattern = (value) => isObject(value) && #components in value;
  }
}
expose(URLPattern);
brands.push(isPattern);
inspectors.set(URLPattern.prototype, (pattern, show) => show(pattern, [...COMPONENTS, "hasRegExpGroups"]));
