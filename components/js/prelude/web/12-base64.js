// atob and btoa. The engine has both as native code; these wrappers only make their errors this prelude's DOMException.

const { need, toDOMString } = internal.idl;
const { DOMException } = internal;
const { atob: nativeDecode, btoa: nativeEncode } = globalThis;
if (typeof nativeDecode !== "function" || typeof nativeEncode !== "function") throw new Error("the engine lacks atob or btoa");

const functions = {
  atob(data) {
    need(arguments.length, 1, "atob");
    const string = toDOMString(data);
    try {
      return nativeDecode(string);
    } catch {
      throw new DOMException("The string to be decoded is not correctly encoded", "InvalidCharacterError");
    }
  },
  btoa(data) {
    need(arguments.length, 1, "btoa");
    const string = toDOMString(data);
    try {
      return nativeEncode(string);
    } catch {
      throw new DOMException("The string to be encoded contains characters outside of the Latin1 range", "InvalidCharacterError");
    }
  },
};

internal.define(globalThis, "atob", functions.atob);
internal.define(globalThis, "btoa", functions.btoa);
