// DOMException, the error of the web platform: a name from a closed list, its old numeric code, a message.
// Invariant: instances are real Error objects (they have a stack, Error.isError says true), created by Reflect.construct.

const { apply, construct, expose, constants, toDOMString, isObject, brands } = internal.idl;
const captureStackTrace = Error.captureStackTrace;
const BaseError = Error;

const CODES = {
  __proto__: null,
  IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
  NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10,
  InvalidStateError: 11, SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14, InvalidAccessError: 15,
  TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20, URLMismatchError: 21,
  QuotaExceededError: 22, TimeoutError: 23, InvalidNodeTypeError: 24, DataCloneError: 25,
};

// Returns the object that it is given, so that a subclass's private fields are put on that object.
function Adopt(object) {
  return object;
}

let dataOf;

class DOMExceptionData extends Adopt {
  #name;
  #message;
  constructor(error, name, message) {
    super(error);
    this.#name = name;
    this.#message = message;
  }
  static {
    dataOf = {
      is: (value) => isObject(value) && #name in value,
      name: (value) => value.#name,
      message: (value) => value.#message,
    };
  }
}

class DOMException {
  constructor(message = "", options = "Error") {
    const text = toDOMString(message);
    let name = options;
    let cause;
    let hasCause = false;
    if (isObject(options)) {
      name = options.name;
      if (name === undefined) name = "Error";
      hasCause = "cause" in options;
      if (hasCause) cause = options.cause;
    }
    name = toDOMString(name);
    const error = construct(BaseError, [], new.target);
    new DOMExceptionData(error, name, text);
    if (hasCause) internal.define(error, "cause", cause);
    if (captureStackTrace !== undefined) apply(captureStackTrace, BaseError, [error, new.target]);
    return error;
  }
  get name() {
    return dataOf.name(this);
  }
  get message() {
    return dataOf.message(this);
  }
  get code() {
    return CODES[dataOf.name(this)] ?? 0;
  }
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

brands.push(dataOf.is);
internal.DOMException = DOMException;
internal.isDOMException = dataOf.is;
