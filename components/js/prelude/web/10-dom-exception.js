// DOMException, the error of the web platform: a name, its old numeric code, a message.
// The engine has it natively, and its reports of uncaught errors know that native object; this file gives it the interface that
// WebIDL and other runtimes have. Invariant: an instance is always the engine's own DOMException object.

const { apply, construct, expose, constants, toDOMString, isObject, brands } = internal.idl;
const { DOMException: NativeDOMException } = globalThis;
if (typeof NativeDOMException !== "function") throw new Error("the engine lacks DOMException");
const native = (key) => Object.getOwnPropertyDescriptor(NativeDOMException.prototype, key).get;
const nameOf = native("name");
const messageOf = native("message");
const codeOf = native("code");
const { isError: nativeIsError, captureStackTrace } = Error;

// Returns the object that it is given, so that the private field of a subclass is put on that object.
function Adopt(object) {
  return object;
}

let isDOMException;

class Stamp extends Adopt {
  #stamp;
  static {
    isDOMException = (value) => isObject(value) && #stamp in value;
  }
}

class DOMException {
  constructor(message = "", options = "Error") {
    const text = toDOMString(message);
    let name = options;
    let hasCause = false;
    let cause;
    // {name, cause} in the place of the name, as other runtimes take it.
    if (isObject(options)) {
      name = options.name === undefined ? "Error" : options.name;
      hasCause = "cause" in options;
      if (hasCause) cause = options.cause;
    }
    const error = construct(NativeDOMException, [text, toDOMString(name)], new.target);
    new Stamp(error);
    if (hasCause) internal.define(error, "cause", cause);
    // The stack begins where the guest wrote `new`, not in here.
    captureStackTrace?.(error, DOMException);
    return error;
  }
  get name() { return apply(nameOf, this, []); }
  get message() { return apply(messageOf, this, []); }
  get code() { return apply(codeOf, this, []); }
}

Object.setPrototypeOf(DOMException.prototype, Error.prototype);
expose(DOMException);
constants(DOMException, {
  INDEX_SIZE_ERR: 1, DOMSTRING_SIZE_ERR: 2, HIERARCHY_REQUEST_ERR: 3, WRONG_DOCUMENT_ERR: 4, INVALID_CHARACTER_ERR: 5,
  NO_DATA_ALLOWED_ERR: 6, NO_MODIFICATION_ALLOWED_ERR: 7, NOT_FOUND_ERR: 8, NOT_SUPPORTED_ERR: 9,
  INUSE_ATTRIBUTE_ERR: 10, INVALID_STATE_ERR: 11, SYNTAX_ERR: 12, INVALID_MODIFICATION_ERR: 13, NAMESPACE_ERR: 14,
  INVALID_ACCESS_ERR: 15, VALIDATION_ERR: 16, TYPE_MISMATCH_ERR: 17, SECURITY_ERR: 18, NETWORK_ERR: 19, ABORT_ERR: 20,
  URL_MISMATCH_ERR: 21, QUOTA_EXCEEDED_ERR: 22, TIMEOUT_ERR: 23, INVALID_NODE_TYPE_ERR: 24, DATA_CLONE_ERR: 25,
});

// The language counts DOMExceptions as errors; the engine's own function does not know them.
if (nativeIsError !== undefined && !nativeIsError(new DOMException())) {
  const functions = {
    isError(value) {
      return nativeIsError(value) || isDOMException(value);
    },
  };
  internal.define(Error, "isError", functions.isError);
}

brands.push(isDOMException);
internal.DOMException = DOMException;
internal.isDOMException = isDOMException;
