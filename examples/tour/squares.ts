// Reads numbers and writes those of their squares that end in 1, through two stages, one of which is a component of its own.
import { filter, flow, lines, map, stdin } from "b8g";

await flow(stdin)
  .pipe(lines())
  .pipe(map("export default (line: string) => Number(line) ** 2"))
  .pipe(filter((square) => square % 10 === 1))
  .to((square) => console.log(square));
