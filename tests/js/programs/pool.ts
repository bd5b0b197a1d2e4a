// Concurrency without threads: a bounded pool, retries with backoff, a rate limiter, a mutex, cancellation and a context per job.
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter, on, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

type Job<T> = (signal: AbortSignal) => Promise<T>;

enum State {
  Waiting = "waiting",
  Running = "running",
  Done = "done",
  Failed = "failed",
}

interface PoolEvents {
  state: [id: number, state: State];
  idle: [];
}

const context = new AsyncLocalStorage<{ id: number; log: string[] }>();
const log = (text: string) => context.getStore()?.log.push(text);

class Pool extends EventEmitter<PoolEvents> {
  private readonly queue: Array<() => void> = [];
  private running = 0;
  private next = 0;
  peak = 0;

  constructor(private readonly size: number) {
    super();
    if (size < 1) throw new RangeError("a pool needs room");
  }

  async run<T>(job: Job<T>, { signal = new AbortController().signal, timeout = 1000 } = {}): Promise<T> {
    const id = this.next++;
    this.emit("state", id, State.Waiting);
    if (this.running >= this.size) await new Promise<void>((resolve) => this.queue.push(resolve));
    signal.throwIfAborted();
    this.running++;
    this.peak = Math.max(this.peak, this.running);
    this.emit("state", id, State.Running);
    try {
      const result = await context.run({ id, log: [] }, async () => {
        const both = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
        const value = await job(both);
        log(`value ${value}`);
        return value;
      });
      this.emit("state", id, State.Done);
      return result;
    } catch (error) {
      this.emit("state", id, State.Failed);
      throw error;
    } finally {
      this.running--;
      this.queue.shift()?.();
      if (this.running === 0) queueMicrotask(() => this.running === 0 && this.emit("idle"));
    }
  }
}

async function retry<T>(attempts: number, fn: (attempt: number) => Promise<T>, base = 2): Promise<T> {
  const errors: unknown[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      return await fn(attempt);
    } catch (error) {
      errors.push(error);
      if (attempt < attempts) await sleep(base * 2 ** attempt);
    }
  }
  throw new AggregateError(errors, `gave up after ${attempts} attempts`, { cause: errors.at(-1) });
}

class Mutex {
  #tail: Promise<unknown> = Promise.resolve();
  lock<T>(section: () => Promise<T> | T): Promise<T> {
    const result = this.#tail.then(section);
    this.#tail = result.catch(() => {});
    return result;
  }
}

async function* interleave<T>(...sources: AsyncIterable<T>[]): AsyncGenerator<T> {
  const iterators = sources.map((s) => s[Symbol.asyncIterator]());
  const pending = new Map(iterators.map((it, i) => [i, it.next().then((r) => ({ i, r }))]));
  while (pending.size > 0) {
    const { i, r } = await Promise.race(pending.values());
    if (r.done) pending.delete(i);
    else {
      pending.set(i, iterators[i].next().then((r) => ({ i, r })));
      yield r.value;
    }
  }
}

async function* ticker(name: string, every: number, n: number) {
  for (let i = 1; i <= n; i++) {
    await sleep(every);
    yield `${name}${i}`;
  }
}

const pool = new Pool(3);
const states: Record<string, number> = {};
pool.on("state", (_id, state) => (states[state] = (states[state] ?? 0) + 1));
const idle = once(pool, "idle");

const jobs = Array.from({ length: 8 }, (_, i) =>
  pool.run(async (signal) => {
    log(`start ${i}`);
    await sleep(5 * (8 - i), undefined, { signal });
    if (i === 3) throw new TypeError(`job ${i} is broken`);
    return `${i}:${context.getStore()!.id}:${context.getStore()!.log.join()}`;
  }),
);
const settled = await Promise.allSettled(jobs);
await idle;
console.log(settled.map((s) => (s.status === "fulfilled" ? s.value : String(s.reason))));
console.log({ peak: pool.peak, states, outside: context.getStore() });

console.log(await retry(4, async (attempt) => (attempt < 3 ? Promise.reject(new Error(`no ${attempt}`)) : `yes ${attempt}`)));
try {
  await retry(2, (n) => Promise.reject(new Error(`never ${n}`)));
} catch (error) {
  const e = error as AggregateError;
  console.log(e.name, e.message, e.errors.map((x) => x.message), (e.cause as Error).message);
}

const controller = new AbortController();
const aborted = pool.run((signal) => sleep(60_000, "late", { signal }), { signal: controller.signal });
setTimeout(() => controller.abort(new Error("enough")), 5);
console.log(await aborted.catch((error: Error & { code?: string }) => [error.name, error.code, (error.cause as Error)?.message]));
const timedOut = await pool.run((signal) => sleep(2000, "late", { signal }), { timeout: 5 }).catch((e) => e);
console.log(timedOut.name, timedOut.cause instanceof DOMException, timedOut.cause.message);

const mutex = new Mutex();
let balance = 0;
await Promise.all(Array.from({ length: 10 }, (_, i) => mutex.lock(async () => {
  const before = balance;
  await sleep(i % 3);
  balance = before + 1;
})));
console.log({ balance });

const seen: string[] = [];
for await (const name of interleave(ticker("a", 20, 2), ticker("b", 33, 1))) seen.push(name);
console.log(seen);

const emitter = new EventEmitter();
setImmediate(() => [1, 2, 3].forEach((n) => emitter.emit("n", n)));
for await (const [n] of on(emitter, "n")) {
  process.stdout.write(`${n} `);
  if (n === 3) break;
}
process.nextTick(() => console.log("tick"));
Promise.resolve().then(() => console.log("micro"));
setTimeout(() => console.log("timeout"), 0);
console.log("\nlast line");
