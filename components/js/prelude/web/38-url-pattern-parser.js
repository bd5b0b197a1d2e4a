// Patterns of URLPattern as text: what they are made of, the expression that each component becomes, and its canonical form.
// Start at `parsePattern`. A part is {type, value, modifier, name, prefix, suffix}. Invariant: what a program wrote reaches an
// expression escaped, or as a group of its own that the tokenizer has checked.

const { matches, replaceEach } = internal.texts;
const {
  ArrayPrototypePush: push, RegExp, Set, SetPrototypeAdd: add, SetPrototypeHas: has, StringFromCodePoint: fromCodePoint,
  StringPrototypeCodePointAt: codePointAt, StringPrototypeSlice: slice, TypeError,
} = internal.primordials;

const NAME_START = /[\p{ID_Start}$_]/u;
const NAME_PART = /[\p{ID_Continue}$\u200c\u200d]/u;
const IN_EXPRESSION = /[.+*?^${}()[\]|/\\]/g;
const IN_PATTERN = /[+*?:{}()\\]/g;
const DIGIT = /^[0-9]/;
const ASCII = /^[\x00-\x7f]$/;
const KINDS = { __proto__: null, "*": "asterisk", "+": "modifier", "?": "modifier", "{": "open", "}": "close" };
const ANY = ".*";

const escapeExpression = (text) => replaceEach(text, IN_EXPRESSION, (character) => `\\${character}`);
const escapePattern = (text) => replaceEach(text, IN_PATTERN, (character) => `\\${character}`);

// ---- tokens: {type, index, value} ----

// The code point at a place, as a string; "" at the end.
function characterAt(input, at) {
  return at < input.length ? fromCodePoint(codePointAt(input, at)) : "";
}

function nameEnd(input, start) {
  let at = start;
  for (let character; (character = characterAt(input, at)) !== "" && matches(at === start ? NAME_START : NAME_PART, character);) at += character.length;
  return at;
}

// Where the expression ends that begins behind a parenthesis; -1 if it is none.
function expressionEnd(input, start) {
  let depth = 1;
  for (let at = start; at < input.length; at++) {
    const character = characterAt(input, at);
    if (!matches(ASCII, character) || (at === start && character === "?")) return -1;
    if (character === "\\") {
      at++;
      if (at >= input.length || !matches(ASCII, characterAt(input, at))) return -1;
    } else if (character === ")") {
      depth--;
      if (depth === 0) return at === start ? -1 : at + 1;
    } else if (character === "(") {
      depth++;
      if (input[at + 1] !== "?") return -1;
    }
  }
  return -1;
}

// With `lenient`, what is wrong is a token of its own; else it is an error.
function tokenize(input, lenient) {
  const tokens = [];
  let at = 0;
  const take = (type, end, from, to) => {
    push(tokens, { type, index: at, value: slice(input, from, to) });
    at = end;
  };
  const fail = (end, from) => {
    if (!lenient) throw new TypeError(`URLPattern: invalid pattern '${input}' at ${at}`);
    take("invalid", end, from, end);
  };
  while (at < input.length) {
    const character = characterAt(input, at);
    const next = at + character.length;
    if (character === "\\") {
      const escaped = characterAt(input, next);
      if (escaped === "") fail(next, at);
      else take("escaped", next + escaped.length, next, next + escaped.length);
    } else if (character === ":") {
      const end = nameEnd(input, next);
      if (end === next) fail(next, at);
      else take("name", end, next, end);
    } else if (character === "(") {
      const end = expressionEnd(input, next);
      if (end < 0) fail(next, at);
      else take("expression", end, next, end - 1);
    } else {
      take(KINDS[character] ?? "character", next, at, next);
    }
  }
  take("end", at, at, at);
  return tokens;
}

// ---- parts ----

function segmentOf(options) {
  return `[^${escapeExpression(options.delimiter)}]+?`;
}

// The parts of a pattern; `encode` makes what is fixed text canonical.
function parsePattern(input, options, encode) {
  const tokens = tokenize(input, false);
  const parts = [];
  const names = new Set();
  const segment = segmentOf(options);
  let at = 0;
  let pending = "";
  let number = 0;
  const take = (type) => (tokens[at].type === type ? tokens[at++] : null);
  const need = (type) => {
    if (take(type) === null) throw new TypeError(`URLPattern: invalid pattern '${input}' at ${tokens[at].index}`);
  };
  const takeGroup = (name) => take("expression") ?? (name === null ? take("asterisk") : null);
  const takeModifier = () => (take("modifier") ?? take("asterisk"))?.value ?? "";
  const takeText = () => {
    let text = "";
    for (let token; (token = take("character") ?? take("escaped")) !== null;) text += token.value;
    return text;
  };
  const flush = () => {
    if (pending === "") return;
    const value = encode(pending);
    pending = "";
    push(parts, { type: "fixed", value, modifier: "", name: "", prefix: "", suffix: "" });
  };
  const addPart = (prefix, name, group, suffix, modifier) => {
    if (name === null && group === null && modifier === "") {
      pending += prefix;
      return;
    }
    flush();
    if (name === null && group === null) {
      if (prefix !== "") push(parts, { type: "fixed", value: encode(prefix), modifier, name: "", prefix: "", suffix: "" });
      return;
    }
    let value = group === null ? segment : group.type === "asterisk" ? ANY : group.value;
    let type = "expression";
    if (value === segment || value === ANY) {
      type = value === segment ? "segment" : "any";
      value = "";
    }
    const known = name === null ? `${number++}` : name.value;
    if (has(names, known)) throw new TypeError(`URLPattern: the name '${known}' occurs twice in '${input}'`);
    add(names, known);
    push(parts, { type, value, modifier, name: known, prefix: encode(prefix), suffix: encode(suffix) });
  };
  while (at < tokens.length) {
    const character = take("character");
    const name = take("name");
    const group = takeGroup(name);
    if (name !== null || group !== null) {
      let prefix = character === null ? "" : character.value;
      if (prefix !== "" && prefix !== options.prefix) {
        pending += prefix;
        prefix = "";
      }
      flush();
      addPart(prefix, name, group, "", takeModifier());
      continue;
    }
    const fixed = character ?? take("escaped");
    if (fixed !== null) {
      pending += fixed.value;
    } else if (take("open") !== null) {
      const prefix = takeText();
      const inner = take("name");
      const innerGroup = takeGroup(inner);
      const suffix = takeText();
      need("close");
      addPart(prefix, inner, innerGroup, suffix, takeModifier());
    } else {
      flush();
      need("end");
    }
  }
  return parts;
}

function expressionOf(part, options) {
  const { modifier } = part;
  if (part.type === "fixed") return modifier === "" ? escapeExpression(part.value) : `(?:${escapeExpression(part.value)})${modifier}`;
  const value = part.type === "segment" ? segmentOf(options) : part.type === "any" ? ANY : part.value;
  const once = modifier === "" || modifier === "?";
  if (part.prefix === "" && part.suffix === "") return once ? `(${value})${modifier}` : `((?:${value})${modifier})`;
  const prefix = escapeExpression(part.prefix);
  const suffix = escapeExpression(part.suffix);
  if (once) return `(?:${prefix}(${value})${suffix})${modifier}`;
  return `(?:${prefix}((?:${value})(?:${suffix}${prefix}(?:${value}))*)${suffix})${modifier === "*" ? "?" : ""}`;
}

const isNamed = (part) => !matches(DIGIT, part.name);

// Whether a part has to stand in braces, so that it is read again as what it is.
function needsBraces(part, before, next, options) {
  if (part.suffix !== "" || (part.prefix !== "" && part.prefix !== options.prefix)) return true;
  if (isNamed(part) && part.type === "segment" && part.modifier === "" && next !== undefined && next.prefix === "" && next.suffix === "") {
    if (next.type === "fixed" ? matches(NAME_PART, characterAt(next.value, 0)) : !isNamed(next)) return true;
  }
  return part.prefix === "" && before?.type === "fixed" && options.prefix !== "" && before.value[before.value.length - 1] === options.prefix;
}

function writePart(part, before, next, options) {
  if (part.type === "fixed") return part.modifier === "" ? escapePattern(part.value) : `{${escapePattern(part.value)}}${part.modifier}`;
  const braces = needsBraces(part, before, next, options);
  const named = isNamed(part);
  let out = `${braces ? "{" : ""}${escapePattern(part.prefix)}${named ? `:${part.name}` : ""}`;
  if (part.type === "expression") {
    out += `(${part.value})`;
  } else if (part.type === "segment") {
    if (!named) out += `(${segmentOf(options)})`;
    else if (part.suffix !== "" && matches(NAME_PART, characterAt(part.suffix, 0))) out += "\\";
  } else {
    const plain = before === undefined || before.type === "fixed" || before.modifier !== "" || braces || part.prefix !== "";
    out += !named && plain ? "*" : `(${ANY})`;
  }
  return `${out}${escapePattern(part.suffix)}${braces ? "}" : ""}${part.modifier}`;
}

// What a component's pattern is compiled to: its canonical text, its expression and the names of its groups.
function compile(input, options, encode) {
  const parts = parsePattern(input, options, encode);
  const names = [];
  let expression = "^";
  let text = "";
  let hasExpressions = false;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part.type !== "fixed") push(names, part.name);
    hasExpressions ||= part.type === "expression";
    expression += expressionOf(part, options);
    text += writePart(part, parts[i - 1], parts[i + 1], options);
  }
  let compiled;
  try {
    compiled = new RegExp(`${expression}$`, options.ignoreCase ? "vi" : "v");
  } catch {
    throw new TypeError(`URLPattern: invalid expression in the pattern '${input}'`);
  }
  return { text, expression: compiled, names, hasExpressions };
}

internal.urlPatterns = { tokenize, compile, escapePattern };
