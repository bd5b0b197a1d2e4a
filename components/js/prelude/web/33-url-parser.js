// The URL parser of the WHATWG standard. Start at `parseURL`.
// Instead of the standard's state machine over code points it cuts the input at its delimiters, which gives the same result:
// "#" and "?" end every part before them, "/" (and "\" in special schemes) ends the authority and each path segment.
// A URL is a record {scheme, username, password, host, port, path, opaque, query, fragment}. `path` is its serialization: "" for
// no segments, "/a/b" for two; with `opaque` it is the opaque path. `host` null, "" or a serialized host.

const { sets, percentEncode } = internal.urlEncoding;
const { parseHost } = internal;

const DEFAULT_PORTS = { __proto__: null, ftp: 21, file: null, http: 80, https: 443, ws: 80, wss: 443 };
const HAS_EDGE = /^[\x00-\x20]|[\x00-\x20]$/;
const BREAKS = /[\t\n\r]/g;
const HAS_BREAK = /[\t\n\r]/;
const SCHEME = /^[a-zA-Z][a-zA-Z0-9+\-.]*:/;
const DRIVE_LETTER = /^[a-zA-Z][:|]$/;
const STARTS_WITH_DRIVE = /^[a-zA-Z][:|](?:[/\\]|$)/;
const DRIVE_PATH = /^\/[a-zA-Z]:$/;
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e)/i;
const SINGLE_DOT = /^(?:\.|%2e)$/i;
const DOUBLE_DOT = /^(?:\.|%2e){2}$/i;
const SLASHES = /[/\\]/;
const LEADING_SLASHES = /^[/\\]*/;
// An expression takes memory for every character that it may have to go back to.
const CANONICAL_MAX = 2048;
// A URL that is written as it serializes: no credentials, a plain domain, no dot segments, nothing to encode.
const CANONICAL = new RegExp(
  "^(https?|wss?)://((?:[a-z0-9-]+\\.)*[a-z][a-z0-9-]*)(?::([1-9][0-9]{0,3}))?"
  + "((?:/(?:[\\w~!$&'()*+,;=:@-][\\w.~!$&'()*+,;=:@-]*)?)*)(?:\\?([\\w.~!$&()*+,;=:@%/?-]*))?(?:#([\\w.~!$&'()*+,;=:@%/?-]*))?$",
);

function isSpecial(scheme) {
  return scheme in DEFAULT_PORTS;
}

function createURL(scheme) {
  return { scheme, username: "", password: "", host: null, port: null, path: "", opaque: false, query: null, fragment: null };
}

// Cuts "rest?query#fragment"; the parts that are absent are null.
function cut(input) {
  let fragment = null;
  let query = null;
  const hash = input.indexOf("#");
  if (hash !== -1) {
    fragment = input.slice(hash + 1);
    input = input.slice(0, hash);
  }
  const mark = input.indexOf("?");
  if (mark !== -1) {
    query = input.slice(mark + 1);
    input = input.slice(0, mark);
  }
  return { rest: input, query, fragment };
}

// `input` is well-formed. Answers a record, or null when the input is not a URL.
function parseURL(input, base) {
  const canonical = input.length <= CANONICAL_MAX ? CANONICAL.exec(input) : null;
  return canonical === null ? parseAny(input, base) : takeCanonical(canonical);
}

// Most URLs that programs parse need no parser: the expression has cut them already.
function takeCanonical(match) {
  const { 1: scheme, 2: host, 3: port, 4: path, 5: query = null, 6: fragment = null } = match;
  const url = createURL(scheme);
  url.host = host;
  if (port !== undefined) setPort(url, port);
  url.path = path === "" ? "/" : path;
  url.query = query;
  url.fragment = fragment;
  return url;
}

// Without the C0 controls and spaces at both ends, in one pass.
function trimEdges(input) {
  let start = 0;
  let end = input.length;
  while (start < end && input.charCodeAt(start) <= 0x20) start++;
  while (end > start && input.charCodeAt(end - 1) <= 0x20) end--;
  return input.slice(start, end);
}

function parseAny(input, base) {
  if (HAS_EDGE.test(input)) input = trimEdges(input);
  if (HAS_BREAK.test(input)) input = input.replace(BREAKS, "");
  const match = SCHEME.exec(input);
  if (match === null) return parseRelative(cut(input), base);
  const scheme = match[0].slice(0, -1).toLowerCase();
  return parseWithScheme(scheme, cut(input.slice(match[0].length)), base);
}

function finish(url, { query, fragment }) {
  if (url === null) return null;
  if (query !== null) url.query = encodeQuery(url, query);
  if (fragment !== null) url.fragment = percentEncode(fragment, sets.fragment);
  return url;
}

function encodeQuery(url, query) {
  return percentEncode(query, isSpecial(url.scheme) ? sets.specialQuery : sets.query);
}

function parseWithScheme(scheme, parts, base) {
  const { rest } = parts;
  const url = createURL(scheme);
  if (scheme === "file") return finish(parseFile(url, parts, base), parts);
  if (isSpecial(scheme)) {
    if (base !== null && base.scheme === scheme && !rest.startsWith("//")) return parseRelative(parts, base);
    return finish(parseAuthority(url, rest.replace(LEADING_SLASHES, "")), parts);
  }
  if (rest.startsWith("//")) return finish(parseAuthority(url, rest.slice(2)), parts);
  if (rest.startsWith("/")) {
    url.path = parsePath(url, rest.slice(1), "");
    return finish(url, parts);
  }
  url.opaque = true;
  const trailing = rest.endsWith(" ") && (parts.query !== null || parts.fragment !== null);
  url.path = percentEncode(trailing ? `${rest.slice(0, -1)}%20` : rest, sets.c0);
  return finish(url, parts);
}

function parseRelative(parts, base) {
  if (base === null) return null;
  if (base.opaque) {
    if (parts.rest !== "" || parts.query !== null || parts.fragment === null) return null;
    return finish({ ...base, fragment: null }, parts);
  }
  if (base.scheme === "file") return finish(parseFile(createURL("file"), parts, base), parts);
  const { rest } = parts;
  const special = isSpecial(base.scheme);
  const isSlash = (character) => character === "/" || (special && character === "\\");
  if (isSlash(rest[0]) && isSlash(rest[1])) {
    return finish(parseAuthority(createURL(base.scheme), special ? rest.replace(LEADING_SLASHES, "") : rest.slice(2)), parts);
  }
  const url = { ...base, fragment: null };
  if (isSlash(rest[0])) {
    url.query = null;
    url.path = parsePath(url, rest.slice(1), "");
  } else if (rest !== "") {
    url.query = null;
    url.path = parsePath(url, rest, shorten(url.scheme, base.path));
  }
  return finish(url, parts);
}

// `rest` without the slashes that introduce the authority.
function parseAuthority(url, rest) {
  const special = isSpecial(url.scheme);
  const end = special ? rest.search(SLASHES) : rest.indexOf("/");
  const authority = end === -1 ? rest : rest.slice(0, end);
  const at = authority.lastIndexOf("@");
  let hostPort = authority;
  if (at !== -1) {
    hostPort = authority.slice(at + 1);
    if (hostPort === "") return null;
    parseCredentials(url, authority.slice(0, at));
  }
  if (!parseHostPort(url, hostPort, special)) return null;
  return parsePathStart(url, end === -1 ? "" : rest.slice(end));
}

function parseCredentials(url, text) {
  const colon = text.indexOf(":");
  url.username = percentEncode(colon === -1 ? text : text.slice(0, colon), sets.userinfo);
  if (colon !== -1) url.password = percentEncode(text.slice(colon + 1), sets.userinfo);
}

// The first colon outside of brackets, or -1.
function portColon(text) {
  let inside = false;
  if (!text.includes("[")) return text.indexOf(":");
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "[") inside = true;
    else if (character === "]") inside = false;
    else if (character === ":" && !inside) return i;
  }
  return -1;
}

function parseHostPort(url, text, special) {
  const colon = portColon(text);
  const name = colon === -1 ? text : text.slice(0, colon);
  if (name === "" && (special || colon !== -1)) return false;
  url.host = name === "" ? "" : parseHost(name, !special);
  if (url.host === null) return false;
  if (colon === -1) return true;
  const digits = text.slice(colon + 1);
  if (digits === "") return true;
  if (!/^[0-9]+$/.test(digits)) return false;
  return setPort(url, digits);
}

function setPort(url, digits) {
  const port = Number(digits);
  if (port > 65535) return false;
  url.port = DEFAULT_PORTS[url.scheme] === port ? null : port;
  return true;
}

// What follows an authority: empty, or a path that begins with a slash.
function parsePathStart(url, rest) {
  const special = isSpecial(url.scheme);
  if (rest === "" && !special) return url;
  const slash = rest[0] === "/" || (special && rest[0] === "\\");
  url.path = parsePath(url, slash ? rest.slice(1) : rest, "");
  return url;
}

function parseFile(url, { rest, query }, base) {
  url.host = "";
  if (base !== null && base.scheme !== "file") base = null;
  const slash = (at) => rest[at] === "/" || rest[at] === "\\";
  if (slash(0) && slash(1)) return parseFileHost(url, rest.slice(2));
  if (slash(0)) {
    let path = "";
    if (base !== null) {
      url.host = base.host;
      const drive = base.path.slice(0, 3);
      const first = base.path.length === 3 || base.path[3] === "/";
      if (!STARTS_WITH_DRIVE.test(rest.slice(1)) && first && DRIVE_PATH.test(drive)) path = drive;
    }
    url.path = parsePath(url, rest.slice(1), path);
    return url;
  }
  if (base === null) {
    url.path = parsePath(url, rest, "");
    return url;
  }
  url.host = base.host;
  if (rest === "") {
    url.path = base.path;
    if (query === null) url.query = base.query;
    return url;
  }
  url.path = parsePath(url, rest, STARTS_WITH_DRIVE.test(rest) ? "" : shorten("file", base.path));
  return url;
}

function parseFileHost(url, rest) {
  const end = rest.search(SLASHES);
  const name = end === -1 ? rest : rest.slice(0, end);
  // "file://c:/x" means the drive, not a host.
  if (DRIVE_LETTER.test(name)) {
    url.path = parsePath(url, rest, "");
    return url;
  }
  if (name !== "") {
    const host = parseHost(name, false);
    if (host === null) return null;
    url.host = host === "localhost" ? "" : host;
  }
  return parsePathStart(url, end === -1 ? "" : rest.slice(end));
}

// A path without its last segment; a drive letter alone stays.
function shorten(scheme, path) {
  if (scheme === "file" && DRIVE_PATH.test(path)) return path;
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}

// Appends the segments of `input` (which has no slash in front) to `path`.
function parsePath(url, input, path) {
  const special = isSpecial(url.scheme);
  const file = url.scheme === "file";
  if (!file && !DOT_SEGMENT.test(input)) {
    const slashed = special && input.includes("\\") ? input.replaceAll("\\", "/") : input;
    return `${path}/${percentEncode(slashed, sets.path)}`;
  }
  // Encoding touches neither dots nor slashes, so it is done once for all segments.
  const segments = percentEncode(input, sets.path).split(special ? SLASHES : "/");
  const last = segments.length - 1;
  for (let i = 0; i <= last; i++) {
    const segment = segments[i];
    const dotted = segment[0] === "." || segment[0] === "%";
    if (dotted && DOUBLE_DOT.test(segment)) {
      path = shorten(url.scheme, path);
      if (i === last) path += "/";
    } else if (dotted && SINGLE_DOT.test(segment)) {
      if (i === last) path += "/";
    } else if (file && path === "" && DRIVE_LETTER.test(segment)) {
      path += `/${segment[0]}:`;
    } else {
      path += `/${segment}`;
    }
  }
  return path;
}

function serializeHost(url) {
  return url.port === null ? url.host : `${url.host}:${url.port}`;
}

function serializeURL(url) {
  let out = `${url.scheme}:`;
  if (url.host !== null) {
    out += "//";
    if (url.username !== "" || url.password !== "") {
      out += url.password === "" ? `${url.username}@` : `${url.username}:${url.password}@`;
    }
    out += serializeHost(url);
  } else if (!url.opaque && url.path.startsWith("//")) {
    // Without the dot the path would read as an authority.
    out += "/.";
  }
  out += url.path;
  if (url.query !== null) out += `?${url.query}`;
  if (url.fragment !== null) out += `#${url.fragment}`;
  return out;
}

internal.urlParser = {
  parseURL, serializeURL, serializeHost, isSpecial, parsePath, portColon, setPort, encodeQuery, DEFAULT_PORTS, SCHEME, BREAKS, SLASHES,
};
