// Streams to and from other contexts: a writer, a reader, and the bytes between them.

const { b8g, define, defineLazy, errorOf, Resource, handleOf, E } = internal;

const OP = { STREAM: 12, FINISH: 14 };
const CTL_GONE = 98;
const KIND_STREAM = 2;
const ROLE_STREAM = 14;
const RIGHT_READ = 4;
const CAPACITY = 65536;
const ABORT = 1;

// A number that the other side gets to know; any other reason is 0 there.
const numberOf = (reason) => (Number.isInteger(reason) && reason >= 0 && reason < 2 ** 32 ? reason : 0);

// How the other side went: undefined if it did not, 0 if it did so in order, else its reason plus 2^32.
const gone = (resource) => {
  const how = sys.ctl(handleOf(resource), CTL_GONE);
  return how === E.AGAIN ? undefined : how;
};

class StreamReader extends Resource {
  constructor(handle) {
    super(handle, "stream");
  }

  // Wants no more: whoever writes gets an error.
  cancel(reason) {
    sys.op(OP.FINISH, handleOf(this), ABORT, numberOf(reason));
    this.close();
  }

  // The writer's reason, if it aborted the stream.
  get reason() {
    const how = gone(this);
    return how >= 2 ** 32 ? how - 2 ** 32 : null;
  }

  async *[Symbol.asyncIterator]() {
    yield* this.readable;
  }
}

class StreamWriter extends Resource {
  constructor(handle) {
    super(handle, "stream");
  }

  // Ends the stream so that whoever reads gets an error behind what was written.
  abort(reason) {
    sys.op(OP.FINISH, handleOf(this), ABORT, numberOf(reason));
    this.close();
  }

  // The reader's reason, if it is gone.
  get reason() {
    const how = gone(this);
    return how === undefined ? null : how % 2 ** 32;
  }
}

define(StreamReader.prototype, Symbol.toStringTag, "StreamReader");
define(StreamWriter.prototype, Symbol.toStringTag, "StreamWriter");

const endOf = (handle) => (sys.info(handle).rights & RIGHT_READ ? new StreamReader(handle) : new StreamWriter(handle));
internal.arrived[KIND_STREAM] = endOf;
internal.StreamReader = StreamReader;
internal.StreamWriter = StreamWriter;

// Makes a stream: what is written into the one end comes out of the other.
internal.newStream = (element, capacity) => {
  const ends = new Uint32Array(2);
  const made = sys.op(OP.STREAM, 0, element, capacity, 0, ends);
  if (made < 0) throw errorOf(made, "make", "stream");
  return { reader: new StreamReader(ends[0]), writer: new StreamWriter(ends[1]) };
};

b8g.stream = function stream(options) {
  const { capacity = CAPACITY, elementSize = 1 } = options ?? {};
  return internal.newStream(Number(elementSize), Number(capacity));
};

defineLazy(b8g, "streams", () => {
  const given = () => sys.given(ROLE_STREAM).map(endOf);
  const streams = given();
  internal.renewing(() => internal.refill(streams, given()));
  return streams;
});
