// DOMException: names, codes, its place among errors.
const eq = (got, want, what) => { if (!Object.is(got, want)) throw new Error(`${what}: got ${String(got)}, want ${String(want)}`); };
const throws = (run, Type, what) => { try { run(); } catch (e) { if (e instanceof Type) return; throw e; } throw new Error(`${what}: did not throw`); };

const e = new DOMException("gone", "AbortError");
eq(e.name, "AbortError", "name");
eq(e.message, "gone", "message");
eq(e.code, 20, "code");
eq(e instanceof Error, true, "instanceof Error");
eq(Error.isError(e), true, "Error.isError");
eq(Object.prototype.toString.call(e), "[object DOMException]", "tag");
eq(String(e), "AbortError: gone", "toString");
eq(typeof e.stack, "string", "stack");
eq(Object.hasOwn(e, "name"), false, "own name");
eq(Object.hasOwn(e, "message"), false, "own message");
eq(Object.getPrototypeOf(DOMException), Function.prototype, "constructor's prototype");
eq(Object.getPrototypeOf(DOMException.prototype), Error.prototype, "prototype's prototype");
eq(DOMException.length, 0, "length");
eq(DOMException.name, "DOMException", "constructor name");

const empty = new DOMException();
eq(empty.name, "Error", "default name");
eq(empty.message, "", "default message");
eq(empty.code, 0, "default code");
eq(new DOMException(undefined, undefined).name, "Error", "undefined name");
eq(new DOMException(null, null).message, "null", "null message");
eq(new DOMException("", "NoSuchName").code, 0, "unknown name");

const cause = {};
const bag = new DOMException("m", { name: "DataError", cause });
eq(bag.name, "DataError", "name from options");
eq(bag.cause, cause, "cause");
eq(Object.keys(bag).length, 0, "cause is not enumerable");
eq("cause" in new DOMException("m", { name: "x" }), false, "no cause");

const codes = {
  IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5, NoModificationAllowedError: 7, NotFoundError: 8,
  NotSupportedError: 9, InUseAttributeError: 10, InvalidStateError: 11, SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14,
  InvalidAccessError: 15, TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20, URLMismatchError: 21, QuotaExceededError: 22,
  TimeoutError: 23, InvalidNodeTypeError: 24, DataCloneError: 25, EncodingError: 0, NotReadableError: 0, UnknownError: 0, ConstraintError: 0,
  DataError: 0, TransactionInactiveError: 0, ReadOnlyError: 0, VersionError: 0, OperationError: 0, NotAllowedError: 0,
};
for (const [name, code] of Object.entries(codes)) eq(new DOMException("", name).code, code, name);
for (const [key, value] of [["INDEX_SIZE_ERR", 1], ["NOT_FOUND_ERR", 8], ["ABORT_ERR", 20], ["DATA_CLONE_ERR", 25]]) {
  eq(DOMException[key], value, key);
  eq(e[key], value, `instance ${key}`);
  const d = Object.getOwnPropertyDescriptor(DOMException, key);
  eq(d.enumerable && !d.writable && !d.configurable, true, `${key} is fixed`);
}
eq(Object.getOwnPropertyDescriptor(DOMException.prototype, "name").enumerable, true, "name is enumerable");

throws(() => DOMException("x"), TypeError, "call without new");
throws(() => DOMException.prototype.name, TypeError, "brand of name");
throws(() => Object.create(DOMException.prototype).code, TypeError, "brand of code");
throws(() => new DOMException(Symbol()), TypeError, "symbol message");

class Mine extends DOMException { extra = 1; }
const mine = new Mine("m", "TimeoutError");
eq(mine instanceof Mine && mine instanceof DOMException, true, "subclass");
eq(mine.code, 23, "subclass code");
eq(mine.extra, 1, "subclass field");
console.log("ok");
