// What the top level makes is there in every run of the image: here a table that takes a while.
const LIMIT = 2_000_000;
const composite = new Uint8Array(LIMIT);
const primes: number[] = [];
for (let n = 2; n < LIMIT; n++) {
  if (composite[n]) continue;
  primes.push(n);
  for (let multiple = n * n; multiple < LIMIT; multiple += n) composite[multiple] = 1;
}

export function main(args: string[]) {
  const nth = Number(args[0] ?? 1);
  console.log(`prime number ${nth} is ${primes[nth - 1]}`);
}
