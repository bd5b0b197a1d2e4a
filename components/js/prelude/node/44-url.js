// node:url: the web's URL, paths from file: URLs and back, and the old parser. Start at `url`.

const {
  ArrayPrototypePush, ArrayPrototypePop, ArrayPrototypeJoin, RegExpPrototypeExec, RegExpPrototypeSymbolReplace, StringPrototypeCharCodeAt, StringPrototypeIncludes,
  StringPrototypeIndexOf, StringPrototypeLastIndexOf, StringPrototypeReplaceAll, StringPrototypeSlice, StringPrototypeSplit, StringPrototypeStartsWith,
  StringPrototypeToLowerCase, StringPrototypeTrim, StringPrototypeEndsWith,
} = internal.primordials;
const { ObjectAssign } = internal.primordials;
const { modules, nodeError, invalidType, checkArgument: check } = internal;
const { decodeURIComponent, encodeURIComponent, URL, URLSearchParams } = globalThis;
const path = modules["node:path"];

function fileURLToPath(value) {
  let url = value;
  if (typeof value === "string") url = new URL(value);
  else if (value === null || typeof value !== "object" || typeof value.href !== "string" || typeof value.protocol !== "string") {
    throw invalidType("path", "of type string or an instance of URL", value);
  }
  if (url.protocol !== "file:") throw nodeError(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  if (url.hostname !== "") throw nodeError(TypeError, "ERR_INVALID_FILE_URL_HOST", 'File URL host must be "localhost" or empty on linux');
  const { pathname } = url;
  if (RegExpPrototypeExec(/%2f/i, pathname) !== null) {
    throw nodeError(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters");
  }
  return decodeURIComponent(pathname);
}
internal.fileURLToPath = fileURLToPath;

const ESCAPED = { __proto__: null, "%": "%25", "\\": "%5C", "\n": "%0A", "\r": "%0D", "\t": "%09", "?": "%3F", "#": "%23" };

function pathToFileURL(value) {
  check.string(value, "path");
  let resolved = path.resolve(value);
  if (StringPrototypeEndsWith(value, "/") && !StringPrototypeEndsWith(resolved, "/")) resolved += "/";
  let text = "";
  for (let i = 0; i < resolved.length; i++) text += ESCAPED[resolved[i]] ?? resolved[i];
  return new URL(`file://${text}`);
}

function urlToHttpOptions(url) {
  const { hostname } = url;
  const options = {
    __proto__: null,
    ...url,
    protocol: url.protocol,
    hostname: StringPrototypeStartsWith(hostname, "[") ? StringPrototypeSlice(hostname, 1, -1) : hostname,
    hash: url.hash,
    search: url.search,
    pathname: url.pathname,
    path: `${url.pathname || ""}${url.search || ""}`,
    href: url.href,
  };
  if (url.port !== "") options.port = Number(url.port);
  if (url.username || url.password) options.auth = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return options;
}

// ---- the old parser ----

const SLASHED = { __proto__: null, http: true, "http:": true, https: true, "https:": true, ftp: true, "ftp:": true, gopher: true, "gopher:": true, file: true, "file:": true, ws: true, "ws:": true, wss: true, "wss:": true };
const HOSTLESS = { __proto__: null, javascript: true, "javascript:": true };
const PARTS = ["protocol", "slashes", "auth", "host", "port", "hostname", "hash", "search", "query", "pathname", "path", "href"];
const AUTHORITY = ["host", "hostname", "port", "auth", "slashes"];
const UNSAFE = /[\t\n\r "'<>\\^`{|}]/g;

class Url {
  constructor() {
    for (let i = 0; i < PARTS.length; i++) this[PARTS[i]] = null;
  }
  parse(text, parseQuery, slashesDenoteHost) {
    parseInto(this, text, parseQuery, slashesDenoteHost);
    return this;
  }
  format() {
    return formatLegacy(this);
  }
  resolve(relative) {
    return this.resolveObject(parse(relative, false, true)).format();
  }
  resolveObject(relative) {
    return resolveObject(this, typeof relative === "string" ? parse(relative, false, true) : relative);
  }
}

const escapeUnsafe = (text) => RegExpPrototypeSymbolReplace(UNSAFE, text, (character) => {
  const hex = StringPrototypeCharCodeAt(character, 0).toString(16).toUpperCase();
  return `%${hex.length < 2 ? "0" : ""}${hex}`;
});

function parseInto(target, text, parseQuery, slashesDenoteHost) {
  check.string(text, "url");
  let rest = StringPrototypeTrim(text);
  // Backslashes before the query are slashes.
  const query = StringPrototypeIndexOf(rest, "?");
  const head = query < 0 ? rest : StringPrototypeSlice(rest, 0, query);
  rest = `${StringPrototypeReplaceAll(head, "\\", "/")}${query < 0 ? "" : StringPrototypeSlice(rest, query)}`;

  const protocol = RegExpPrototypeExec(/^[a-z0-9.+-]+:/i, rest);
  let scheme;
  if (protocol !== null) {
    scheme = StringPrototypeToLowerCase(protocol[0]);
    target.protocol = scheme;
    rest = StringPrototypeSlice(rest, protocol[0].length);
  }
  const slashes = StringPrototypeStartsWith(rest, "//");
  if ((slashesDenoteHost || protocol !== null || RegExpPrototypeExec(/^\/\/[^@/]+@[^@/]+/, rest) !== null) && slashes && !(scheme && HOSTLESS[scheme])) {
    rest = StringPrototypeSlice(rest, 2);
    target.slashes = true;
  }
  if (!(scheme && HOSTLESS[scheme]) && (target.slashes || (scheme && !SLASHED[scheme] && slashes))) {
    rest = parseHost(target, rest, text);
  }
  const hash = StringPrototypeIndexOf(rest, "#");
  if (hash >= 0) {
    target.hash = escapeUnsafe(StringPrototypeSlice(rest, hash));
    rest = StringPrototypeSlice(rest, 0, hash);
  }
  const mark = StringPrototypeIndexOf(rest, "?");
  if (mark >= 0) {
    target.search = escapeUnsafe(StringPrototypeSlice(rest, mark));
    target.query = StringPrototypeSlice(target.search, 1);
    if (parseQuery) target.query = modules["node:querystring"].parse(target.query);
    rest = StringPrototypeSlice(rest, 0, mark);
  } else if (parseQuery) {
    target.search = null;
    target.query = { __proto__: null };
  }
  if (rest !== "") target.pathname = escapeUnsafe(rest);
  if (scheme && SLASHED[scheme] && target.hostname && !target.pathname) target.pathname = "/";
  if (target.pathname || target.search) target.path = `${target.pathname || ""}${target.search || ""}`;
  target.href = formatLegacy(target);
}

function parseHost(target, rest, whole) {
  // The host ends at the first of these; a name and password before the last @ of it.
  let end = 0;
  while (end < rest.length && !StringPrototypeIncludes("/?#", rest[end])) end++;
  let authority = StringPrototypeSlice(rest, 0, end);
  const at = StringPrototypeLastIndexOf(authority, "@");
  if (at >= 0) {
    try {
      target.auth = decodeURIComponent(StringPrototypeSlice(authority, 0, at));
    } catch {
      throw nodeError(URIError, "ERR_INVALID_URL", "URI malformed");
    }
    authority = StringPrototypeSlice(authority, at + 1);
  }
  const port = RegExpPrototypeExec(/:(\d*)$/, authority);
  let hostname = authority;
  if (port !== null && !(StringPrototypeStartsWith(authority, "[") && !StringPrototypeIncludes(authority, "]"))) {
    hostname = StringPrototypeSlice(authority, 0, authority.length - port[0].length);
    if (port[1] !== "") target.port = port[1];
  }
  const bracketed = StringPrototypeStartsWith(hostname, "[") && StringPrototypeEndsWith(hostname, "]");
  let tail = "";
  if (!bracketed) {
    const wrong = RegExpPrototypeExec(/[^a-z0-9A-Z\-._+~!$&'()*,;=\u0080-\uffff%]/, hostname);
    if (wrong !== null) {
      if (RegExpPrototypeExec(/[\0\t\n\r #%/:<>?@[\\\]^|]/, wrong[0]) !== null) throw ObjectAssign(nodeError(TypeError, "ERR_INVALID_URL", "Invalid URL"), { input: whole });
      tail = `/${StringPrototypeSlice(hostname, wrong.index)}`;
      hostname = StringPrototypeSlice(hostname, 0, wrong.index);
    }
    hostname = StringPrototypeToLowerCase(hostname);
    if (hostname.length > 255) hostname = "";
    if (RegExpPrototypeExec(/[^\0-\x7f]/, hostname) !== null) hostname = domainToASCII(hostname);
  }
  target.host = `${hostname}${target.port ? `:${target.port}` : ""}`;
  target.hostname = bracketed ? StringPrototypeToLowerCase(StringPrototypeSlice(hostname, 1, -1)) : hostname;
  return `${tail}${StringPrototypeSlice(rest, end)}`;
}

function parse(url, parseQuery, slashesDenoteHost) {
  if (url instanceof Url) return url;
  const made = new Url();
  made.parse(url, parseQuery, slashesDenoteHost);
  return made;
}

function formatLegacy(object) {
  let auth = object.auth || "";
  if (auth) auth = `${StringPrototypeReplaceAll(encodeURIComponent(auth), "%3A", ":")}@`;
  let { protocol = "", pathname = "", hash = "" } = object;
  protocol ??= "";
  pathname ??= "";
  hash ??= "";
  let host = "";
  let query = "";
  if (object.host) host = auth + object.host;
  else if (object.hostname) {
    const bracketed = StringPrototypeIncludes(object.hostname, ":") && !StringPrototypeStartsWith(object.hostname, "[");
    host = auth + (bracketed ? `[${object.hostname}]` : object.hostname) + (object.port ? `:${object.port}` : "");
  }
  if (object.query !== null && typeof object.query === "object") query = modules["node:querystring"].stringify(object.query);
  let search = object.search || (query && `?${query}`) || "";
  if (protocol && !StringPrototypeEndsWith(protocol, ":")) protocol += ":";
  pathname = StringPrototypeReplaceAll(StringPrototypeReplaceAll(pathname, "#", "%23"), "?", "%3F");
  if (object.slashes || (SLASHED[protocol] && host !== "")) {
    if (object.slashes || host) {
      if (pathname && pathname[0] !== "/") pathname = `/${pathname}`;
      host = `//${host}`;
    }
  } else if (SLASHED[protocol] && protocol === "file:") {
    host = `//${host}`;
  }
  search = StringPrototypeReplaceAll(search, "#", "%23");
  if (hash && hash[0] !== "#") hash = `#${hash}`;
  if (search && search[0] !== "?") search = `?${search}`;
  return `${protocol}${host}${pathname}${search}${hash}`;
}

function format(value, options) {
  if (typeof value === "string") return formatLegacy(parse(value));
  if (value === null || typeof value !== "object") throw invalidType("urlObject", "one of type object or string", value);
  if (value instanceof URL) {
    const { auth = true, fragment = true, search = true, unicode = false } = options ?? {};
    const copy = new URL(value.href);
    if (!auth) copy.username = copy.password = "";
    if (!fragment) copy.hash = "";
    if (!search) copy.search = "";
    const host = unicode ? domainToUnicode(copy.hostname) : copy.hostname;
    return host === copy.hostname ? copy.href : StringPrototypeReplaceAll(copy.href, copy.hostname, host);
  }
  return formatLegacy(value);
}

function resolveObject(source, relative) {
  const result = ObjectAssign(new Url(), source);
  result.hash = relative.hash;
  if (relative.href === "") {
    result.href = result.format();
    return result;
  }
  if (relative.slashes && !relative.protocol) {
    for (let i = 1; i < PARTS.length; i++) result[PARTS[i]] = relative[PARTS[i]];
    if (SLASHED[result.protocol] && result.hostname && !result.pathname) result.path = result.pathname = "/";
    result.href = result.format();
    return result;
  }
  if (relative.protocol && relative.protocol !== result.protocol) {
    const made = ObjectAssign(new Url(), relative);
    made.href = made.format();
    return made;
  }
  const absolute = relative.host || (relative.pathname && relative.pathname[0] === "/");
  if (relative.host) {
    for (let i = 0; i < AUTHORITY.length; i++) result[AUTHORITY[i]] = relative[AUTHORITY[i]];
  }
  let parts;
  if (absolute) parts = StringPrototypeSplit(relative.pathname ?? "", "/");
  else if (relative.pathname) {
    parts = StringPrototypeSplit(result.pathname ?? "", "/");
    ArrayPrototypePop(parts);
    const more = StringPrototypeSplit(relative.pathname, "/");
    for (let i = 0; i < more.length; i++) ArrayPrototypePush(parts, more[i]);
  } else {
    result.search = relative.search ?? (relative.href[0] === "#" ? result.search : null);
    if (relative.search !== null) result.query = relative.query;
    result.path = `${result.pathname || ""}${result.search || ""}` || null;
    result.href = result.format();
    return result;
  }
  result.search = relative.search;
  result.query = relative.query;
  const rooted = parts[0] === "" || Boolean(result.host);
  const kept = [];
  const last = parts[parts.length - 1];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === "..") {
      if (kept.length > 0 && kept[kept.length - 1] !== "..") ArrayPrototypePop(kept);
      else if (!rooted) ArrayPrototypePush(kept, "..");
    } else if (parts[i] !== "." && !(parts[i] === "" && i < parts.length - 1 && i === 0)) {
      if (parts[i] !== "" || i < parts.length - 1) ArrayPrototypePush(kept, parts[i]);
    }
  }
  const slash = last === "" || last === "." || last === "..";
  result.pathname = `${rooted ? "/" : ""}${ArrayPrototypeJoin(kept, "/")}${slash && kept.length > 0 ? "/" : ""}` || null;
  result.path = `${result.pathname || ""}${result.search || ""}` || null;
  result.slashes ||= relative.slashes;
  result.href = result.format();
  return result;
}

const resolve = (source, relative) => parse(source, false, true).resolve(relative);

// ---- names of hosts ----

function domainToASCII(domain) {
  try {
    return new URL(`ws://${domain}`).hostname;
  } catch {
    return "";
  }
}

function domainToUnicode(domain) {
  const ascii = domainToASCII(`${domain}`);
  return modules["node:punycode"].toUnicode(ascii);
}

modules["node:url"] = {
  Url, parse, resolve,
  resolveObject: (source, relative) => (source ? parse(source, false, true).resolveObject(relative) : relative),
  format, URL, URLSearchParams, domainToASCII, domainToUnicode, pathToFileURL, fileURLToPath, urlToHttpOptions,
};
