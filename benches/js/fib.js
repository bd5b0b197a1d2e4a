function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
globalThis.work = () => fib(27);
