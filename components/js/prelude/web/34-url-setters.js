// What assigning to a URL's parts does: each function changes a record in place, or leaves it when the value does not fit.

const { sets, percentEncode } = internal.urlEncoding;
const { isSpecial, parsePath, portColon, setPort, encodeQuery, DEFAULT_PORTS, SCHEME, BREAKS, SLASHES } = internal.urlParser;
const { parseHost } = internal;
const { searchFirst, replaceEach } = internal.texts;
const { RegExpPrototypeExec: exec, StringPrototypeSlice: slice, StringPrototypeToLowerCase: toLowerCase } = internal.primordials;

const LEADING_DIGITS = /^[0-9]+/;
const ENDS_SPECIAL = /[/?#\\]/;
const ENDS = /[/?#]/;
const withoutBreaks = (text) => replaceEach(text, BREAKS, () => "");

const setters = {};

function hasNoCredentials(url) {
  return url.host === null || url.host === "" || url.scheme === "file";
}

setters.protocol = function (url, value) {
  const match = exec(SCHEME, `${withoutBreaks(value)}:`);
  if (match === null) return;
  const scheme = toLowerCase(slice(match[0], 0, -1));
  if (isSpecial(scheme) !== isSpecial(url.scheme)) return;
  const credentials = url.username !== "" || url.password !== "" || url.port !== null;
  if (scheme === "file" && credentials) return;
  if (url.scheme === "file" && url.host === "") return;
  url.scheme = scheme;
  if (url.port === DEFAULT_PORTS[scheme]) url.port = null;
};

setters.username = function (url, value) {
  if (!hasNoCredentials(url)) url.username = percentEncode(value, sets.userinfo);
};

setters.password = function (url, value) {
  if (!hasNoCredentials(url)) url.password = percentEncode(value, sets.userinfo);
};

// Everything up to the path, query or fragment that the value may carry.
function hostPart(url, value) {
  const text = withoutBreaks(value);
  const end = searchFirst(text, isSpecial(url.scheme) ? ENDS_SPECIAL : ENDS);
  return end === -1 ? text : slice(text, 0, end);
}

function setHost(url, value, withPort) {
  if (url.opaque) return;
  const text = hostPart(url, value);
  const special = isSpecial(url.scheme);
  if (url.scheme === "file") return setFileHost(url, text);
  const colon = portColon(text);
  if (colon !== -1 && !withPort) return;
  const name = colon === -1 ? text : slice(text, 0, colon);
  if (name === "") {
    if (special || colon !== -1 || url.username !== "" || url.password !== "" || url.port !== null) return;
    url.host = "";
    return;
  }
  const host = parseHost(name, !special);
  if (host === null) return;
  url.host = host;
  if (colon !== -1) setters.digits(url, slice(text, colon + 1));
}

function setFileHost(url, text) {
  const host = text === "" ? "" : parseHost(text, false);
  if (host !== null) url.host = host === "localhost" ? "" : host;
}

setters.host = (url, value) => setHost(url, value, true);
setters.hostname = (url, value) => setHost(url, value, false);

// The digits in front count; what follows them does not.
setters.digits = function (url, text) {
  const digits = exec(LEADING_DIGITS, text);
  if (digits !== null) setPort(url, digits[0]);
};

setters.port = function (url, value) {
  if (hasNoCredentials(url)) return;
  if (value === "") url.port = null;
  else setters.digits(url, withoutBreaks(value));
};

setters.pathname = function (url, value) {
  if (url.opaque) return;
  const text = withoutBreaks(value);
  const special = isSpecial(url.scheme);
  if (text === "" && !special) {
    url.path = url.host === null ? "/" : "";
    return;
  }
  const slash = special ? searchFirst(text, SLASHES) === 0 : text[0] === "/";
  url.path = parsePath(url, slash ? slice(text, 1) : text, "");
};

setters.search = function (url, value) {
  const text = withoutBreaks(value);
  url.query = value === "" ? null : encodeQuery(url, text[0] === "?" ? slice(text, 1) : text);
};

setters.hash = function (url, value) {
  const text = withoutBreaks(value);
  url.fragment = value === "" ? null : percentEncode(text[0] === "#" ? slice(text, 1) : text, sets.fragment);
};

internal.urlSetters = setters;
