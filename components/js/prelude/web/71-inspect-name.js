// What the console calls a value before its braces: constructor name, string tag, function and class headings, errors' text.
// Invariant: every read that can run a guest's code (getters, proxies' traps) goes through `attempt`, which never throws.

const { apply, interfaces } = internal.idl;
const { getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
const { isErrorValue } = internal.classify;
const hasOwn = Object.hasOwn;
const hasInstance = Function.prototype[Symbol.hasInstance];
const functionToString = Function.prototype.toString;
const propertyIsEnumerable = Object.prototype.propertyIsEnumerable;
const { toStringTag } = Symbol;
const CHAIN_MAX = 100;

function attempt(read, fallback) {
  try {
    return read();
  } catch {
    return fallback;
  }
}

// The name of the nearest constructor that the object is an instance of; null when there is none. `first` is the
// prototype whose own name stands in when the chain ends without one.
function constructorName(ctx, value, depth) {
  let object = value;
  let first;
  for (let i = 0; i < CHAIN_MAX && object !== null; i++) {
    const descriptor = getOwnPropertyDescriptor(object, "constructor");
    const constructor = descriptor?.value;
    if (typeof constructor === "function") {
      const name = attempt(() => constructor.name, "");
      if (typeof name === "string" && name !== "" && attempt(() => apply(hasInstance, constructor, [value]), false)) return name;
    }
    object = getPrototypeOf(object);
    if (first === undefined) first = object;
  }
  if (first === null || first === undefined) return null;
  const own = internal.classify.kindOf(value) ?? (typeof value === "function" ? "Function" : "Object");
  if (depth > ctx.depth) return `${own} <Complex prototype>`;
  const name = constructorName(ctx, first, depth + 1);
  if (name !== null) return `${own} <${name}>`;
  return `${own} <${internal.inspect(first, { ...ctx.options, customInspect: false, depth: -1 })}>`;
}

function stringTag(ctx, value) {
  let tag;
  try {
    tag = value[toStringTag];
  } catch {
    return "";
  }
  if (typeof tag !== "string" || tag === "") return "";
  const shown = ctx.showHidden ? hasOwn(value, toStringTag) : apply(propertyIsEnumerable, value, [toStringTag]);
  return shown ? "" : tag;
}

// "Map(2) ", "Foo [Tag] ", "[Object: null prototype] ": always with a space at the end.
function prefix(name, tag, fallback, size = "") {
  if (name === null) {
    return tag !== "" && fallback !== tag ? `[${fallback}${size}: null prototype] [${tag}] ` : `[${fallback}${size}: null prototype] `;
  }
  return tag !== "" && name !== tag ? `${name}${size} [${tag}] ` : `${name}${size} `;
}

const asyncPrototype = getPrototypeOf(async function () {});
const generatorPrototype = getPrototypeOf(function* () {});
const asyncGeneratorPrototype = getPrototypeOf(async function* () {});

function functionKind(value) {
  const prototype = getPrototypeOf(value);
  if (prototype === asyncPrototype) return "AsyncFunction";
  if (prototype === generatorPrototype) return "GeneratorFunction";
  if (prototype === asyncGeneratorPrototype) return "AsyncGeneratorFunction";
  return "Function";
}

// A class's text begins with the word; a parenthesis before its body would make it a method called `class`.
function isClass(value) {
  if (interfaces.has(value)) return true;
  const text = attempt(() => apply(functionToString, value, []), "");
  if (!text.startsWith("class") || !text.endsWith("}")) return false;
  const body = text.indexOf("{");
  return !text.slice(5, body).includes("(") || /^class(?:\s|\{)/.test(text);
}

function functionHeading(value, name, tag) {
  const own = attempt(() => value.name, "");
  const title = typeof own === "string" ? own : "";
  if (isClass(value)) return classHeading(value, name, tag, title);
  const kind = functionKind(value);
  let heading = `[${kind}`;
  if (name === null) heading += " (null prototype)";
  heading += title === "" ? " (anonymous)]" : `: ${title}]`;
  if (name !== null && name !== kind && name !== "Function") heading += ` ${name}`;
  if (tag !== "" && name !== tag) heading += ` [${tag}]`;
  return heading;
}

function classHeading(value, name, tag, title) {
  let heading = `class ${hasOwn(value, "name") && title !== "" ? title : "(anonymous)"}`;
  if (name !== "Function" && name !== null) heading += ` [${name}]`;
  if (tag !== "" && name !== tag) heading += ` [${tag}]`;
  if (name === null) return `[${heading} extends null]`;
  const parent = attempt(() => getPrototypeOf(value).name, "");
  return typeof parent === "string" && parent !== "" ? `[${heading} extends ${parent}]` : `[${heading}]`;
}

function isErrorLike(value) {
  return isErrorValue(value) || attempt(() => apply(hasInstance, Error, [value]), false);
}

function text(read, fallback) {
  return attempt(() => {
    const value = read();
    return value === undefined || value === null ? fallback : `${value}`;
  }, fallback);
}

// "Name: message" and the frames. Some engines' stacks hold frames only, so the heading is added where it is missing.
function errorText(error) {
  const name = text(() => error.name, "Error");
  const message = text(() => error.message, "");
  const heading = name === "" ? message : message === "" ? name : `${name}: ${message}`;
  const stack = text(() => error.stack, "").trimEnd();
  if (stack === "") return { name, message, text: heading, frames: "" };
  if (/^\s*at /.test(stack)) return { name, message, text: heading, frames: `\n${stack}` };
  const at = stack.search(/\n[ \t]+at /);
  if (at === -1) return { name, message, text: stack, frames: "" };
  return { name, message, text: stack.slice(0, at), frames: stack.slice(at) };
}

// Makes the first line name the class: `class HttpError extends Error` shows as HttpError although its `name` is Error.
function errorHeading(heading, errorName, name, tag) {
  if (name === null) {
    const word = /^([A-Z][a-z_ A-Z0-9[\]()-]+)(?::|$)/.exec(heading)?.[1] ?? "";
    const wanted = prefix(null, tag, word || "Error").slice(0, -1);
    return `${wanted}${heading.slice(word.length)}`;
  }
  const named = errorName.endsWith("Error") && heading.startsWith(errorName)
    && (heading.length === errorName.length || heading[errorName.length] === ":" || heading[errorName.length] === "\n");
  if (!named) return heading;
  const wanted = prefix(name, tag, "Error").slice(0, -1);
  if (errorName === wanted) return heading;
  const rest = heading.slice(errorName.length);
  return wanted.includes(errorName) ? `${wanted}${rest}` : `${wanted} [${errorName}]${rest}`;
}

internal.inspectName = { attempt, constructorName, stringTag, prefix, functionHeading, isErrorLike, errorText, errorHeading };
