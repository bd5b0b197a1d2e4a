// How the console writes strings and lays out lists: quoting, widths, columns, one line or many. Start at `layout`.
// Invariant: nothing here touches a guest's object; it works on strings that are already formatted.

const isIdentifier = /^[a-zA-Z_][a-zA-Z_0-9]*$/;
const needsEscape = /[\x00-\x1f'\\\x7f-\x9f\ud800-\udfff]/;
const controls = /[\x00-\x1f\\\x7f-\x9f]/g;
const loneSurrogates = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const NAMED = { __proto__: null, "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\" };

// Approximate height to width of a character cell: grouped arrays look square-ish.
const CELL_RATIO = 2.5;
const COLUMNS_MAX = 15;
// Lists this short are never put into columns.
const GROUP_MIN = 6;

function escapeControl(character) {
  return NAMED[character] ?? `\\x${(character.charCodeAt(0) + 0x100).toString(16).slice(1).toUpperCase()}`;
}

function escapeLone(unit) {
  return `\\u${unit.charCodeAt(0).toString(16)}`;
}

// A string literal in the quotes that need the least escaping.
function quote(string) {
  if (!needsEscape.test(string)) return `'${string}'`;
  let mark = "'";
  let body = string;
  if (string.includes("'")) {
    if (!string.includes('"')) mark = '"';
    else if (!string.includes("`") && !string.includes("${")) mark = "`";
  }
  body = body.replace(controls, escapeControl);
  if (mark === "'") body = body.replaceAll("'", "\\'");
  if (!body.isWellFormed()) body = body.replace(loneSurrogates, escapeLone);
  return `${mark}${body}${mark}`;
}

function keyName(key) {
  return key === "__proto__" ? "['__proto__']" : isIdentifier.test(key) ? key : quote(key);
}

// Without quotes, for what stands inside brackets.
function escapeBare(string) {
  return string.replace(controls, (character) => (character === "\\" ? character : escapeControl(character)));
}

const wide = /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const invisible = /[\p{Mn}\p{Me}\p{Cf}\x00-\x1f\x7f-\x9f]/u;

// Terminal cells that a string takes.
function width(string) {
  if (!/[^\x20-\x7e]/.test(string)) return string.length;
  let cells = 0;
  for (const character of string.normalize("NFC")) cells += wide.test(character) ? 2 : invisible.test(character) ? 0 : 1;
  return cells;
}

// Puts the items of a long array into aligned columns, to the right if `numeric`. What exceeds the array's limit ("... n more
// items") keeps a line of its own.
function columns(ctx, items, numeric) {
  const count = items.length > ctx.maxArrayLength ? items.length - 1 : items.length;
  const widths = [];
  let total = 0;
  let widest = 0;
  for (let i = 0; i < count; i++) {
    const cells = width(items[i]);
    widths[i] = cells;
    total += cells + 2;
    if (cells > widest) widest = cells;
  }
  const cell = widest + 2;
  const worthwhile = total / cell > 5 || widest <= 6;
  if (cell * 3 + ctx.indent >= ctx.breakLength || !worthwhile) return items;
  // Cells narrower than the widest one look emptier than they are, so the estimate is drawn towards more columns.
  const bias = Math.max(cell - 3 - Math.sqrt(cell - total / items.length), 1);
  const perLine = Math.min(
    Math.round(Math.sqrt(CELL_RATIO * bias * count) / bias),
    Math.floor((ctx.breakLength - ctx.indent) / cell),
    ctx.compact * 4,
    COLUMNS_MAX,
  );
  if (perLine <= 1) return items;
  return arrange(items, widths, count, perLine, numeric);
}

function arrange(items, widths, count, perLine, numeric) {
  const columnWidths = [];
  for (let column = 0; column < perLine; column++) {
    let most = 0;
    for (let i = column; i < count; i += perLine) if (widths[i] > most) most = widths[i];
    columnWidths[column] = most;
  }
  const lines = [];
  for (let first = 0; first < count; first += perLine) {
    const last = Math.min(first + perLine, count) - 1;
    let line = "";
    for (let i = first; i <= last; i++) {
      const padding = " ".repeat(columnWidths[i - first] - widths[i]);
      if (numeric) line += padding + items[i] + (i < last ? ", " : "");
      else line += i < last ? `${items[i]}, ${padding}` : items[i];
    }
    lines.push(line);
  }
  if (count < items.length) lines.push(items[count]);
  return lines;
}

function fitsOneLine(ctx, items, start, base) {
  let total = items.length + start;
  if (total + items.length > ctx.breakLength) return false;
  for (let i = 0; i < items.length; i++) {
    total += items[i].length;
    if (total > ctx.breakLength) return false;
  }
  return base === "" || !base.includes("\n");
}

// Joins formatted items between braces. `levels` is how many levels of nesting the items hold: only the innermost
// `ctx.compact` levels may share a line. `list` is "numeric" or "mixed" for an array, or null.
function layout(ctx, items, base, open, close, levels, list) {
  const lead = base === "" ? "" : `${base} `;
  if (ctx.compact >= 1) {
    const lines = list !== null && items.length > GROUP_MIN ? columns(ctx, items, list === "numeric") : items;
    if (levels < ctx.compact && lines === items) {
      const start = items.length + ctx.indent + open.length + base.length + 10;
      if (fitsOneLine(ctx, items, start, base)) {
        const joined = items.join(", ");
        if (!joined.includes("\n")) return `${lead}${open} ${joined} ${close}`;
      }
    }
    items = lines;
  }
  const indentation = `\n${" ".repeat(ctx.indent)}`;
  return `${lead}${open}${indentation}  ${items.join(`,${indentation}  `)}${indentation}${close}`;
}

internal.inspectText = { quote, keyName, escapeBare, width, layout };
