// console.table: rows and columns of a collection, boxed. Start at `tableText`.

const { inspect } = internal;
const { kindOf } = internal.classify;
const { width } = internal.inspectText;
const { hasOwn, keys: objectKeys } = Object;
const ROWS_MAX = 10000;
const COLUMNS_MAX = 200;

function isCompound(value) {
  return value !== null && (typeof value === "object" || typeof value === "function");
}

// A cell shows a small value and only the name of a bigger one.
function cell(value) {
  const big = value !== null && typeof value === "object" && !Array.isArray(value) && objectKeys(value).length > 2;
  return inspect(value, { depth: big ? -1 : 0, maxArrayLength: 3, breakLength: Infinity });
}

// [key shown in the index column, value] of every row, and what that column is called.
function rowsOf(data) {
  const kind = kindOf(data);
  if (kind === "Map") {
    const rows = [...data].slice(0, ROWS_MAX);
    return { index: "(iteration index)", keys: rows.map(([key]) => cell(key)), values: rows.map(([, value]) => value) };
  }
  if (kind === "Set") return { index: "(iteration index)", keys: null, values: [...data].slice(0, ROWS_MAX) };
  const names = objectKeys(data).slice(0, ROWS_MAX);
  return { index: "(index)", names, values: names.map((name) => data[name]) };
}

function tableText(data, properties) {
  if (!isCompound(data)) return undefined;
  if (properties !== undefined && !Array.isArray(properties)) throw new TypeError("console.table: properties must be an array");
  const { index, keys, names, values } = rowsOf(data);
  const heads = [index];
  const table = [names ?? values.map((_, i) => `${i}`)];
  if (names === undefined) {
    // Maps and sets show their entries whole, one a row.
    if (keys !== null) {
      heads.push("Key");
      table.push(keys);
    }
    heads.push("Values");
    table.push(values.map(cell));
    return draw(heads, table);
  }
  const { columns, primitives } = columnsOf(values, properties);
  for (const [key, column] of columns) {
    heads.push(key);
    table.push(column);
  }
  if (primitives !== null) {
    heads.push("Values");
    table.push(primitives);
  }
  return draw(heads, table);
}

function columnsOf(values, properties) {
  const columns = new Map();
  let primitives = null;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    const compound = isCompound(value);
    if (!compound) (primitives ??= [])[row] = cell(value);
    for (const key of properties ?? (compound ? objectKeys(value) : [])) {
      const name = `${key}`;
      if (!columns.has(name)) {
        if (columns.size >= COLUMNS_MAX) break;
        columns.set(name, []);
      }
      columns.get(name)[row] = compound && hasOwn(value, key) ? cell(value[key]) : "";
    }
  }
  return { columns, primitives };
}

function draw(heads, table) {
  const rows = table.reduce((most, column) => Math.max(most, column.length), 0);
  const widths = heads.map((head, i) => {
    let most = width(head);
    for (let row = 0; row < rows; row++) most = Math.max(most, width(table[i][row] ?? ""));
    return most + 2;
  });
  const bars = widths.map((cells) => "─".repeat(cells));
  const line = (cells) => `│${cells.map((text, i) => ` ${text}${" ".repeat(widths[i] - width(text) - 1)}`).join("│")}│`;
  const lines = [`┌${bars.join("┬")}┐`, line(heads), `├${bars.join("┼")}┤`];
  for (let row = 0; row < rows; row++) lines.push(line(table.map((column) => column[row] ?? "")));
  lines.push(`└${bars.join("┴")}┘`);
  return lines.join("\n");
}

internal.tableText = tableText;
