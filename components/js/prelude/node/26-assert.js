// node:assert and node:assert/strict. Start at `assert`.

const { ObjectKeys, ObjectIs, ReflectApply, RegExpPrototypeExec, ArrayPrototypePush } =
  internal.primordials;
const { ObjectAssign, ObjectDefineProperty } = internal.primordials;
const { AssertionError, checkArgument: check, deepEqual, invalidType, invalidValue, nodeError, types } = internal;
const NOTHING = Symbol("nothing was thrown");

function fail(values) {
  if (values.message instanceof Error) throw values.message;
  throw new AssertionError(values);
}

function notMissing(args, count) {
  if (args.length < count) throw nodeError(TypeError, "ERR_MISSING_ARGS", 'The "actual" and "expected" arguments must be specified');
}

function ok(fn, args) {
  if (args[0]) return;
  const [value, message] = args;
  let text = message;
  let generated = false;
  if (args.length === 0) {
    generated = true;
    text = "No value argument passed to `assert.ok()`";
  } else if (message === undefined || message === null) {
    generated = true;
    text = "The expression evaluated to a falsy value:\n\n  " + `${fn === assert ? "assert" : "assert.ok"}(${internal.inspect(value)})\n`;
  } else if (message instanceof Error) {
    throw message;
  }
  const error = new AssertionError({ actual: value, expected: true, message: text, operator: "==", stackStartFn: fn });
  error.generatedMessage = generated;
  throw error;
}

function assert(...args) {
  ok(assert, args);
}

const same = (a, b) => a == b || (a !== a && b !== b);

// name: [what must hold, how the operator is called in messages]
const comparisons = {
  equal: [same, "=="],
  notEqual: [(a, b) => !same(a, b), "!="],
  deepEqual: [(a, b) => deepEqual(a, b, false), "deepEqual"],
  notDeepEqual: [(a, b) => !deepEqual(a, b, false), "notDeepEqual"],
  deepStrictEqual: [(a, b) => deepEqual(a, b, true), "deepStrictEqual"],
  notDeepStrictEqual: [(a, b) => !deepEqual(a, b, true), "notDeepStrictEqual"],
  strictEqual: [(a, b) => ObjectIs(a, b), "strictEqual"],
  notStrictEqual: [(a, b) => !ObjectIs(a, b), "notStrictEqual"],
};
for (const name of ObjectKeys(comparisons)) {
  const [holds, operator] = comparisons[name];
  const compared = { [name](actual, expected, message) {
    notMissing(arguments, 2);
    if (!holds(actual, expected)) fail({ actual, expected, message, operator, stackStartFn: compared });
  } }[name];
  assert[name] = compared;
}

// ---- what functions throw ----

function thrown(fn) {
  check.function(fn, "fn");
  try {
    fn();
  } catch (error) {
    return error;
  }
  return NOTHING;
}

async function rejection(promise) {
  let settled;
  if (typeof promise === "function") {
    settled = promise();
    if (typeof settled?.then !== "function") {
      throw nodeError(TypeError, "ERR_INVALID_RETURN_VALUE",
        `Expected instance of Promise to be returned from the "promiseFn" function but got ${settled === undefined ? "undefined" : `type ${typeof settled}`}.`);
    }
  } else if (promise !== null && typeof promise === "object" && typeof promise.then === "function" && typeof promise.catch === "function") {
    settled = promise;
  } else {
    throw invalidType("promiseFn", "of type function or an instance of Promise", promise);
  }
  try {
    await settled;
  } catch (error) {
    return error;
  }
  return NOTHING;
}

// What is compared of an error, under a name of its own in messages.
class Comparison {}

function inspectShort(value) {
  return internal.inspect(value);
}

// Whether what was thrown is what was expected; throws if not.
function compareThrown(actual, expected, message, fn) {
  let generated = false;
  let throwIt = false;
  if (typeof expected !== "function") {
    if (types.isRegExp(expected)) {
      const text = `${actual}`;
      if (RegExpPrototypeExec(expected, text) !== null) return;
      if (!message) {
        generated = true;
        message = `The input did not match the regular expression ${inspectShort(expected)}. Input:\n\n${inspectShort(text)}\n`;
      }
      throwIt = true;
    } else if (typeof actual !== "object" || actual === null) {
      const error = new AssertionError({ actual, expected, message, operator: "deepStrictEqual", stackStartFn: fn });
      error.operator = fn.name;
      throw error;
    } else {
      const keys = ObjectKeys(expected);
      if (expected instanceof Error) ArrayPrototypePush(keys, "name", "message");
      else if (keys.length === 0) throw invalidValue("error", expected, "may not be an empty object");
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        if (typeof actual[key] === "string" && types.isRegExp(expected[key]) && RegExpPrototypeExec(expected[key], actual[key]) !== null) continue;
        if (key in actual && deepEqual(actual[key], expected[key], true)) continue;
        if (!message) {
          const a = new Comparison();
          const b = new Comparison();
          for (let k = 0; k < keys.length; k++) {
            if (keys[k] in actual) a[keys[k]] = actual[keys[k]];
            const pattern = typeof actual[keys[k]] === "string" && types.isRegExp(expected[keys[k]]) && RegExpPrototypeExec(expected[keys[k]], actual[keys[k]]) !== null;
            b[keys[k]] = pattern ? actual[keys[k]] : expected[keys[k]];
          }
          const error = new AssertionError({ actual: a, expected: b, operator: "deepStrictEqual", stackStartFn: fn });
          error.actual = actual;
          error.expected = expected;
          error.operator = fn.name;
          throw error;
        }
        fail({ actual, expected, message, operator: fn.name, stackStartFn: fn });
      }
      return;
    }
  } else if (expected.prototype !== undefined && actual instanceof expected) {
    return;
  } else if (expected === Error || Object.prototype.isPrototypeOf.call(Error, expected)) {
    if (!message) {
      generated = true;
      message = `The error is expected to be an instance of "${expected.name}". Received `;
      message += types.isNativeError(actual) || actual instanceof Error ? `"${actual.name}"` : `"${inspectShort(actual)}"`;
      if (actual?.message) message += `\n\nError message:\n\n${actual.message}`;
    }
    throwIt = true;
  } else {
    const result = ReflectApply(expected, {}, [actual]);
    if (result === true) return;
    if (!message) {
      generated = true;
      const name = expected.name ? `"${expected.name}" ` : "";
      message = `The ${name}validation function is expected to return "true". Received ${inspectShort(result)}`;
      if (actual instanceof Error || types.isNativeError(actual)) message += `\n\nCaught error:\n\n${actual}`;
    }
    throwIt = true;
  }
  if (!throwIt) return;
  const error = new AssertionError({ actual, expected, message, operator: fn.name, stackStartFn: fn });
  error.generatedMessage = generated;
  throw error;
}

function expectThrown(fn, actual, error, message, count) {
  if (typeof error === "string") {
    if (count === 4) throw invalidType("error", "of type function or an instance of Error, RegExp, or Object", error);
    if ((typeof actual === "object" && actual !== null && actual.message === error) || actual === error) {
      throw nodeError(TypeError, "ERR_AMBIGUOUS_ARGUMENT", `The "error/message" argument is ambiguous. The error message "${error}" is identical to the message.`);
    }
    message = error;
    error = undefined;
  } else if (error !== null && error !== undefined && typeof error !== "object" && typeof error !== "function") {
    throw invalidType("error", "of type function or an instance of Error, RegExp, or Object", error);
  }
  if (actual === NOTHING) {
    const details = `${error?.name ? ` (${error.name})` : ""}${message ? `: ${message}` : "."}`;
    fail({
      actual: undefined, expected: error, operator: fn.name, stackStartFn: fn,
      message: message instanceof Error ? message : `Missing expected ${fn === assert.rejects ? "rejection" : "exception"}${details}`,
    });
  }
  if (error) compareThrown(actual, error, message, fn);
}

function expectNothing(fn, actual, error, message) {
  if (actual === NOTHING) return;
  if (typeof error === "string") {
    message = error;
    error = undefined;
  }
  const fits = !error || (typeof error === "function" && (error.prototype !== undefined ? actual instanceof error : ReflectApply(error, {}, [actual]) === true))
    || (types.isRegExp(error) && RegExpPrototypeExec(error, `${actual}`) !== null);
  if (!fits) throw actual;
  const kind = fn === assert.doesNotReject ? "rejection" : "exception";
  fail({
    actual, expected: error, operator: fn.name, stackStartFn: fn,
    message: `Got unwanted ${kind}${message ? `: ${message}` : "."}\nActual message: "${actual && actual.message}"`,
  });
}

function matching(name, wanted) {
  const matched = { [name](string, regexp, message) {
    if (!types.isRegExp(regexp)) throw invalidType("regexp", "an instance of RegExp", regexp);
    if (typeof string === "string" && (RegExpPrototypeExec(regexp, string) !== null) === wanted) return;
    if (message instanceof Error) throw message;
    const generated = !message;
    const text = message || (typeof string !== "string"
      ? `The "string" argument must be of type string. Received type ${typeof string} (${internal.inspect(string)})`
      : `${wanted ? "The input did not match the regular expression " : "The input was expected to not match the regular expression "}${internal.inspect(regexp)}. Input:\n\n${internal.inspect(string)}\n`);
    const error = new AssertionError({ actual: string, expected: regexp, message: text, operator: name, stackStartFn: matched });
    error.generatedMessage = generated;
    throw error;
  } }[name];
  return matched;
}

ObjectAssign(assert, {
  ok: function ok_(...args) {
    ok(assert.ok, args);
  },
  fail(message, ...more) {
    if (more.length === 0) {
      if (message instanceof Error) throw message;
      const error = new AssertionError({ message: message === undefined ? "Failed" : message, operator: "fail", stackStartFn: assert.fail });
      error.generatedMessage = message === undefined;
      throw error;
    }
    const [expected, text, operator = "!=", stackStartFn = assert.fail] = more;
    fail({ actual: message, expected, message: text, operator, stackStartFn });
  },
  AssertionError,
  throws(fn, ...args) {
    expectThrown(assert.throws, thrown(fn), args[0], args[1], args.length + 2);
  },
  async rejects(promise, ...args) {
    expectThrown(assert.rejects, await rejection(promise), args[0], args[1], args.length + 2);
  },
  doesNotThrow(fn, ...args) {
    expectNothing(assert.doesNotThrow, thrown(fn), ...args);
  },
  async doesNotReject(promise, ...args) {
    expectNothing(assert.doesNotReject, await rejection(promise), ...args);
  },
  ifError(error) {
    if (error === null || error === undefined) return;
    let message = "ifError got unwanted exception: ";
    if (typeof error === "object" && typeof error.message === "string") {
      message += error.message.length === 0 && error.constructor ? error.constructor.name : error.message;
    } else {
      message += internal.inspect(error);
    }
    const made = new AssertionError({ actual: error, expected: null, operator: "ifError", message, stackStartFn: assert.ifError });
    made.generatedMessage = false;
    throw made;
  },
  match: matching("match", true),
  doesNotMatch: matching("doesNotMatch", false),
  CallTracker: internal.refuseClass("assert.CallTracker", "use mock of node:test"),
});
ObjectDefineProperty(assert.ok, "name", { value: "ok", configurable: true });

function strict(...args) {
  ok(strict, args);
}
assert.strict = ObjectAssign(strict, assert, {
  equal: assert.strictEqual,
  deepEqual: assert.deepStrictEqual,
  notEqual: assert.notStrictEqual,
  notDeepEqual: assert.notDeepStrictEqual,
});
strict.strict = strict;
internal.assert = assert;
internal.modules["node:assert"] = assert;
internal.modules["node:assert/strict"] = strict;
