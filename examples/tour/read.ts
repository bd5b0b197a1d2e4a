import { readTextFile } from "b8g";
try {
  const text: string = await readTextFile("examples/tour/notes.txt");
  console.log(`${text.trimEnd().split("\n").length} lines`);
} catch (error) {
  console.log((error as Error).message);
}
