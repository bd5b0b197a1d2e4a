// Turns Markdown into HTML and prints a table of contents: headings, lists, quotes, code, tables, links, emphasis.
import { readFileSync } from "fs";
import { basename, extname } from "path";

const escapeHtml = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

const inlineRules = [
  { name: "code", pattern: /`([^`]+)`/y, render: (m) => `<code>${escapeHtml(m[1])}</code>` },
  {
    name: "link",
    pattern: /\[([^\]]+)\]\((\S+?)(?:\s+"([^"]*)")?\)/y,
    render: (m) => `<a href="${escapeHtml(new URL(m[2], "https://base.example/").href)}"${m[3] ? ` title="${escapeHtml(m[3])}"` : ""}>${inline(m[1])}</a>`,
  },
  { name: "strong", pattern: /\*\*(.+?)\*\*/y, render: (m) => `<strong>${inline(m[1])}</strong>` },
  { name: "em", pattern: /\*(.+?)\*/y, render: (m) => `<em>${inline(m[1])}</em>` },
];

function inline(text) {
  let out = "";
  scan: for (let at = 0; at < text.length; ) {
    for (const { pattern, render } of inlineRules) {
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match) {
        const end = pattern.lastIndex;
        out += render(match);
        at = end;
        continue scan;
      }
    }
    out += escapeHtml(text[at++]);
  }
  return out;
}

class Lines {
  constructor(lines) {
    this.lines = lines;
    this.at = 0;
  }
  get done() {
    return this.at >= this.lines.length;
  }
  peek() {
    return this.lines[this.at];
  }
  next() {
    return this.lines[this.at++];
  }
  *takeWhile(test) {
    while (!this.done && test(this.peek())) yield this.next();
  }
}

const slug = (text) => text.toLowerCase().normalize("NFKD").replace(/[^\w\s-]/g, "").trim().replace(/\s+/g, "-");
const splitRow = (line) => line.replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));

function list(lines, indent) {
  const ordered = /^\s*\d+\./.test(lines.peek());
  const tag = ordered ? "ol" : "ul";
  const items = [];
  while (!lines.done) {
    const match = /^(\s*)(?:[-*]|\d+\.)\s+(.*)$/.exec(lines.peek());
    if (!match || match[1].length < indent) break;
    if (match[1].length > indent) {
      items[items.length - 1] += list(lines, match[1].length);
      continue;
    }
    if (/^\s*\d+\./.test(lines.peek()) !== ordered) break;
    lines.next();
    items.push(inline(match[2]));
  }
  return `<${tag}>${items.map((item) => `<li>${item}</li>`).join("")}</${tag}>`;
}

function* blocks(lines, toc) {
  while (!lines.done) {
    const line = lines.peek();
    let match;
    if (line.trim() === "") {
      lines.next();
    } else if ((match = /^(#{1,6})\s+(.*)$/.exec(line))) {
      lines.next();
      const level = match[1].length;
      const id = slug(match[2]);
      toc.push({ level, id, title: match[2] });
      yield `<h${level} id="${id}">${inline(match[2])}</h${level}>`;
    } else if ((match = /^```(\w*)$/.exec(line))) {
      lines.next();
      const code = [...lines.takeWhile((l) => l !== "```")];
      lines.next();
      yield `<pre><code${match[1] ? ` class="language-${match[1]}"` : ""}>${escapeHtml(code.join("\n"))}</code></pre>`;
    } else if (/^(---|\*\*\*)$/.test(line)) {
      lines.next();
      yield "<hr>";
    } else if (line.startsWith(">")) {
      const inner = Array.from(lines.takeWhile((l) => l.startsWith(">")), (l) => l.replace(/^>\s?/, ""));
      yield `<blockquote>${[...blocks(new Lines(inner), toc)].join("")}</blockquote>`;
    } else if (/^\s*(?:[-*]|\d+\.)\s+/.test(line)) {
      yield list(lines, 0);
    } else if (line.startsWith("|") && /^\|[\s:|-]+\|$/.test(lines.lines[lines.at + 1] ?? "")) {
      const head = splitRow(lines.next());
      const align = splitRow(lines.next()).map((c) => (c.endsWith(":") ? (c.startsWith(":") ? "center" : "right") : null));
      const cell = (tag) => (text, i) => `<${tag}${align[i] ? ` align="${align[i]}"` : ""}>${inline(text)}</${tag}>`;
      const body = [...lines.takeWhile((l) => l.startsWith("|"))].map((l) => `<tr>${splitRow(l).map(cell("td")).join("")}</tr>`);
      yield `<table><thead><tr>${head.map(cell("th")).join("")}</tr></thead><tbody>${body.join("")}</tbody></table>`;
    } else {
      const paragraph = [...lines.takeWhile((l) => l.trim() !== "" && !/^(#|>|```|\||---)/.test(l))];
      yield `<p>${inline(paragraph.join("\n"))}</p>`;
    }
  }
}

export function render(markdown) {
  const toc = [];
  const html = [...blocks(new Lines(markdown.split(/\r?\n/)), toc)].join("\n");
  return { html, toc };
}

const [, , file = new URL("./data/guide.md", import.meta.url).pathname] = process.argv;
const { html, toc } = render(readFileSync(file, "utf-8"));
console.log(`<!-- ${basename(file, extname(file))} -->`);
console.log(html);
for (const { level, id, title } of toc) console.log(`${"  ".repeat(level - 1)}- ${title} (#${id})`);
