// Why a fetch failed, as node says it: a TypeError "fetch failed" whose cause has a code. Start at `failureOf`.

const { define, denied, errorOf, E } = internal;
const { ctl } = sys;
const TypeErrorClass = TypeError;
const ErrorClass = Error;

const FAILURE = 116;
const NAME_NOT_FOUND = 1, DENIED = 12;

// The failures of docs/abi.md: [code, what happened].
const FAILURES = {
  __proto__: null,
  2: ["ECONNREFUSED", (where) => `connect ECONNREFUSED ${where}`],
  3: ["UND_ERR_CONNECT_TIMEOUT", (where) => `Connect Timeout Error (attempted address: ${where})`],
  4: ["EHOSTUNREACH", (where) => `connect EHOSTUNREACH ${where}`],
  5: ["ECONNRESET", () => "other side closed"],
  6: ["UND_ERR_HEADERS_TIMEOUT", () => "Headers Timeout Error"],
  7: ["UND_ERR_BODY_TIMEOUT", () => "Body Timeout Error"],
  8: ["ETIMEDOUT", () => "what was sent was not taken in time"],
  9: ["EPROTO", (where) => `${where} does not speak TLS as it must`],
  10: ["CERT_UNTRUSTED", (where) => `the certificate of ${where} is not trusted; name its authority with --cert`],
  11: ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", () => "no certificate authority is known on this machine; name one with --cert"],
  13: ["UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", () => "Request body length does not match content-length header"],
  14: ["UND_ERR_SOCKET", () => "other side closed"],
  15: ["UND_ERR_HEADERS_OVERFLOW", () => "Headers Overflow Error"],
  16: ["EPROTO", (where) => `${where} does not speak HTTP as it must`],
  17: ["EMFILE", () => "too many requests at a time"],
  18: ["ECANCELED", () => "the request was given up"],
};

function withCode(code, message) {
  const error = new ErrorClass(message);
  error.code = code;
  return error;
}

// The cause that an exchange's handle knows, or the error of the operation if it knows none.
function causeOf(handle, code, where) {
  const failure = handle >= 0 ? ctl(handle, FAILURE) : 0;
  if (failure === NAME_NOT_FOUND) {
    const error = withCode("ENOTFOUND", `getaddrinfo ENOTFOUND ${where}`);
    error.syscall = "getaddrinfo";
    return error;
  }
  if (failure === DENIED) {
    const why = `network access to ${where} was refused: its name leads to an address that is not public; `
      + "such an address must be granted itself, run again with --allow-net=ADDRESS:PORT";
    return withCode("EACCES", why);
  }
  const known = FAILURES[failure];
  if (known !== undefined) return withCode(known[0], known[1](where));
  return errorOf(code, "fetch from", where);
}

function failed(cause) {
  const error = new TypeErrorClass("fetch failed");
  define(error, "cause", cause);
  return error;
}

// For a request that was not even begun.
function refused(code, where) {
  if (code === E.RIGHTS) return failed(denied(["net"], where));
  if (code === E.LIMIT) return failed(withCode("EMFILE", "too many requests at a time, or the head is too large"));
  if (code === E.ARG) return failed(withCode("UND_ERR_INVALID_ARG", "the request has a header that is the connection's affair, or a wrong length"));
  return failed(errorOf(code, "fetch from", where));
}

// Why a body has no end.
internal.bodyError = (exchange, code) => {
  if (exchange.aborted) return exchange.reason;
  const error = new TypeErrorClass("terminated");
  const fault = exchange.decoder === null ? null : exchange.decoder.fault;
  define(error, "cause", fault === null ? causeOf(exchange.handle, code, exchange.where ?? "the other side") : withCode("Z_DATA_ERROR", fault));
  return error;
};
internal.fetchErrors = { failed, refused, withCode, causeOf };
