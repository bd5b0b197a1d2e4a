// A small HTTP service in the form that Deno, Bun and Workers take: a default export with a fetch method.
interface Greeting {
  name: string;
  language: Language;
  text: string;
}

type Language = "en" | "de" | "fr";

const TEMPLATES: Record<Language, (name: string) => string> = {
  en: (name) => `Hello, ${name}!`,
  de: (name) => `Hallo, ${name}!`,
  fr: (name) => `Bonjour, ${name} !`,
};

const isLanguage = (value: string): value is Language => Object.hasOwn(TEMPLATES, value);

function pickLanguage(header: string | null): Language {
  const wanted = (header ?? "")
    .split(",")
    .map((part) => {
      const [tag, q = "q=1"] = part.trim().split(";");
      return { tag: tag.slice(0, 2).toLowerCase(), quality: Number(q.trim().slice(2)) };
    })
    .sort((a, b) => b.quality - a.quality);
  return wanted.map((w) => w.tag).find(isLanguage) ?? "en";
}

async function greet(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/health") return new Response("ok");
  if (url.pathname !== "/greet") return Response.json({ error: "not found" }, { status: 404 });
  let name = url.searchParams.get("name") ?? "world";
  if (request.method === "POST") {
    const type = request.headers.get("content-type") ?? "";
    if (type.startsWith("application/json")) ({ name } = await request.json());
    else if (type.includes("form")) name = String((await request.formData()).get("name"));
    else return Response.json({ error: `cannot read ${type || "nothing"}` }, { status: 415, headers: { accept: "application/json" } });
  }
  const language = pickLanguage(request.headers.get("accept-language"));
  const greeting: Greeting = { name, language, text: TEMPLATES[language](name) };
  const body = JSON.stringify(greeting);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  const etag = `"${Array.from(new Uint8Array(digest).subarray(0, 4), (b) => b.toString(16).padStart(2, "0")).join("")}"`;
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
  return new Response(body, { headers: { "content-type": "application/json", "cache-control": "no-store", etag, vary: "accept-language" } });
}

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      return await greet(request);
    } catch (error) {
      return Response.json({ error: (error as Error).message }, { status: error instanceof SyntaxError ? 400 : 500 });
    }
  },
};
