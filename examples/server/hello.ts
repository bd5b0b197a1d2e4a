// Answers requests of HTTP: `b8g serve-http examples/server/hello.ts`, then ask for http://127.0.0.1:8080/hello/you.
// This runs once, when the server starts; each request goes on from here, in a context of its own.
const greeting = "hello";
let asked = 0;

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, what, name = "world"] = pathname.split("/");
    if (what === "hello") return new Response(`${greeting}, ${decodeURIComponent(name)}! Requests here: ${++asked}\n`);
    if (what === "sum" && request.method === "POST") {
      const numbers: number[] = await request.json();
      return Response.json({ sum: numbers.reduce((sum, n) => sum + n, 0) });
    }
    return new Response("ask for /hello/NAME, or post a list of numbers to /sum\n", { status: 404 });
  },
};
