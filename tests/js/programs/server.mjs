// The server that the programs with a network speak to; export default { fetch } is served by `b8g serve-http --keep-alive`.
const NAMES = ["anvil", "bolt", "cog", "drill", "ember", "flask", "gear", "hinge", "ingot"];
const items = NAMES.map((name, i) => ({ id: i + 1, name, price: Math.round(((i * 37) % 50) * 10 + 99) / 100, tags: NAMES.slice(0, i % 3) }));
const tries = new Map();
const html = (title, ...links) => new Response(`<title>${title}</title>${links.map((l) => `<a class=x href="${l}">${l}</a>`).join("\n")}`, { headers: { "content-type": "text/html; charset=utf-8" } });
const gzip = (text) => new Response(text).body.pipeThrough(new CompressionStream("gzip"));

async function answer(request) {
  const url = new URL(request.url);
  const { pathname, searchParams } = url;
  const authorized = request.headers.get("authorization") === "Bearer t0k3n";
  switch (`${request.method} ${pathname}`) {
    case "POST /login":
      return request.headers.get("authorization") === `Basic ${btoa("alice:password")}` ? Response.json({ token: "t0k3n" }) : new Response("wrong password", { status: 403 });
    case "GET /items": {
      if (!authorized) return new Response("who are you?", { status: 401 });
      const [from, limit] = [Number(searchParams.get("from") ?? 0), Number(searchParams.get("limit") ?? 10)];
      const etag = `"${from}-${limit}"`;
      if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
      const next = from + limit < items.length ? `/items?${new URLSearchParams({ ...Object.fromEntries(searchParams), from: from + limit })}` : null;
      return Response.json({ items: items.slice(from, from + limit), next }, { headers: { etag } });
    }
    case "POST /items":
      return authorized ? Response.json({ id: 100, ...(await request.json()) }, { status: 201 }) : new Response("who are you?", { status: 401 });
    case "DELETE /items/3":
      return new Response(null, { status: 204 });
    case "GET /flaky": {
      const n = (tries.get(searchParams.get("key")) ?? 0) + 1;
      tries.set(searchParams.get("key"), n);
      return n < 3 ? new Response("not yet", { status: n === 1 ? 503 : 429, headers: { "retry-after": "0" } }) : Response.json({ tries: n });
    }
    case "POST /upload": {
      const form = await request.formData();
      const file = form.get("file");
      return Response.json({ description: form.get("description"), name: file.name, type: file.type, size: file.size });
    }
    case "GET /events":
      return new Response(new ReadableStream({
        async start(controller) {
          for (let n = 1; n <= 5; n++) {
            controller.enqueue(new TextEncoder().encode(`data: {"n":${n}}\n\n`));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          controller.close();
        },
      }), { headers: { "content-type": "text/event-stream" } });
    case "GET /slow":
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return new Response("late");
    case "GET /redirect":
      return new Response(null, { status: 302, headers: { location: "/text" } });
    case "GET /text":
      return new Response("plain text");
    case "GET /gzip":
      return new Response(gzip("squeezed ".repeat(1000)), { headers: { "content-encoding": "gzip", "content-type": "text/plain" } });
    case "POST /echo":
      return Response.json({ length: request.headers.get("content-length"), agent: request.headers.get("user-agent"), got: await request.json() });
    case "GET /robots.txt":
      return new Response("User-agent: *\nDisallow: /private\n");
    case "GET /":
      return html("Home", "/a", "b.html", "/private/x", "#top", "http://elsewhere.example/", "mailto:x@y", "/a");
    case "GET /a":
      return html("A", "/", "/a?page=2", "/dead", "/moved");
    case "GET /b.html":
      return html("B &amp; co", "../a", "/deep/er/");
    case "GET /moved":
      return new Response(null, { status: 301, headers: { location: "/deep/er/" } });
    case "GET /deep/er/":
      return html("Deep", "x", "../");
    case "GET /deep/er/x":
      return Response.json({ a: 1 });
    default:
      return new Response("nothing here", { status: 404, headers: { "content-type": "text/plain" } });
  }
}

export default { fetch: answer };
