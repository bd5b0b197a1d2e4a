// A table that takes a while, then a checkpoint: what goes on from there has the table already.
import { checkpoint } from "b8g";

const steps = new Uint16Array(1_000_000);
for (let n = 2; n < steps.length; n++) {
  let [m, count] = [n, 0];
  for (; m >= n; count++) m = m % 2 === 0 ? m / 2 : 3 * m + 1;
  steps[n] = count + steps[m];
}

const { restored, copy } = await checkpoint();

const n = Math.floor(Math.random() * steps.length);
console.log(`${restored ? `copy ${copy}` : "the first"}: from ${n} it takes ${steps[n]} steps to 1`);
