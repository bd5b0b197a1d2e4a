// What node:net, node:dns, node:http and node:https have without sockets: kinds of addresses, names of methods and states, agents that
// keep their options. Start at `modules`; 81-net-sockets.js has connections, 83-http-server.js and 84-http-client.js what uses them.

const { modules, refuse, refuseClass, EventEmitter, nodeError, checkArgument: check } = internal;
const { RegExpPrototypeExec } = internal.primordials;
const { ObjectAssign, ObjectDefineProperty, ReflectConstruct } = internal.primordials;

const USE_FETCH = "use fetch()";

// ---- net ----

const V4_PART = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const V4 = `(?:${V4_PART}\\.){3}${V4_PART}`;
const GROUP = "[0-9a-fA-F]{1,4}";
const FOUR = new RegExp(`^${V4}$`);
const SIX = new RegExp("^(?:"
  + `(?:${GROUP}:){7}(?:${GROUP}|:)|`
  + `(?:${GROUP}:){6}(?:${V4}|:${GROUP}|:)|`
  + `(?:${GROUP}:){5}(?::${V4}|(?::${GROUP}){1,2}|:)|`
  + `(?:${GROUP}:){4}(?:(?::${GROUP}){0,1}:${V4}|(?::${GROUP}){1,3}|:)|`
  + `(?:${GROUP}:){3}(?:(?::${GROUP}){0,2}:${V4}|(?::${GROUP}){1,4}|:)|`
  + `(?:${GROUP}:){2}(?:(?::${GROUP}){0,3}:${V4}|(?::${GROUP}){1,5}|:)|`
  + `(?:${GROUP}:){1}(?:(?::${GROUP}){0,4}:${V4}|(?::${GROUP}){1,6}|:)|`
  + `(?::(?:(?::${GROUP}){0,5}:${V4}|(?::${GROUP}){1,7}|:))`
  + ")(?:%[0-9a-zA-Z-.:]{1,})?$");
const isIPv4 = (text) => RegExpPrototypeExec(FOUR, `${text}`) !== null;
const isIPv6 = (text) => RegExpPrototypeExec(SIX, `${text}`) !== null;
const isIP = (text) => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0);

modules["node:net"] ??= {
  BlockList: refuseClass("net.BlockList"),
  SocketAddress: refuseClass("net.SocketAddress"),
  isIP,
  isIPv4,
  isIPv6,
  getDefaultAutoSelectFamily: () => true,
  setDefaultAutoSelectFamily() {},
  getDefaultAutoSelectFamilyAttemptTimeout: () => 250,
  setDefaultAutoSelectFamilyAttemptTimeout() {},
};

// ---- dns: addresses are their own; names are looked up where a connection is made ----

const CODES = {
  NODATA: "ENODATA", FORMERR: "EFORMERR", SERVFAIL: "ESERVFAIL", NOTFOUND: "ENOTFOUND", NOTIMP: "ENOTIMP", REFUSED: "EREFUSED", BADQUERY: "EBADQUERY",
  BADNAME: "EBADNAME", BADFAMILY: "EBADFAMILY", BADRESP: "EBADRESP", CONNREFUSED: "ECONNREFUSED", TIMEOUT: "ETIMEOUT", EOF: "EOF", FILE: "EFILE",
  NOMEM: "ENOMEM", DESTRUCTION: "EDESTRUCTION", BADSTR: "EBADSTR", BADFLAGS: "EBADFLAGS", NONAME: "ENONAME", BADHINTS: "EBADHINTS",
  NOTINITIALIZED: "ENOTINITIALIZED", LOADIPHLPAPI: "ELOADIPHLPAPI", ADDRGETNETWORKPARAMS: "EADDRGETNETWORKPARAMS", CANCELLED: "ECANCELLED",
};

// The address that a name is; throws for every other.
function lookUp(hostname, options) {
  const family = typeof options === "number" ? options : options?.family ?? 0;
  const name = hostname === "localhost" ? (family === 6 ? "::1" : "127.0.0.1") : `${hostname}`;
  const found = isIP(name);
  if (found === 0) {
    const error = nodeError(Error, "ENOTFOUND", `getaddrinfo ENOTFOUND ${hostname}`);
    throw ObjectAssign(error, { errno: -3008, syscall: "getaddrinfo", hostname });
  }
  return options?.all ? [{ address: name, family: found }] : { address: name, family: found };
}

function lookup(hostname, options, callback) {
  if (typeof options === "function") [options, callback] = [{}, options];
  check.function(callback, "callback");
  let result;
  try {
    result = lookUp(hostname, options);
  } catch (error) {
    internal.nextTick(callback, error);
    return {};
  }
  if (options?.all) internal.nextTick(callback, null, result);
  else internal.nextTick(callback, null, result.address, result.family);
  return {};
}
ObjectDefineProperty(lookup, Symbol.for("nodejs.util.promisify.custom"), { value: async (...args) => lookUp(...args) });

const NAMES = "names are looked up where a connection is made";
const resolvers = {};
for (const name of [
  "lookupService", "resolve", "resolve4", "resolve6", "resolveAny", "resolveCaa", "resolveCname", "resolveMx", "resolveNaptr", "resolveNs", "resolvePtr",
  "resolveSoa", "resolveSrv", "resolveTxt", "reverse",
]) {
  resolvers[name] = refuse(`dns.${name}()`, NAMES);
}
const dnsPromises = {
  lookup: async (...args) => lookUp(...args), ...resolvers, Resolver: refuseClass("dns.Resolver", NAMES), getDefaultResultOrder: () => "verbatim", setDefaultResultOrder() {},
  setServers: refuse("dns.setServers()"), getServers: () => [], ...CODES,
};
modules["node:dns"] ??= {
  ...dnsPromises, lookup, ADDRCONFIG: 32, ALL: 16, V4MAPPED: 8, promises: dnsPromises,
};
modules["node:dns/promises"] ??= dnsPromises;

// ---- http ----

const METHODS = [
  "ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK", "M-SEARCH", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL",
  "MOVE", "NOTIFY", "OPTIONS", "PATCH", "POST", "PROPFIND", "PROPPATCH", "PURGE", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE",
  "TRACE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE",
];
const STATUS_CODES = {
  100: "Continue", 101: "Switching Protocols", 102: "Processing", 103: "Early Hints", 200: "OK", 201: "Created", 202: "Accepted",
  203: "Non-Authoritative Information", 204: "No Content", 205: "Reset Content", 206: "Partial Content", 207: "Multi-Status",
  208: "Already Reported", 226: "IM Used", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other",
  304: "Not Modified", 305: "Use Proxy", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
  402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
  407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
  412: "Precondition Failed", 413: "Payload Too Large", 414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
  417: "Expectation Failed", 418: "I'm a Teapot", 421: "Misdirected Request", 422: "Unprocessable Entity", 423: "Locked",
  424: "Failed Dependency", 425: "Too Early", 426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
  431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 501: "Not Implemented",
  502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported", 506: "Variant Also Negotiates",
  507: "Insufficient Storage", 508: "Loop Detected", 509: "Bandwidth Limit Exceeded", 510: "Not Extended", 511: "Network Authentication Required",
};

const TOKEN = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/;
const FIELD = /[^\t\x20-\x7e\x80-\xff]/;

function validateHeaderName(name, label = "Header name") {
  if (typeof name !== "string" || RegExpPrototypeExec(TOKEN, name) === null) {
    throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN", `${label} must be a valid HTTP token ["${name}"]`);
  }
}

function validateHeaderValue(name, value) {
  if (value === undefined) throw nodeError(TypeError, "ERR_HTTP_INVALID_HEADER_VALUE", `Invalid value "${value}" for header "${name}"`);
  if (RegExpPrototypeExec(FIELD, `${value}`) !== null) throw nodeError(TypeError, "ERR_INVALID_CHAR", `Invalid character in header content ["${name}"]`);
}

class AgentBase extends EventEmitter {
  constructor(options) {
    super();
    this.options = { __proto__: null, ...options };
    this.requests = { __proto__: null };
    this.sockets = { __proto__: null };
    this.freeSockets = { __proto__: null };
    this.keepAliveMsecs = this.options.keepAliveMsecs ?? 1000;
    this.keepAlive = this.options.keepAlive ?? false;
    this.maxSockets = this.options.maxSockets ?? Infinity;
    this.maxFreeSockets = this.options.maxFreeSockets ?? 256;
    this.scheduling = this.options.scheduling ?? "lifo";
    this.maxTotalSockets = this.options.maxTotalSockets ?? Infinity;
    this.totalSocketCount = 0;
  }
  getName(options = {}) {
    return `${options.host || "localhost"}:${options.port || ""}:${options.localAddress || ""}`;
  }
  createConnection() {
    throw internal.unavailable("agent.createConnection()", USE_FETCH);
  }
  addRequest() {
    throw internal.unavailable("agent.addRequest()", USE_FETCH);
  }
  destroy() {}
}

// An agent that is called without `new` too.
function agentOf(port, protocol) {
  function Agent(options) {
    const made = ReflectConstruct(AgentBase, [options], new.target === undefined ? Agent : new.target);
    made.defaultPort = port;
    made.protocol = protocol;
    return made;
  }
  Agent.prototype = Object.create(AgentBase.prototype, { constructor: { value: Agent, writable: true, configurable: true } });
  return Agent;
}

internal.http = { METHODS, STATUS_CODES, validateHeaderName, validateHeaderValue, AgentBase, agentOf };
