// What an agent might write: read a CSV, check it with an npm package, write a summary. It gets what it was granted and
// nothing else: the last lines try something that nobody granted, and are refused.
import { args, open, readTextFile, stdout } from "b8g";
import { z } from "zod";

const Sale = z.object({
  region: z.string().min(1),
  product: z.string().min(1),
  units: z.coerce.number().int().positive(),
  price: z.coerce.number().positive(),
});
type Sale = z.infer<typeof Sale>;

function parse(csv: string): { sales: Sale[]; rejected: string[] } {
  const [head, ...lines] = csv.trim().split("\n");
  const names = head.split(",");
  const sales: Sale[] = [];
  const rejected: string[] = [];
  for (const [index, line] of lines.entries()) {
    const row = Object.fromEntries(line.split(",").map((value, i) => [names[i], value]));
    const checked = Sale.safeParse(row);
    if (checked.success) sales.push(checked.data);
    else rejected.push(`line ${index + 2}: ${checked.error.issues[0].path.join(".")}: ${checked.error.issues[0].message}`);
  }
  return { sales, rejected };
}

const input = args[0] ?? "examples/agent/data/sales.csv";
const output = args[1] ?? "examples/agent/out/summary.json";

const { sales, rejected } = parse(await readTextFile(input));
const totals = new Map<string, number>();
for (const { region, units, price } of sales) totals.set(region, (totals.get(region) ?? 0) + units * price);

const summary = { rows: sales.length, rejected, totals: Object.fromEntries([...totals].sort()) };
const file = await open(output, { write: true, create: true, truncate: true });
await file.write(JSON.stringify(summary, null, 2) + "\n");
file.close();
console.log(`${sales.length} rows, ${rejected.length} rejected; wrote ${output}`);
console.log(summary.totals);

try {
  await readTextFile("/etc/passwd");
  await stdout.write("this must never be printed\n");
} catch (error) {
  console.log(`${(error as Error).name}: ${(error as Error).message}`);
}
