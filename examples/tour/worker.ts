// Starts code that nobody has read as a task of its own: it gets a channel, half a second, and nothing else.
import { spawn } from "b8g";

const untrusted = `
  import { channels, readTextFile } from "b8g";
  for await (const { text } of channels[0]) {
    if (text === "read") await readTextFile("examples/tour/notes.txt");
    else await channels[0].send(String(eval(text)));
  }`;

const worker = spawn(untrusted, { timeout: 500, memory: 16e6, stderr: "null" });
await worker.channel.send("6 * 7");
console.log("it answers:", (await worker.channel.receive())!.text);
await worker.channel.send("read");
const { reason, message } = await worker;
console.log(`it ended: ${reason}: ${message.split("\n")[0]}`);
