globalThis.work = () => {
  const size = 1_000_000;
  const composite = new Uint8Array(size + 1);
  let count = 0;
  for (let i = 2; i <= size; i++) {
    if (composite[i]) continue;
    count++;
    for (let j = i * 2; j <= size; j += i) composite[j] = 1;
  }
  return count;
};
