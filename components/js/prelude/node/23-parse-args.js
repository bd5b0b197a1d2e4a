// util.parseArgs: the arguments of a command line as options and positionals. Start at `parseArgs`.

const { ArrayPrototypePush, ArrayPrototypeSlice, ObjectKeys, ObjectPrototypeHasOwnProperty, StringPrototypeIndexOf, StringPrototypeSlice, ArrayIsArray } =
  internal.primordials;
const { checkArgument: check, invalidType, invalidValue, nodeError, util } = internal;
const TERMINATOR = "--";

function findByShort(options, short) {
  const names = ObjectKeys(options);
  for (let i = 0; i < names.length; i++) if (options[names[i]].short === short) return names[i];
  return short;
}

const typeOf = (options, name) => (ObjectPrototypeHasOwnProperty(options, name) ? options[name].type : undefined);

// Cuts the arguments into tokens, without judging them.
function tokenize(args, options) {
  const tokens = [];
  let grouped = 0; // how many parts of a group of short options are still to come
  let first = false;
  const queue = ArrayPrototypeSlice(args);
  let index = -1;
  for (let at = 0; at < queue.length; at++) {
    const arg = queue[at];
    const next = queue[at + 1];
    if (grouped === 0 || first) index++;
    first = false;
    if (grouped > 0) grouped--;
    if (arg === TERMINATOR) {
      ArrayPrototypePush(tokens, { kind: "option-terminator", index });
      for (let i = at + 1; i < queue.length; i++) ArrayPrototypePush(tokens, { kind: "positional", index: ++index, value: queue[i] });
      return tokens;
    }
    if (arg.length === 2 && arg[0] === "-" && arg[1] !== "-") {
      const name = findByShort(options, arg[1]);
      const takes = typeOf(options, name) === "string" && next !== undefined;
      ArrayPrototypePush(tokens, { kind: "option", name, rawName: arg, index, value: takes ? next : undefined, inlineValue: takes ? false : undefined });
      if (takes) {
        at++;
        index++;
      }
      continue;
    }
    if (arg.length > 2 && arg[0] === "-" && arg[1] !== "-") {
      // -abc is -a -b -c as long as the options before the last take no value, or -f with its value behind it.
      const leading = findByShort(options, arg[1]);
      if (typeOf(options, leading) === "string") {
        ArrayPrototypePush(tokens, { kind: "option", name: leading, rawName: `-${arg[1]}`, index, value: StringPrototypeSlice(arg, 2), inlineValue: true });
        continue;
      }
      const parts = [];
      for (let i = 1; i < arg.length; i++) {
        const name = findByShort(options, arg[i]);
        if (typeOf(options, name) !== "string" || i === arg.length - 1) {
          ArrayPrototypePush(parts, `-${arg[i]}`);
        } else {
          ArrayPrototypePush(parts, `-${StringPrototypeSlice(arg, i)}`);
          break;
        }
      }
      // The parts come in its place, and share its index.
      for (let i = queue.length - 1; i > at; i--) queue[i + parts.length - 1] = queue[i];
      for (let i = 0; i < parts.length; i++) queue[at + i] = parts[i];
      grouped = parts.length;
      index--;
      at--;
      first = true;
      continue;
    }
    if (arg.length > 2 && arg[0] === "-" && arg[1] === "-") {
      const equals = StringPrototypeIndexOf(arg, "=");
      if (equals > 2) {
        ArrayPrototypePush(tokens, {
          kind: "option", name: StringPrototypeSlice(arg, 2, equals), rawName: StringPrototypeSlice(arg, 0, equals), index,
          value: StringPrototypeSlice(arg, equals + 1), inlineValue: true,
        });
        continue;
      }
      const name = StringPrototypeSlice(arg, 2);
      const takes = typeOf(options, name) === "string" && next !== undefined;
      ArrayPrototypePush(tokens, { kind: "option", name, rawName: arg, index, value: takes ? next : undefined, inlineValue: takes ? false : undefined });
      if (takes) {
        at++;
        index++;
      }
      continue;
    }
    ArrayPrototypePush(tokens, { kind: "positional", index, value: arg });
  }
  return tokens;
}

const code = (name, message) => nodeError(TypeError, name, message);

function checkOption(token, options, allowPositionals) {
  const { name, value } = token;
  if (!ObjectPrototypeHasOwnProperty(options, name)) {
    const hint = allowPositionals ? `. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- "${token.rawName}"` : "";
    throw code("ERR_PARSE_ARGS_UNKNOWN_OPTION", `Unknown option '${token.rawName}'${hint}`);
  }
  const { short, type } = options[name];
  const both = `${short ? `-${short}, ` : ""}--${name}`;
  if (type === "string" && typeof value !== "string") {
    throw code("ERR_PARSE_ARGS_INVALID_OPTION_VALUE", `Option '${both} <value>' argument missing`);
  }
  if (type === "boolean" && value !== undefined && value !== null) {
    throw code("ERR_PARSE_ARGS_INVALID_OPTION_VALUE", `Option '${both}' does not take an argument`);
  }
}

function checkConfig(options) {
  const names = ObjectKeys(options);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    const option = options[name];
    check.object(option, `options.${name}`);
    if (option.type !== "string" && option.type !== "boolean") throw invalidType(`options.${name}.type`, "('string|boolean')", option.type);
    if (ObjectPrototypeHasOwnProperty(option, "short")) {
      check.string(option.short, `options.${name}.short`);
      if (option.short.length !== 1) throw invalidValue(`options.${name}.short`, option.short, "must be a single character");
    }
    if (ObjectPrototypeHasOwnProperty(option, "multiple")) check.boolean(option.multiple, `options.${name}.multiple`);
    const value = option.default;
    if (value === undefined) continue;
    const each = option.type === "string" ? check.string : check.boolean;
    if (!option.multiple) each(value, `options.${name}.default`);
    else if (!ArrayIsArray(value)) throw invalidType(`options.${name}.default`, "an instance of Array", value);
    else for (let i = 0; i < value.length; i++) each(value[i], `options.${name}.default[${i}]`);
  }
}

function parseArgs(config = {}) {
  const args = config.args === undefined ? ArrayPrototypeSlice(internal.process.argv, 2) : config.args;
  const { strict = true, allowPositionals = !(config.strict ?? true), tokens: wantTokens = false, options = {} } = config;
  check.array(args, "args");
  check.boolean(strict, "strict");
  check.boolean(allowPositionals, "allowPositionals");
  check.boolean(wantTokens, "tokens");
  check.object(options, "options");
  checkConfig(options);
  const tokens = tokenize(args, options);
  const result = { values: { __proto__: null }, positionals: [] };
  if (wantTokens) result.tokens = tokens;
  const store = (name, value) => {
    if (name === "__proto__") return;
    const kept = value ?? true;
    if (options[name]?.multiple) ArrayPrototypePush(result.values[name] ??= [], kept);
    else result.values[name] = kept;
  };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token.kind === "option") {
      if (strict) checkOption(token, options, allowPositionals);
      store(token.name, token.value);
    } else if (token.kind === "positional") {
      if (!allowPositionals) {
        throw code("ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL", `Unexpected argument '${token.value}'. This command does not take positional arguments`);
      }
      ArrayPrototypePush(result.positionals, token.value);
    }
  }
  const names = ObjectKeys(options);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (options[name].default !== undefined && result.values[name] === undefined) result.values[name] = options[name].default;
  }
  return result;
}
util.parseArgs = parseArgs;
