// Errors as Node.js throws them: with a code, and a message that says what was received.

// What a value is, at the end of a message.
function received(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "function") return value.name ? `function ${value.name}` : "function ";
  if (typeof value === "object") {
    const made = value.constructor?.name;
    return made ? `an instance of ${made}` : internal.inspect(value, { depth: -1 });
  }
  const text = internal.inspect(value, { colors: false });
  return `type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`;
}
internal.received = received;

// Makes an error of a class with a code; its stack begins with both, as its text does.
internal.nodeError = (Base, code, message) => {
  const error = new Base(message);
  Object.defineProperty(error, "code", { value: code, writable: true, enumerable: true, configurable: true });
  return error;
};

// An argument has the wrong type.
internal.invalidType = (name, expected, value) => {
  const what = name.includes(".") ? "property" : "argument";
  const subject = name.endsWith(" argument") ? `The ${name}` : `The "${name}" ${what}`;
  return internal.nodeError(TypeError, "ERR_INVALID_ARG_TYPE", `${subject} must be ${expected}. Received ${received(value)}`);
};

internal.checkString = (value, name) => {
  if (typeof value !== "string") throw internal.invalidType(name, "of type string", value);
};
