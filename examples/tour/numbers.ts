// Writes the numbers from 1 on, a line each.
import { args } from "b8g";

for (let n = 1; n <= Number(args[0]); n++) console.log(n);
