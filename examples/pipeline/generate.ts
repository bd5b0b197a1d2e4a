// The first stage, in TypeScript: as many MiB of lines as the argument says.
import { args, stdout } from "b8g";

const line = "The quick brown fox jumps over the lazy dog and pays for what it was granted only.\n";
const piece = new TextEncoder().encode(line.repeat(Math.floor(65536 / line.length)));
const bytes = Number(args[0] ?? 16) * 2 ** 20;
for (let sent = 0; sent < bytes; sent += piece.length) await stdout.write(piece);
