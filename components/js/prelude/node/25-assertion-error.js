// AssertionError: what an assertion throws, with a message that shows the difference. Start at `AssertionError`.

const { StringPrototypeSplit, ArrayPrototypePush, ArrayPrototypeJoin, MathMax, ErrorCaptureStackTrace } = internal.primordials;
const { ObjectDefineProperty } = internal.primordials;

const TITLES = {
  __proto__: null,
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  strictEqual: "Expected values to be strictly equal:",
  strictEqualObject: 'Expected "actual" to be reference-equal to "expected":',
  deepEqual: "Expected values to be loosely deep-equal:",
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notStrictEqualObject: 'Expected "actual" not to be reference-equal to "expected":',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  notIdentical: "Values have same structure but are not reference-equal:",
  notDeepEqualUnequal: "Expected values not to be loosely deep-equal:",
};
const SHORT_MAX = 12;
const WIDTH = 80;
const LINES_MAX = 50;

// A value as text, an error without where it was made.
function show(value) {
  const text = inspect(value);
  if (!internal.types.isNativeError(value)) return text;
  const heading = internal.primordials.RegExpPrototypeSymbolReplace(FRAMES, text, "");
  return heading === text ? text : `[${heading}]`;
}
const FRAMES = /\n\s+at [^\n]*/g;

const inspect = (value) => internal.inspect(value, {
  compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false, showProxy: false, sorted: true, getters: true,
  breakLength: Infinity,
});

// The lines of both texts, with what only one has marked: + for the actual, - for the expected.
function difference(actual, expected, operator) {
  let a = StringPrototypeSplit(show(actual), "\n");
  const b = StringPrototypeSplit(show(expected), "\n");
  let kind = operator;
  if (operator === "strictEqual" && ((isObject(actual) && isObject(expected)) || (typeof actual === "function" && typeof expected === "function"))) {
    kind = "strictEqualObject";
  }
  if (a.length === 1 && b.length === 1 && a[0] !== b[0]) {
    const length = a[0].length + b[0].length;
    if (length <= SHORT_MAX && !isObject(actual) && !isObject(expected) && (actual !== 0 || expected !== 0)) {
      return `${TITLES[kind]}\n\n${a[0]} !== ${b[0]}\n`;
    }
  }
  const same = a.length === b.length && ArrayPrototypeJoin(a, "\n") === ArrayPrototypeJoin(b, "\n");
  if (same) {
    if (a.length > LINES_MAX) {
      a = internal.primordials.ArrayPrototypeSlice(a, 0, LINES_MAX - 4);
      ArrayPrototypePush(a, "...");
    }
    return `${TITLES.notIdentical}\n\n${ArrayPrototypeJoin(a, "\n")}\n`;
  }
  const marked = compareLines(a, b);
  if (a.length === 1 && b.length === 1 && a[0].length + b[0].length < WIDTH && kind !== "strictEqualObject") {
    let at = 0;
    while (a[0][at] === b[0][at]) at++;
    if (at > 2) ArrayPrototypePush(marked.lines, `  ${internal.primordials.StringPrototypeRepeat(" ", at)}^`);
  }
  const skipped = marked.skipped ? " ... Lines skipped" : "";
  return `${TITLES[kind]}\n+ actual - expected${skipped}\n\n${ArrayPrototypeJoin(marked.lines, "\n")}`;
}

const isObject = (value) => typeof value === "object" && value !== null;

// How many lines that both have are shown at each side of a gap.
const NEAR = 2;
const ALL_MAX = 5;
const TAIL = 3;

// Two lines that differ by a comma at their end are the same.
const sameLine = (a, b) => a === b || a === `${b},` || `${a},` === b;

// Compares line by line, as Node.js does: it shows what differs where, not the shortest way from one to the other.
function compareLines(a, b) {
  let tail = 0;
  while (tail < a.length && tail < b.length && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const [rows, columns] = [a.length - tail, b.length - tail];
  const state = { lines: [], skipped: false };
  let [same, added, missing] = [[], [], []];
  const changed = () => {
    for (let i = 0; i < added.length; i++) ArrayPrototypePush(state.lines, `+ ${added[i]}`);
    for (let i = 0; i < missing.length; i++) ArrayPrototypePush(state.lines, `- ${missing[i]}`);
    [added, missing] = [[], []];
  };
  for (let i = 0; i < MathMax(rows, columns); i++) {
    if (i < rows && i < columns && sameLine(a[i], b[i])) {
      changed();
      ArrayPrototypePush(same, a[i].length >= b[i].length ? a[i] : b[i]);
      continue;
    }
    showSame(state, same, same.length > ALL_MAX, NEAR, NEAR);
    same = [];
    if (i < rows) ArrayPrototypePush(added, a[i]);
    if (i < columns) ArrayPrototypePush(missing, b[i]);
  }
  changed();
  for (let i = 0; i < tail; i++) ArrayPrototypePush(same, a[rows + i]);
  showSame(state, same, same.length > TAIL + 1, 1, TAIL);
  return state;
}

// Adds lines that both have; of many only the first and the last.
function showSame(state, same, cut, first, last) {
  for (let i = 0; i < same.length; i++) {
    if (!cut || i < first || i >= same.length - last) ArrayPrototypePush(state.lines, `  ${same[i]}`);
    else if (i === first) ArrayPrototypePush(state.lines, "...");
  }
  if (cut) state.skipped = true;
}

function unequal(actual, operator) {
  let base = TITLES[operator];
  const lines = StringPrototypeSplit(show(actual), "\n");
  if (operator === "notStrictEqual" && (isObject(actual) || typeof actual === "function")) base = TITLES.notStrictEqualObject;
  if (lines.length > LINES_MAX) {
    lines.length = LINES_MAX - 4;
    lines[LINES_MAX - 4] = "...";
  }
  if (lines.length === 1) return `${base}${lines[0].length > 5 ? "\n\n" : " "}${lines[0]}`;
  return `${base}\n\n${ArrayPrototypeJoin(lines, "\n")}\n`;
}

function loose(actual, expected, operator) {
  let [a, b] = [show(actual), show(expected)];
  if (operator === "deepEqual") {
    return `Expected values to be loosely deep-equal:\n\n${a}\n\nshould loosely deep-equal\n\n${b}`;
  }
  if (operator === "notDeepEqual") return `Expected "actual" not to be loosely deep-equal to:\n\n${a}`;
  if (a.length > 512) a = `${a.slice(0, 509)}...`;
  if (b.length > 512) b = `${b.slice(0, 509)}...`;
  return `${a} ${operator} ${b}`;
}

class AssertionError extends Error {
  constructor(options) {
    internal.checkArgument.object(options, "options");
    const { message, operator, stackStartFn, details, stackStartFunction } = options;
    const { actual, expected } = options;
    let text = message;
    if (message === undefined || message === null) {
      if (operator === "deepStrictEqual" || operator === "strictEqual") text = difference(actual, expected, operator);
      else if (operator === "notDeepStrictEqual" || operator === "notStrictEqual") text = unequal(actual, operator);
      else text = loose(actual, expected, operator);
    }
    super(`${text}`);
    this.generatedMessage = !message;
    ObjectDefineProperty(this, "name", { value: "AssertionError [ERR_ASSERTION]", enumerable: false, writable: true, configurable: true });
    this.code = "ERR_ASSERTION";
    if (details) {
      this.actual = undefined;
      this.expected = undefined;
      this.operator = undefined;
      for (let i = 0; i < details.length; i++) {
        this[`message ${i}`] = details[i].message;
        this[`actual ${i}`] = details[i].actual;
        this[`expected ${i}`] = details[i].expected;
        this[`operator ${i}`] = details[i].operator;
      }
    } else {
      this.actual = actual;
      this.expected = expected;
      this.operator = operator;
    }
    ErrorCaptureStackTrace?.(this, stackStartFn || stackStartFunction);
    // The stack is made while the name has the code in it.
    void this.stack;
    this.name = "AssertionError";
  }
  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
  [internal.inspectCustom](depth, ctx) {
    return internal.inspect(this, { ...ctx, customInspect: false, depth: 0 });
  }
}
internal.AssertionError = AssertionError;
