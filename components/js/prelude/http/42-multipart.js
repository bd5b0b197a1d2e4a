// multipart/form-data, written and read. Start at `write` and `parse`.
// Invariant: what is read comes from anybody: parts, and the bytes of a part's head, are bounded, and each byte is looked at a
// bounded number of times.

const { apply } = internal.idl;
const { blobs, forms } = internal;
const { lower, cut, matches } = internal.pairs;
const { viewParts } = internal.streams;
const { utf8Encode, utf8Decode, find, random } = sys;
const replaceString = String.prototype.replace;
const { formParse } = internal.urlEncoding;
const TypedBytes = Uint8Array;

const PARTS_MAX = 10000;
const PART_HEAD_MAX = 16384;
const CR = 13, LF = 10, DASH = 45;

const BREAKS = /\r\n|\r|\n/g;
const SPECIAL = /["\r\n]/g;
const CODED = /%(?:22|0A|0D)/gi;
const TYPE = /^[ \t]*multipart\/form-data[ \t]*;/i;
const FORM = /^[ \t]*application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;
const BOUNDARY = /;[ \t]*boundary=(?:"([^"]{1,200})"|([^;" \t]{1,200}))/i;
const DISPOSITION = /^form-data[ \t]*;/i;
const NAME = /;[ \t]*name="([^"]*)"/i;
const FILENAME = /;[ \t]*filename="([^"]*)"/i;
const FIELD = /^([^:\s]+)[ \t]*:[ \t]*(.*?)[ \t]*$/;

const replace = (string, pattern, by) => apply(replaceString, string, [pattern, by]);
const coded = (character) => (character === '"' ? "%22" : character === "\r" ? "%0D" : "%0A");
const plain = (code) => (code === "%22" ? '"' : code === "%0D" || code === "%0d" ? "\r" : "\n");

function boundaryOf() {
  const bytes = new TypedBytes(12);
  random(bytes);
  let out = "----formdata-b8g-";
  for (let i = 0; i < bytes.length; i++) out += `${(bytes[i] % 10)}${(bytes[i] >> 4) % 10}`;
  return out;
}

// The bytes of a form, and their type.
function write(form) {
  const boundary = boundaryOf();
  const list = forms.listOf(form);
  const parts = [];
  for (let i = 0; i < list.length; i += 2) {
    const name = replace(replace(list[i], BREAKS, "\r\n"), SPECIAL, coded);
    const value = list[i + 1];
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
    if (typeof value === "string") {
      parts[parts.length] = utf8Encode(`${head}\r\n\r\n${replace(value, BREAKS, "\r\n")}\r\n`);
    } else {
      const filename = replace(blobs.nameOf(value), SPECIAL, coded);
      const type = blobs.typeOf(value) || "application/octet-stream";
      parts[parts.length] = utf8Encode(`${head}; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`);
      parts[parts.length] = blobs.bytesOf(value);
      parts[parts.length] = utf8Encode("\r\n");
    }
  }
  parts[parts.length] = utf8Encode(`--${boundary}--\r\n`);
  return { bytes: blobs.concat(parts), type: `multipart/form-data; boundary=${boundary}` };
}

function wrong(why) {
  return new TypeError(`Failed to parse body as FormData: ${why}`);
}

// A form of a body of that type, which is bytes that nobody else has.
function parse(bytes, type) {
  if (type !== null && matches(FORM, type) !== null) {
    return forms.create(formParse(utf8Decode(bytes, false)));
  }
  if (type === null || matches(TYPE, type) === null) throw wrong(`its type is ${type === null ? "not known" : `"${type}"`}`);
  const found = matches(BOUNDARY, type);
  if (found === null) throw wrong("its type names no boundary");
  return forms.create(readParts(bytes, utf8Encode(`--${found[1] ?? found[2]}`)));
}

function part(bytes, from, to) {
  const { buffer, offset } = viewParts(bytes);
  return new TypedBytes(buffer, offset + from, to - from);
}

function readParts(bytes, boundary) {
  const list = [];
  const between = blobs.concat([utf8Encode("\r\n"), boundary]);
  const blank = utf8Encode("\r\n\r\n");
  let at = find(bytes, boundary, 0);
  if (at !== 0 && (at < 2 || bytes[at - 1] !== LF || bytes[at - 2] !== CR)) throw wrong("it does not begin with the boundary");
  at += boundary.length;
  for (let count = 0; ; count++) {
    if (bytes[at] === DASH && bytes[at + 1] === DASH) return list;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) throw wrong("a boundary is not followed by a line's end");
    if (count === PARTS_MAX) throw wrong(`it has more than ${PARTS_MAX} parts`);
    // A head without a line is the blank line alone.
    const end = find(part(bytes, at, at + PART_HEAD_MAX < bytes.length ? at + PART_HEAD_MAX : bytes.length), blank, 0);
    if (end < 0) throw wrong("the head of a part has no end, or is too large");
    const head = readHead(end < 2 ? "" : utf8Decode(part(bytes, at + 2, at + end), false));
    const start = at + end + blank.length;
    const stop = find(bytes, between, start - 2);
    if (stop < 0) throw wrong("a part has no end");
    const body = part(bytes, start, stop < start ? start : stop);
    list[list.length] = head.name;
    list[list.length] = head.filename === null
      ? utf8Decode(body, false)
      : blobs.createFile(blobs.copyBytes(body), head.type ?? "text/plain", head.filename);
    at = stop + between.length;
  }
}

// {name, filename, type} of a part.
function readHead(text) {
  let disposition = null;
  let type = null;
  let at = 0;
  while (at <= text.length) {
    let end = at;
    while (end < text.length && text[end] !== "\r") end++;
    const field = matches(FIELD, cut(text, at, end));
    if (field !== null) {
      const name = lower(field[1]);
      if (name === "content-disposition") disposition = field[2];
      else if (name === "content-type") type = field[2];
    }
    at = end + 2;
  }
  if (disposition === null || matches(DISPOSITION, disposition) === null) throw wrong("a part does not say that it is of a form");
  const name = matches(NAME, disposition);
  if (name === null) throw wrong("a part has no name");
  const filename = matches(FILENAME, disposition);
  return {
    name: replace(name[1], CODED, plain),
    filename: filename === null ? null : replace(filename[1], CODED, plain),
    type,
  };
}

internal.multipart = { write, parse };
