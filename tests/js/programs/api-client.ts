// A typed client for a paginated JSON API: authentication, retries, timeouts, uploads, downloads, caching by ETag.
import { readFile } from "node:fs/promises";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

interface Item {
  id: number;
  name: string;
  price: number;
  tags: string[];
}

interface Page<T> {
  items: T[];
  next: string | null;
}

class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
    options?: ErrorOptions,
  ) {
    super(`HTTP ${status}: ${body}`, options);
    this.name = new.target.name;
  }
  get retryable(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

interface Options {
  base: string;
  user: string;
  password: string;
  retries?: number;
}

class ApiClient {
  private token?: string;
  private readonly etags = new Map<string, { etag: string; value: unknown }>();
  readonly stats = { requests: 0, retries: 0, cached: 0 };

  constructor(private readonly options: Options) {}

  private async request<T>(path: string, init: RequestInit = {}): Promise<T> {
    const url = new URL(path, this.options.base);
    const headers = new Headers(init.headers);
    headers.set("accept", "application/json");
    if (this.token) headers.set("authorization", `Bearer ${this.token}`);
    const method = init.method ?? "GET";
    const known = method === "GET" ? this.etags.get(url.href) : undefined;
    if (known) headers.set("if-none-match", known.etag);

    for (let attempt = 0; ; attempt++) {
      this.stats.requests++;
      const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(5000) });
      if (response.status === 304 && known) {
        this.stats.cached++;
        return known.value as T;
      }
      if (response.ok) {
        if (response.status === 204) return undefined as T;
        const value = (await response.json()) as T;
        const etag = response.headers.get("etag");
        if (etag) this.etags.set(url.href, { etag, value });
        return value;
      }
      const error = new ApiError(response.status, await response.text());
      if (!error.retryable || attempt >= (this.options.retries ?? 3)) throw error;
      this.stats.retries++;
      const after = Number(response.headers.get("retry-after") ?? 0);
      await new Promise((resolve) => setTimeout(resolve, after * 1000 + 2 ** attempt));
    }
  }

  async login(): Promise<void> {
    const { user, password } = this.options;
    const basic = btoa(`${user}:${password}`);
    const { token } = await this.request<{ token: string }>("/login", { method: "POST", headers: { authorization: `Basic ${basic}` } });
    this.token = token;
  }

  async *items(query: Record<string, string> = {}): AsyncGenerator<Item, number> {
    let next: string | null = `/items?${new URLSearchParams(query)}`;
    let total = 0;
    while (next) {
      const page: Page<Item> = await this.request<Page<Item>>(next);
      total += page.items.length;
      yield* page.items;
      next = page.next;
    }
    return total;
  }

  create(item: Omit<Item, "id">): Promise<Item> {
    return this.request<Item>("/items", { method: "POST", body: JSON.stringify(item), headers: { "content-type": "application/json" } });
  }

  remove(id: number): Promise<void> {
    return this.request<void>(`/items/${id}`, { method: "DELETE" });
  }

  flaky(): Promise<Json> {
    return this.request<Json>(`/flaky?key=${crypto.randomUUID()}`);
  }

  async upload(name: string, data: Uint8Array | string): Promise<Json> {
    const form = new FormData();
    form.append("description", "a file from the client");
    form.append("file", new Blob([data], { type: "text/csv" }), name);
    return this.request<Json>("/upload", { method: "POST", body: form });
  }

  async events(limit: number): Promise<string[]> {
    const response = await fetch(new URL("/events", this.options.base));
    const lines: string[] = [];
    let buffer = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      buffer += chunk;
      const parts = buffer.split("\n\n");
      buffer = parts.pop()!;
      lines.push(...parts.map((part) => part.replace(/^data: /, "")));
      if (lines.length >= limit) break;
    }
    return lines.slice(0, limit);
  }
}

const base = process.env.API_URL ?? "http://localhost:3000";
const client = new ApiClient({ base, user: "alice", password: "pässword", retries: 3 });

try {
  await client.create({ name: "early", price: 1, tags: [] });
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  console.log(error.name, error.status, error.message, error.retryable);
}
await client.login().catch((error: Error) => console.log(error.name, error.message));
(client as unknown as { options: Options }).options.password = "password";
await client.login();

const items: Item[] = [];
for await (const item of client.items({ sort: "name asc", limit: "4" })) items.push(item);
console.table(items);
console.log(Object.fromEntries(Map.groupBy ? Map.groupBy(items, (i) => i.tags.length) : items.reduce((m, i) => m.set(i.tags.length, [...(m.get(i.tags.length) ?? []), i]), new Map<number, Item[]>())));
console.log(await client.create({ name: "Löffel", price: 2.5, tags: ["kitchen"] }));
console.log(await client.remove(3));
for await (const _ of client.items({ sort: "name asc", limit: "4" }));
console.log(await client.flaky());
console.log(await client.upload("sales.csv", await readFile(process.argv[2], "utf8")));
console.log(await client.events(3));

const results = await Promise.allSettled(["/slow", "/missing", "/redirect", "/text", "/gzip"].map(async (path) => {
  const response = await fetch(new URL(path, base), { signal: path === "/slow" ? AbortSignal.timeout(50) : undefined });
  return [response.status, response.redirected, new URL(response.url).pathname, response.headers.get("content-type"), (await response.text()).slice(0, 40)];
}));
for (const r of results) console.log(r.status, r.status === "fulfilled" ? r.value : `${r.reason.name}: ${r.reason.message}`);
await fetch("http://127.0.0.1:59999/").catch((error) => console.log(error.name, error.message, error.cause.code));
console.log(client.stats);
