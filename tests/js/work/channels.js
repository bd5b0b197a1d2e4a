// Messages that are too large to take, and messages that nobody wants.
import { channel, sharedEvent } from "b8g";

const eq = (got, want) => {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
};
const refused = async (promise) => {
  try {
    return ["nothing", await promise];
  } catch (error) {
    return [error.name, error.code];
  }
};

// What is too large stays until it is dropped, or taken by whoever has room.
{
  const [a, b] = channel();
  for (const size of [10, 100, 5000, 1 << 20]) {
    await a.send(new Uint8Array(size));
    eq(await refused(b.receive({ maxBytes: size - 1 })), ["LimitReached", "EMFILE"]);
    eq(await refused(b.receive({ maxBytes: 0 })), ["LimitReached", "EMFILE"]);
    eq((await b.receive({ maxBytes: size })).data.length, size);
    await a.send(new Uint8Array(size));
    const follows = a.send("small");
    eq(await refused(b.receive({ maxBytes: size / 2 })), ["LimitReached", "EMFILE"]);
    eq(await b.discard(), true);
    await follows;
    eq((await b.receive({ maxBytes: 5 })).text, "small");
  }
  await a.send("");
  eq((await b.receive({ maxBytes: 0 })).text, "");
  await a.send("all");
  eq((await b.receive({ maxBytes: Infinity })).text, "all");
  await a.send("1");
  for (const maxBytes of [-1, NaN, "5", null, {}]) eq((await refused(b.receive({ maxBytes })))[0], "RangeError");
  eq((await b.receive({ maxBytes: 1.9 })).text, "1");
}

// Whoever discards waits for a message, in turn with whoever receives.
{
  const [a, b] = channel();
  const took = Promise.all([b.receive(), b.discard(), b.receive(), b.discard(), b.receive()]);
  for (const text of ["1", "2", "3", "4", "5"]) await a.send(text);
  eq((await took).map((taken) => taken.text ?? taken), ["1", true, "3", true, "5"]);
}

// There is room for whoever sends when a message was dropped.
{
  const [a, b] = channel();
  const block = new Uint8Array(1 << 20);
  await a.send(block);
  let sent = false;
  const sends = a.send(block).then(() => (sent = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  eq(sent, false);
  eq(await b.discard(), true);
  await sends;
  eq(await b.discard(), true);
}

// What was sent along goes with the message: the end of a channel closes.
{
  const [a, b] = channel();
  const [mine, theirs] = channel();
  await a.send("with an end", { transfer: [theirs, sharedEvent()] });
  eq(await b.discard(), true);
  eq(await mine.receive(), null);
}

// At the end nothing is dropped.
{
  const [a, b] = channel();
  await a.send("last");
  a.close();
  eq([await b.discard(), await b.discard(), await b.receive()], [true, false, null]);
  b.close();
  eq(await refused(b.discard()), ["BadResource", "EBADF"]);
  const [c] = channel();
  eq((await refused(Promise.resolve().then(() => c.discard.call({}))))[0], "TypeError");
}
console.log("ok");
