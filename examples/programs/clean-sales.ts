#!/usr/bin/env node
/**
 * Cleans a messy sales export: normalises dates, names, prices and countries, drops duplicates and
 * invalid rows, and writes a clean CSV, a JSON summary and a list of what was rejected.
 *
 * Usage: clean-sales.ts --input data/sales.csv --out output/
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { parseArgs } from "node:util";

interface RawRow {
  [column: string]: string;
}

interface Sale {
  orderId: number;
  date: string;
  customer: string;
  product: string;
  quantity: number;
  unitPrice: number;
  total: number;
  country: string;
}

interface Rejection {
  line: number;
  reason: string;
  row: RawRow;
}

class ValidationError extends Error {
  constructor(
    public readonly field: string,
    message: string,
  ) {
    super(`${field}: ${message}`);
    this.name = "ValidationError";
  }
}

function parseCsv(text: string): { header: string[]; rows: Array<{ line: number; cells: string[] }> } {
  const rows: Array<{ line: number; cells: string[] }> = [];
  let cells: string[] = [];
  let cell = "";
  let quoted = false;
  let line = 1;
  let startLine = 1;

  const endCell = () => {
    cells.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    if (cells.length > 1 || cells[0] !== "") rows.push({ line: startLine, cells });
    cells = [];
    startLine = line;
  };

  for (let i = 0; i < text.length; i++) {
    const ch = text[i];
    if (ch === "\n") line++;
    if (quoted) {
      if (ch === '"' && text[i + 1] === '"') {
        cell += '"';
        i++;
      } else if (ch === '"') {
        quoted = false;
      } else {
        cell += ch;
      }
    } else if (ch === '"') {
      quoted = true;
    } else if (ch === ",") {
      endCell();
    } else if (ch === "\n") {
      endRow();
    } else if (ch !== "\r") {
      cell += ch;
    }
  }
  if (cell !== "" || cells.length > 0) endRow();

  const [first, ...rest] = rows;
  return { header: first.cells, rows: rest };
}

function parseDate(value: string): string {
  const patterns: Array<[RegExp, (m: RegExpMatchArray) => [number, number, number]]> = [
    [/^(\d{4})-(\d{2})-(\d{2})$/, (m) => [+m[1], +m[2], +m[3]]],
    [/^(\d{2})\/(\d{2})\/(\d{4})$/, (m) => [+m[3], +m[1], +m[2]]],
    [/^(?<d>\d{2})\.(?<m>\d{2})\.(?<y>\d{4})$/, (m) => [+m.groups!.y, +m.groups!.m, +m.groups!.d]],
  ];
  for (const [pattern, pick] of patterns) {
    const match = value.match(pattern);
    if (!match) continue;
    const [year, month, day] = pick(match);
    const date = new Date(Date.UTC(year, month - 1, day));
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
      throw new ValidationError("date", `no such day ${JSON.stringify(value)}`);
    }
    return date.toISOString().slice(0, 10);
  }
  throw new ValidationError("date", `cannot read ${JSON.stringify(value)}`);
}

function parsePrice(value: string): number {
  const cleaned = value.replace(/[$€£,\s]/g, "");
  const price = Number.parseFloat(cleaned);
  if (Number.isNaN(price)) throw new ValidationError("unit_price", `not a number ${JSON.stringify(value)}`);
  return price;
}

function titleCase(name: string): string {
  return name
    .trim()
    .replace(/\s+/gu, " ")
    .replace(/(?<=^|[\s'-])\p{Ll}/gu, (c) => c.toUpperCase())
    .normalize("NFC");
}

function customerName(value: string): string {
  const [last, first] = value.split(",").map((part) => part.trim());
  return titleCase(first ? `${first} ${last}` : value.replaceAll("\n", " "));
}

function toSale(row: RawRow): Sale {
  const quantity = row.quantity === "" ? 1 : Number(row.quantity);
  if (!Number.isInteger(quantity) || quantity <= 0) throw new ValidationError("quantity", `${row.quantity}`);
  const unitPrice = parsePrice(row.unit_price);
  return {
    orderId: Number(row.order_id),
    date: parseDate(row.date),
    customer: customerName(row.customer),
    product: row.product,
    quantity,
    unitPrice,
    total: Math.round(quantity * unitPrice * 100) / 100,
    country: row.country.toUpperCase(),
  };
}

const csvCell = (value: unknown): string => {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      input: { type: "string", short: "i" },
      out: { type: "string", short: "o", default: "output" },
      quiet: { type: "boolean", default: false },
    },
  });
  if (!values.input) {
    console.error("usage: clean-sales --input FILE [--out DIR]");
    process.exit(2);
  }

  const { header, rows } = parseCsv(await readFile(values.input, "utf8"));
  const seen = new Set<number>();
  const sales: Sale[] = [];
  const rejected: Rejection[] = [];

  for (const { line, cells } of rows) {
    const row: RawRow = Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ""]));
    try {
      const sale = toSale(row);
      if (seen.has(sale.orderId)) throw new ValidationError("order_id", "duplicate");
      seen.add(sale.orderId);
      sales.push(sale);
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      rejected.push({ line, reason: error.message, row });
    }
  }

  sales.sort((a, b) => a.date.localeCompare(b.date) || a.orderId - b.orderId);
  const byProduct = Object.groupBy
    ? Object.groupBy(sales, (s) => s.product)
    : sales.reduce<Record<string, Sale[]>>((acc, s) => ((acc[s.product] ??= []).push(s), acc), {});
  const summary = {
    rows: rows.length,
    kept: sales.length,
    revenue: Number(sales.reduce((sum, s) => sum + s.total, 0).toFixed(2)),
    products: Object.entries(byProduct)
      .map(([product, list]) => ({ product, sold: list!.reduce((n, s) => n + s.quantity, 0) }))
      .sort((a, b) => b.sold - a.sold),
    rejected: rejected.map(({ line, reason }) => ({ line, reason })),
  };

  const outDir = path.resolve(values.out!);
  await mkdir(outDir, { recursive: true });
  const columns = Object.keys(sales[0]) as Array<keyof Sale>;
  const csv = [columns.join(","), ...sales.map((s) => columns.map((c) => csvCell(s[c])).join(","))].join("\n");
  await Promise.all([
    writeFile(path.join(outDir, "clean.csv"), csv + "\n"),
    writeFile(path.join(outDir, "summary.json"), JSON.stringify(summary, null, 2)),
  ]);

  if (!values.quiet) {
    console.table(sales, ["date", "customer", "product", "total"]);
    console.log(`kept ${summary.kept} of ${summary.rows} rows, revenue ${summary.revenue.toFixed(2)}`);
    console.log(summary);
    for (const r of rejected) console.log(`  line ${String(r.line).padStart(3)}: ${r.reason}`);
    console.log(await readFile(path.join(outDir, "clean.csv"), "utf8"));
  }
}

main().catch((error) => {
  console.error("failed:", error);
  process.exitCode = 1;
});
