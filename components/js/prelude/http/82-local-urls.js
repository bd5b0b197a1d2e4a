// What `data:` and `blob:` URLs stand for. Start at `fetchLocal`.

const { apply } = internal.idl;
const { bodies, responses, blobs, mime } = internal;
const { cut, matches, codeAt } = internal.pairs;
const { failed } = internal.fetchErrors;
const { utf8Encode } = sys;
const { atob: decodeBase64 } = globalThis;
const { indexOf } = String.prototype;
const { fromCharCode } = String;
const replaceString = String.prototype.replace;

const BASE64 = /; *base64 *$/i;
const SPACE = /[\t\n\f\r ]/g;
const ErrorClass = Error;
const TypedBytes = Uint8Array;

const hex = (code) => (code >= 48 && code <= 57 ? code - 48 : code >= 65 && code <= 70 ? code - 55 : code >= 97 && code <= 102 ? code - 87 : -1);

function percentDecoded(text) {
  const bytes = utf8Encode(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i];
    if (byte === 37 && i + 2 < bytes.length && hex(bytes[i + 1]) >= 0 && hex(bytes[i + 2]) >= 0) {
      byte = hex(bytes[i + 1]) * 16 + hex(bytes[i + 2]);
      i += 2;
    }
    bytes[length++] = byte;
  }
  return new TypedBytes(internal.streams.viewParts(bytes).buffer, 0, length);
}

function bytesOfBase64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += apply(fromCharCode, undefined, [bytes[i]]);
  const decoded = decodeBase64(apply(replaceString, text, [SPACE, ""]));
  const out = new TypedBytes(decoded.length);
  for (let i = 0; i < out.length; i++) out[i] = codeAt(decoded, i);
  return out;
}
function answer(url, type, bytes) {
  return responses.create(url, false, 200, ["content-type", type], bodies.extract(bytes).body);
}

function trimSpaces(text) {
  let from = 0;
  while (text[from] === " ") from++;
  return cut(text, from);
}

function fetchData(url, text, method) {
  const comma = apply(indexOf, text, [","]);
  if (comma < 0) throw failed(new ErrorClass("invalid data URL: it has no comma"));
  let type = cut(text, 0, comma);
  let bytes = percentDecoded(cut(text, comma + 1));
  const base64 = matches(BASE64, type);
  if (base64 !== null) {
    type = cut(type, 0, base64.index);
    try {
      bytes = bytesOfBase64(bytes);
    } catch (error) {
      throw failed(error);
    }
  }
  // White space around it is no part of it, and what is left out is text/plain.
  type = trimSpaces(type);
  const record = mime.parse(type[0] === ";" ? `text/plain${type}` : type);
  return answer(url, record === null ? "text/plain;charset=US-ASCII" : mime.serialize(record), method === "HEAD" ? new TypedBytes(0) : bytes);
}

// The response for a record of a URL that leads to nothing outside; undefined for others.
internal.fetchLocal = (url, href, method) => {
  if (url.scheme === "data") return fetchData(href, cut(href, 5, hashAt(href)), method);
  if (url.scheme === "blob") {
    const blob = internal.blobOf(cut(href, 0, hashAt(href)));
    if (blob === undefined || method !== "GET") throw failed(new ErrorClass(`there is no such object: ${href}`));
    const response = answer(href, blobs.typeOf(blob), blobs.bytesOf(blob));
    internal.headers.append(internal.headers.of(response.headers), "content-length", `${blobs.bytesOf(blob).length}`);
    return response;
  }
  return undefined;
};

function hashAt(href) {
  const at = apply(indexOf, href, ["#"]);
  return at < 0 ? href.length : at;
}
