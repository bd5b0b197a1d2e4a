// MIME types as the standard reads and writes them. Start at `parse`.
// A record: {essence, parameters}; the parameters are a flat list of names and values. Invariant: what `serialize` gives is
// parsed to the same record.

const { lower, cut, matches, codeAt } = internal.pairs;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const QUOTABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

const isSpace = (code) => code === 0x20 || code === 9 || code === 10 || code === 13;

// Without white space at its ends, or only at its end.
function trimmed(text, both) {
  let from = 0;
  let to = text.length;
  while (both && from < to && isSpace(codeAt(text, from))) from++;
  while (to > from && isSpace(codeAt(text, to - 1))) to--;
  return cut(text, from, to);
}

// Where one of two characters stands, or the end.
function find(text, from, first, second) {
  let at = from;
  while (at < text.length && text[at] !== first && text[at] !== second) at++;
  return at;
}

// What stands in quotes from `from` on, and where it ends.
function quoted(text, from) {
  let value = "";
  let at = from + 1;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === "\\" && at + 1 < text.length) at++;
    value += text[at];
  }
  return { value, end: at + 1 };
}

function parameter(list, name) {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1];
  return undefined;
}

function setParameter(list, name, value) {
  const length = list.length;
  list[length] = name;
  list[length + 1] = value;
}

// A record, or null for what is no MIME type.
function parse(input) {
  const text = trimmed(input, true);
  const slash = find(text, 0, "/", "/");
  const end = find(text, slash, ";", ";");
  const type = cut(text, 0, slash);
  const subtype = trimmed(cut(text, slash + 1, end), false);
  if (matches(TOKEN, type) === null || matches(TOKEN, subtype) === null) return null;
  const parameters = [];
  for (let at = end; at < text.length;) {
    let from = at + 1;
    while (from < text.length && isSpace(codeAt(text, from))) from++;
    at = find(text, from, ";", "=");
    const name = lower(cut(text, from, at));
    if (text[at] !== "=") continue;
    let value;
    if (text[at + 1] === '"') {
      const inside = quoted(text, at + 1);
      value = inside.value;
      at = find(text, inside.end, ";", ";");
    } else {
      const start = at + 1;
      at = find(text, start, ";", ";");
      value = trimmed(cut(text, start, at), false);
      if (value === "") continue;
    }
    const fits = matches(TOKEN, name) !== null && matches(QUOTABLE, value) !== null;
    if (fits && parameter(parameters, name) === undefined) setParameter(parameters, name, value);
  }
  return { essence: `${lower(type)}/${lower(subtype)}`, parameters };
}

function serialize({ essence, parameters }) {
  let out = essence;
  for (let i = 0; i < parameters.length; i += 2) {
    const value = parameters[i + 1];
    out += `;${parameters[i]}=`;
    if (matches(TOKEN, value) !== null) {
      out += value;
      continue;
    }
    out += '"';
    for (let k = 0; k < value.length; k++) out += value[k] === '"' || value[k] === "\\" ? `\\${value[k]}` : value[k];
    out += '"';
  }
  return out;
}

// Cuts the value of a field at the commas that stand in no quotes.
function values(text) {
  const parts = [];
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === '"') at = quoted(text, at).end - 1;
    if (at >= text.length || text[at] === ",") {
      parts[parts.length] = cut(text, from, at);
      from = at + 1;
    }
  }
  return parts;
}

// The type that the field content-type means: its last value that is one, with the charset that an earlier one of the same type had.
function extract(field) {
  let found = null;
  let charset;
  const parts = field === null ? [] : values(field);
  for (let i = 0; i < parts.length; i++) {
    const type = parse(parts[i]);
    if (type === null || type.essence === "*/*") continue;
    const own = parameter(type.parameters, "charset");
    if (found === null || found.essence !== type.essence) charset = own;
    else if (own === undefined && charset !== undefined) setParameter(type.parameters, "charset", charset);
    found = type;
  }
  return found;
}

internal.mime = { parse, serialize, extract };
