// process.stdin, stdout and stderr as streams. Start at `output` and `input`; they are made when they are first used.
//
// What is written is with the host before write() returns, so that nothing is lost when the program ends.

const { stream, lazyProcess, process, errorOf, asBuffer, bufferPart, E, encodings } = internal;
const ROLE = { STDIN: 3, STDOUT: 4, STDERR: 5 };
const READABLE = 1;
const CHUNK = 65536;
const SYSTEM_ERROR = -256;

function output(role, fd) {
  const made = new stream.Writable({
    decodeStrings: false,
    write(chunk, encoding, callback) {
      const known = typeof chunk === "string" ? encodings.find(encoding) : undefined;
      const text = known !== undefined && known !== encodings.utf8 ? internal.Buffer.from(chunk, encoding) : chunk;
      const result = typeof text === "string" || text.length > 0 ? sys.print(role, text) : 0;
      // Not to have been given an output is no error.
      callback(result <= SYSTEM_ERROR ? errorOf(result, "write") : null);
    },
  });
  made.fd = fd;
  made._type = "pipe";
  made._isStdio = true;
  made.destroySoon = made.destroy;
  made._destroy = (error, callback) => callback(error);
  return made;
}

function input() {
  let watched = 0;
  const forget = () => {
    if (watched > 0) sys.unwatch(watched);
    watched = 0;
  };
  const read = () => {
    watched = 0;
    const handle = sys.handle(ROLE.STDIN);
    const bytes = new Uint8Array(CHUNK);
    const length = handle ? sys.read(handle, bytes) : 0;
    if (length === E.AGAIN) {
      watched = sys.watch(handle, READABLE, read);
      if (watched < 0) made.destroy(errorOf(watched, "read"));
    } else if (length < 0) {
      made.destroy(errorOf(length, "read"));
    } else {
      made.push(length === 0 ? null : asBuffer(length === CHUNK ? bytes : bufferPart(bytes, 0, length)));
    }
  };
  const made = new stream.Readable({
    highWaterMark: CHUNK,
    read,
    destroy(error, callback) {
      forget();
      callback(error);
    },
  });
  made.fd = 0;
  made._type = "pipe";
  made.ref = () => made;
  made.unref = () => made;
  // Who pauses does not wait for more: the program may end.
  made.on("pause", () => internal.nextTick(() => {
    if (watched > 0 && !made.readableFlowing) {
      forget();
      made._readableState.reading = false;
    }
  }));
  return made;
}

lazyProcess("stdout", () => output(ROLE.STDOUT, 1));
lazyProcess("stderr", () => output(ROLE.STDERR, 2));
lazyProcess("stdin", input);
process.openStdin = () => {
  process.stdin.resume();
  return process.stdin;
};
