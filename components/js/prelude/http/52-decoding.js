// Answers that come compressed: what stands between an exchange and who reads it. Start at `decoderFor`.
// Invariants: no more is decompressed than somebody reads, so what little stands for much fills no memory that nobody asked for; a
// decoder's handle is closed with its exchange.

const { REQUEST, ask, view } = internal.compute;
const { E, exchanges } = internal;
const { lower } = internal.pairs;
const { readAt, write, ctl, op, close: closeHandle, utf8Decode, handle: handleOf } = sys;
const TypedBytes = Uint8Array;

const COMPUTE = 19;
const FINISH = 14;
const INPUT = 16384;
const GUNZIP = 4, UNZLIB = 5, INFLATE = 6, UNBROTLI = 8;
const CODINGS = { __proto__: null, gzip: GUNZIP, "x-gzip": GUNZIP, deflate: UNZLIB, br: UNBROTLI };
const GZIP_MAGIC = 0x1f;
const ZLIB_METHOD = 8;

class Decoder {
  constructor(exchange, coding) {
    this.exchange = exchange;
    this.coding = coding;
    this.codec = -1;
    this.input = new TypedBytes(INPUT);
    this.at = 0;
    this.length = 0;
    // The other side has sent all.
    this.ended = false;
    this.done = false;
    this.fault = null;
  }

  // Reads as `Exchange.readNow` does.
  read(bytes, at) {
    for (let full = false; !this.done; ) {
      if (this.codec >= 0) {
        const n = readAt(this.codec, bytes, at);
        if (n > 0) return n;
        if (n === 0) {
          this.member();
          continue;
        }
        if (n !== E.AGAIN || full || this.ended) return this.fail(n === E.AGAIN ? "unexpected end of file" : this.why());
      }
      if (this.at < this.length) {
        if (this.codec < 0) this.open();
        const taken = write(this.codec, view(this.input, this.at, this.length));
        if (taken > 0) this.at += taken;
        else if (taken === E.AGAIN) full = true;
        else if (taken !== E.CLOSED) return this.fail(this.why());
        continue;
      }
      const n = this.exchange.readRaw(this.input, 0);
      if (n < 0) return n;
      if (n > 0) {
        this.at = 0;
        this.length = n;
        continue;
      }
      this.ended = true;
      if (this.codec < 0) break;
      op(FINISH, this.codec, 0, 0);
    }
    this.done = true;
    return 0;
  }

  open() {
    const first = this.input[this.at];
    // What is called deflate comes with zlib's head, or without.
    const what = this.coding === UNZLIB && (first & 15) !== ZLIB_METHOD ? INFLATE : this.coding;
    const handle = ask(REQUEST.CODEC, what);
    if (handle < 0) throw internal.errorOf(handle, "decompress");
    this.codec = handle;
    exchanges.forgetting(this.exchange, handle);
  }

  // The end of what was compressed: of gzip another member may follow, of others nothing that counts.
  member() {
    this.close();
    if (this.coding === GUNZIP && this.at < this.length && this.input[this.at] === GZIP_MAGIC) return;
    this.done = true;
  }

  why() {
    const text = new TypedBytes(256);
    const length = this.codec < 0 ? 0 : ctl(this.codec, REQUEST.FAULT, null, text);
    return length > 0 ? utf8Decode(view(text, 0, length < 256 ? length : 256), false) : "incorrect data";
  }

  fail(fault) {
    this.fault = fault;
    this.close();
    return E.IO;
  }

  close() {
    if (this.codec >= 0) closeHandle(this.codec);
    this.codec = -1;
  }
}

// What decodes this coding; null for one that is not known, which is given as it came.
function decoderFor(exchange, coding) {
  const known = coding === null ? undefined : CODINGS[lower(coding)];
  return known === undefined || !handleOf(COMPUTE) ? null : new Decoder(exchange, known);
}

// What a request says that it takes.
const accepted = (secure) => (handleOf(COMPUTE) ? (secure ? "br, gzip, deflate" : "gzip, deflate") : "identity");

internal.decoding = { decoderFor, accepted };
