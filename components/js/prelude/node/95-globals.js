// The globals of Node.js.

const { define, process, Buffer } = internal;

// Programs look for `process` and `Buffer` by name, and set them: they are as writable as what the language has.
define(globalThis, "global", globalThis);
define(globalThis, "process", process);
define(globalThis, "Buffer", Buffer);
