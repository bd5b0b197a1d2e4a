// MessageChannel: what arrives, when, and what does not.
const eq = (got, want) => {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
};
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const { port1, port2 } = new MessageChannel();
const heard = [];
const sent = { a: [1], when: new Date(0) };
port2.postMessage("before");
port1.onmessage = (event) => heard.push([event.data, event instanceof MessageEvent, event.target === port1]);
port2.postMessage(sent);
sent.a.push(2);
eq(heard, []);
await turn();
eq(heard, [["before", true, true], [{ a: [1], when: new Date(0) }, true, true]]);

// Each message is a task of its own, and one that throws disturbs no other.
const order = [];
port2.addEventListener("message", ({ data }) => {
  order.push(data);
  Promise.resolve().then(() => order.push(`after ${data}`));
});
port1.postMessage(1);
port1.postMessage(2);
await turn();
eq(order, []);
port2.start();
await turn();
eq(order, [1, "after 1", 2, "after 2"]);

// Buffers move; what cannot be cloned is refused at once.
const buffer = new ArrayBuffer(8);
port1.postMessage(buffer, [buffer]);
eq(buffer.byteLength, 0);
for (const call of [() => port1.postMessage(() => {}), () => port1.postMessage(port2), () => port1.postMessage(1, [port2]), () => new MessagePort(), () => MessageChannel()]) {
  try {
    call();
  } catch {
    continue;
  }
  throw new Error(`${call} went well`);
}
await turn();
eq(order.length, 6);

// What is closed hears nothing more, and says nothing.
port1.postMessage("too late");
port2.close();
port1.postMessage("later");
await turn();
eq(order.length, 6);
console.log("ok");
