// The URL parser of the WHATWG standard. Start at `parseURL`.
// Instead of the standard's state machine over code points it cuts the input at its delimiters, which gives the same result:
// "#" and "?" end every part before them, "/" (and "\" in special schemes) ends the authority and each path segment.
// A URL is a record {scheme, username, password, host, port, path, opaque, query, fragment}. `path` is its serialization: "" for
// no segments, "/a/b" for two; with `opaque` it is the opaque path. `host` null, "" or a serialized host.

const { sets, percentEncode } = internal.urlEncoding;
const { parseHost } = internal;
const { matches, searchFirst, replaceEach, splitAt } = internal.texts;
const {
  Number: toNumber, RegExpPrototypeExec: exec, StringPrototypeCharCodeAt: charCodeAt, StringPrototypeEndsWith: endsWith,
  StringPrototypeIncludes: includes, StringPrototypeIndexOf: indexOf, StringPrototypeLastIndexOf: lastIndexOf, StringPrototypeSlice: slice,
  StringPrototypeStartsWith: startsWith, StringPrototypeToLowerCase: toLowerCase,
} = internal.primordials;

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
const BACKSLASHES = /\\/g;
const DIGITS = /^[0-9]+$/;
// An expression takes memory for every character that it may have to go back to.
const CANONICAL_MAX = 2048;
// A URL that is written as it serializes: no credentials, a plain domain, no dot segments, nothing to encode.
const CANONICAL = new RegExp(
  "^(https?|wss?)://(?![^/?#]*xn--)((?:[a-z0-9-]+\\.)*[a-z][a-z0-9-]*)(?::([1-9][0-9]{0,3}))?"
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
  const hash = indexOf(input, "#");
  if (hash !== -1) {
    fragment = slice(input, hash + 1);
    input = slice(input, 0, hash);
  }
  const mark = indexOf(input, "?");
  if (mark !== -1) {
    query = slice(input, mark + 1);
    input = slice(input, 0, mark);
  }
  return { rest: input, query, fragment };
}

// `input` is well-formed. Answers a record, or null when the input is not a URL.
function parseURL(input, base) {
  const canonical = input.length <= CANONICAL_MAX ? exec(CANONICAL, input) : null;
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
  while (start < end && charCodeAt(input, start) <= 0x20) start++;
  while (end > start && charCodeAt(input, end - 1) <= 0x20) end--;
  return slice(input, start, end);
}

function withoutSlashes(text) {
  let start = 0;
  while (text[start] === "/" || text[start] === "\\") start++;
  return slice(text, start);
}

function parseAny(input, base) {
  if (matches(HAS_EDGE, input)) input = trimEdges(input);
  if (matches(HAS_BREAK, input)) input = replaceEach(input, BREAKS, () => "");
  const match = exec(SCHEME, input);
  if (match === null) return parseRelative(cut(input), base);
  const scheme = toLowerCase(slice(match[0], 0, -1));
  return parseWithScheme(scheme, cut(slice(input, match[0].length)), base);
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
    if (base !== null && base.scheme === scheme && !startsWith(rest, "//")) return parseRelative(parts, base);
    return finish(parseAuthority(url, withoutSlashes(rest)), parts);
  }
  if (startsWith(rest, "//")) return finish(parseAuthority(url, slice(rest, 2)), parts);
  if (startsWith(rest, "/")) {
    url.path = parsePath(url, slice(rest, 1), "");
    return finish(url, parts);
  }
  url.opaque = true;
  const trailing = endsWith(rest, " ") && (parts.query !== null || parts.fragment !== null);
  url.path = percentEncode(trailing ? `${slice(rest, 0, -1)}%20` : rest, sets.c0);
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
    return finish(parseAuthority(createURL(base.scheme), special ? withoutSlashes(rest) : slice(rest, 2)), parts);
  }
  const url = { ...base, fragment: null };
  if (isSlash(rest[0])) {
    url.query = null;
    url.path = parsePath(url, slice(rest, 1), "");
  } else if (rest !== "") {
    url.query = null;
    url.path = parsePath(url, rest, shorten(url.scheme, base.path));
  }
  return finish(url, parts);
}

// `rest` without the slashes that introduce the authority.
function parseAuthority(url, rest) {
  const special = isSpecial(url.scheme);
  const end = special ? searchFirst(rest, SLASHES) : indexOf(rest, "/");
  const authority = end === -1 ? rest : slice(rest, 0, end);
  const at = lastIndexOf(authority, "@");
  let hostPort = authority;
  if (at !== -1) {
    hostPort = slice(authority, at + 1);
    if (hostPort === "") return null;
    parseCredentials(url, slice(authority, 0, at));
  }
  if (!parseHostPort(url, hostPort, special)) return null;
  return parsePathStart(url, end === -1 ? "" : slice(rest, end));
}

function parseCredentials(url, text) {
  const colon = indexOf(text, ":");
  url.username = percentEncode(colon === -1 ? text : slice(text, 0, colon), sets.userinfo);
  if (colon !== -1) url.password = percentEncode(slice(text, colon + 1), sets.userinfo);
}

// The first colon outside of brackets, or -1.
function portColon(text) {
  let inside = false;
  if (!includes(text, "[")) return indexOf(text, ":");
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
  const name = colon === -1 ? text : slice(text, 0, colon);
  if (name === "" && (special || colon !== -1)) return false;
  url.host = name === "" ? "" : parseHost(name, !special);
  if (url.host === null) return false;
  if (colon === -1) return true;
  const digits = slice(text, colon + 1);
  if (digits === "") return true;
  if (!matches(DIGITS, digits)) return false;
  return setPort(url, digits);
}

function setPort(url, digits) {
  const port = toNumber(digits);
  if (port > 65535) return false;
  url.port = DEFAULT_PORTS[url.scheme] === port ? null : port;
  return true;
}

// What follows an authority: empty, or a path that begins with a slash.
function parsePathStart(url, rest) {
  const special = isSpecial(url.scheme);
  if (rest === "" && !special) return url;
  const slash = rest[0] === "/" || (special && rest[0] === "\\");
  url.path = parsePath(url, slash ? slice(rest, 1) : rest, "");
  return url;
}

function parseFile(url, { rest, query }, base) {
  url.host = "";
  if (base !== null && base.scheme !== "file") base = null;
  const slash = (at) => rest[at] === "/" || rest[at] === "\\";
  if (slash(0) && slash(1)) return parseFileHost(url, slice(rest, 2));
  if (slash(0)) {
    let path = "";
    if (base !== null) {
      url.host = base.host;
      const drive = slice(base.path, 0, 3);
      const first = base.path.length === 3 || base.path[3] === "/";
      if (!matches(STARTS_WITH_DRIVE, slice(rest, 1)) && first && matches(DRIVE_PATH, drive)) path = drive;
    }
    url.path = parsePath(url, slice(rest, 1), path);
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
  url.path = parsePath(url, rest, matches(STARTS_WITH_DRIVE, rest) ? "" : shorten("file", base.path));
  return url;
}

function parseFileHost(url, rest) {
  const end = searchFirst(rest, SLASHES);
  const name = end === -1 ? rest : slice(rest, 0, end);
  // "file://c:/x" means the drive, not a host.
  if (matches(DRIVE_LETTER, name)) {
    url.path = parsePath(url, rest, "");
    return url;
  }
  if (name !== "") {
    const host = parseHost(name, false);
    if (host === null) return null;
    url.host = host === "localhost" ? "" : host;
  }
  return parsePathStart(url, end === -1 ? "" : slice(rest, end));
}

// A path without its last segment; a drive letter alone stays.
function shorten(scheme, path) {
  if (scheme === "file" && matches(DRIVE_PATH, path)) return path;
  const slash = lastIndexOf(path, "/");
  return slash === -1 ? "" : slice(path, 0, slash);
}

function splitSegments(path, special) {
  return splitAt(special && includes(path, "\\") ? replaceEach(path, BACKSLASHES, () => "/") : path, "/");
}

// Appends the segments of `input` (which has no slash in front) to `path`.
function parsePath(url, input, path) {
  const special = isSpecial(url.scheme);
  const file = url.scheme === "file";
  if (!file && !matches(DOT_SEGMENT, input)) {
    const slashed = special && includes(input, "\\") ? replaceEach(input, BACKSLASHES, () => "/") : input;
    return `${path}/${percentEncode(slashed, sets.path)}`;
  }
  // Encoding touches neither dots nor slashes, so it is done once for all segments.
  const segments = splitSegments(percentEncode(input, sets.path), special);
  const last = segments.length - 1;
  for (let i = 0; i <= last; i++) {
    const segment = segments[i];
    const dotted = segment[0] === "." || segment[0] === "%";
    if (dotted && matches(DOUBLE_DOT, segment)) {
      path = shorten(url.scheme, path);
      if (i === last) path += "/";
    } else if (dotted && matches(SINGLE_DOT, segment)) {
      if (i === last) path += "/";
    } else if (file && path === "" && matches(DRIVE_LETTER, segment)) {
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
  } else if (!url.opaque && startsWith(url.path, "//")) {
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
