// URL.createObjectURL and revokeObjectURL: names under which a program can fetch its own blobs.

const { apply, need } = internal.idl;
const { random } = sys;
const { get, set, delete: remove } = Map.prototype;
const { charAt } = String.prototype;
const TypedBytes = Uint8Array;

const urls = new Map();
let count = 0;

// Nobody else can ask for them, so they need only be different; where there is randomness they also look like other's.
function uuid() {
  const bytes = new TypedBytes(16);
  if (random(bytes) < 0) bytes[15] = ++count;
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  let out = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) out += "-";
    out += apply(charAt, "0123456789abcdef", [bytes[i] >> 4]) + apply(charAt, "0123456789abcdef", [bytes[i] & 15]);
  }
  return out;
}

const functions = {
  createObjectURL(blob) {
    need(arguments.length, 1, "URL.createObjectURL");
    if (!internal.blobs.is(blob)) throw new TypeError("URL.createObjectURL: the argument must be a Blob");
    const url = `blob:null/${uuid()}`;
    apply(set, urls, [url, blob]);
    return url;
  },
  revokeObjectURL(url) {
    need(arguments.length, 1, "URL.revokeObjectURL");
    apply(remove, urls, [`${url}`]);
  },
};
for (const name of ["createObjectURL", "revokeObjectURL"]) {
  Object.defineProperty(URL, name, { value: functions[name], writable: true, enumerable: true, configurable: true });
}

internal.blobOf = (url) => apply(get, urls, [url]);
