// TextEncoderStream and TextDecoderStream: the text codecs as transforms.

const { expose, toUSVString, toDOMString, isObject, brands } = internal.idl;
const { createTransform } = internal.streams;
const { TextDecoder } = globalThis;
const decode = TextDecoder.prototype.decode;
const { utf8Encode } = sys;
const { apply } = Reflect;

const HIGH = /[\ud800-\udbff]$/;

class TextEncoderStream {
  #transform;
  constructor() {
    // A surrogate pair may be cut by the chunks: its first half waits for the next one.
    let kept = "";
    this.#transform = createTransform((chunk, enqueue) => {
      let text = kept + toDOMString(chunk);
      kept = "";
      if (HIGH.test(text)) {
        kept = text.slice(-1);
        text = text.slice(0, -1);
      }
      if (text !== "") enqueue(utf8Encode(toUSVString(text)));
    }, (enqueue) => {
      if (kept !== "") enqueue(new Uint8Array([0xef, 0xbf, 0xbd]));
    });
  }
  get encoding() {
    this.#transform;
    return "utf-8";
  }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
  static {
    brands.push((value) => isObject(value) && #transform in value);
  }
}
expose(TextEncoderStream);

class TextDecoderStream {
  #decoder;
  #transform;
  constructor(label = "utf-8", options = undefined) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    this.#transform = createTransform((chunk, enqueue) => {
      if (chunk === undefined) throw new TypeError("The chunk must be an ArrayBuffer or a view of one");
      const text = apply(decode, decoder, [chunk, { stream: true }]);
      if (text !== "") enqueue(text);
    }, (enqueue) => {
      const text = apply(decode, decoder, []);
      if (text !== "") enqueue(text);
    });
  }
  get encoding() { return this.#decoder.encoding; }
  get fatal() { return this.#decoder.fatal; }
  get ignoreBOM() { return this.#decoder.ignoreBOM; }
  get readable() { return this.#transform.readable; }
  get writable() { return this.#transform.writable; }
  static {
    brands.push((value) => isObject(value) && #transform in value);
  }
}
expose(TextDecoderStream);
