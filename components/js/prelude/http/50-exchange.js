// Exchanges: a request and its response behind a handle, as docs/abi.md has them. Start at `Exchange`.
// Whoever reads or writes says what is to be called then: no promise is made here, and none of the program's code runs.
// Invariants: an exchange that was closed calls back whoever waits, once, with an error; it is closed at the latest when nothing
// of the program reaches it any more.

const { apply } = internal.idl;
const { streams, E } = internal;
const { watch, unwatch, readAt, writeAt, close: closeHandle, op } = sys;
const TypedBytes = Uint8Array;
const { register } = FinalizationRegistry.prototype;

const READABLE = 1, WRITABLE = 2;
const CLOSED = -1;
const FINISH = 14;
const CHUNK = 65536;

const forgotten = new FinalizationRegistry((handle) => closeHandle(handle));
const forgetting = (object, handle) => apply(register, forgotten, [object, handle]);

class Exchange {
  constructor(handle, owned) {
    this.handle = handle;
    // Why it was given up, if it was.
    this.reason = undefined;
    this.aborted = false;
    // Called once when it is closed.
    this.onclose = null;
    this.reading = null;
    this.writing = null;
    // What of it was lent to a body.
    this.half = null;
    // What decompresses what comes, if it is compressed.
    this.decoder = null;
    if (owned) forgetting(this, handle);
  }

  // Reads to that place of `bytes` on what is there: how many, 0 at the end, or an error.
  readNow(bytes, at) {
    return this.decoder === null || this.handle === CLOSED ? this.readRaw(bytes, at) : this.decoder.read(bytes, at);
  }

  // The same of what the other side sent, as it came.
  readRaw(bytes, at) {
    return this.handle === CLOSED ? E.CLOSED : readAt(this.handle, bytes, at);
  }

  // Calls `ready` when that may answer something else than AGAIN, or `failed` with an error.
  whenReadable(ready, failed) {
    this.wait("reading", READABLE, ready, failed);
  }

  // The same at once: `done` hears what readNow answers.
  read(bytes, at, done) {
    const n = this.readNow(bytes, at);
    if (n === E.AGAIN) this.whenReadable(() => this.read(bytes, at, done), done);
    else done(n);
  }

  // Writes from that place on what there is room for: the place after it, or an error.
  writeNow(bytes, at) {
    return this.handle === CLOSED ? E.CLOSED : writeAt(this.handle, bytes, at);
  }

  // Writes all of `bytes` from that place on: `done` hears 0, or an error.
  write(bytes, at, done) {
    const after = this.writeNow(bytes, at);
    if (after < 0) done(after);
    else if (after < bytes.length) this.wait("writing", WRITABLE, () => this.write(bytes, after, done), done);
    else done(0);
  }

  wait(which, interest, ready, done) {
    const id = watch(this.handle, interest, () => {
      this[which] = null;
      ready();
    });
    if (id < 0) done(id);
    else this[which] = { id, done };
  }

  // Ends the body that is written; with a reason it is given up.
  finish(abort) {
    return this.handle === CLOSED ? E.CLOSED : op(FINISH, this.handle, abort ? 1 : 0, 1);
  }

  close() {
    if (this.handle === CLOSED) return;
    const { handle, reading, writing, onclose } = this;
    this.handle = CLOSED;
    this.reading = this.writing = this.onclose = null;
    if (reading !== null) unwatch(reading.id);
    if (writing !== null) unwatch(writing.id);
    this.release(handle);
    if (this.decoder !== null) this.decoder.close();
    if (onclose !== null) onclose();
    if (reading !== null) reading.done(E.CLOSED);
    if (writing !== null) writing.done(E.CLOSED);
  }

  abort(reason) {
    if (this.handle === CLOSED) return;
    this.aborted = true;
    this.reason = reason;
    this.close();
  }

  release(handle) {
    if (this.half !== null) this.half.close();
    closeHandle(handle);
  }

  // What reads the body that comes, when the answer goes the same way: closing it closes nothing else.
  reader() {
    return (this.half = new Reader(this.handle, false));
  }
}

class Reader extends Exchange {
  release() {}
}

// A stream of the body that comes.
function streamOf(exchange) {
  const pull = (controller) => {
    const promise = streams.deferred();
    const requested = streams.byobRequest(controller) !== null;
    const view = requested ? controller.request.view : new TypedBytes(CHUNK);
    exchange.read(view, 0, (n) => {
      if (n < 0) {
        const error = internal.bodyError(exchange, n);
        exchange.close();
        promise.reject(error);
        return;
      }
      if (n === 0) {
        exchange.close();
        internal.blobs.endBytes(controller);
      } else if (requested && controller.request !== null && controller.request.view === view) {
        streams.respond(controller, n);
      } else {
        const { buffer, offset } = streams.viewParts(view);
        const chunk = new TypedBytes(buffer, offset, n);
        // A short one does not hold a long piece of memory, and nothing of a buffer that was withdrawn is kept.
        const copied = requested || n * 2 < CHUNK;
        streams.byteEnqueue(controller, streams.viewParts(copied ? internal.blobs.copyBytes(chunk) : chunk));
      }
      promise.resolve(undefined);
    });
    return promise.promise;
  };
  return streams.createReadableBytes(streams.noop, pull, () => {
    exchange.close();
    return streams.resolvedWith(undefined);
  });
}

internal.Exchange = Exchange;
internal.exchangeStream = streamOf;
internal.exchanges = { forgetting };
