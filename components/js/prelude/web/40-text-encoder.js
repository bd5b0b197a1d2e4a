// TextEncoder: strings to UTF-8, done natively.

const { apply, expose, need, toUSVString, isObject, brands } = internal.idl;
const { get } = internal.classify;
const { utf8Encode, utf8EncodeInto } = sys;

let isEncoder;

class TextEncoder {
  #brand;
  constructor() {}
  get encoding() {
    this.#brand;
    return "utf-8";
  }
  encode(input = "") {
    this.#brand;
    return utf8Encode(toUSVString(input));
  }
  encodeInto(source, destination) {
    this.#brand;
    need(arguments.length, 2, "TextEncoder.encodeInto");
    const string = toUSVString(source);
    if (!ArrayBuffer.isView(destination) || apply(get.arrayTag, destination, []) !== "Uint8Array") {
      throw new TypeError("TextEncoder.encodeInto: the destination must be a Uint8Array");
    }
    return utf8EncodeInto(string, destination);
  }
  static {
    isEncoder = (value) => isObject(value) && #brand in value;
  }
}
expose(TextEncoder);
brands.push(isEncoder);
