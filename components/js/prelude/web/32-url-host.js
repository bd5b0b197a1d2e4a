// Hosts of URLs: domains, IPv4 and IPv6 addresses, opaque hosts. Start at `parseHost`.
// Invariant: a host is kept in its serialized form, so equal hosts are equal strings; null means that parsing failed.

const { sets, percentEncode, percentDecode } = internal.urlEncoding;
const { domainToASCII } = internal;
const { matches, splitAt } = internal.texts;
const {
  MathFloor: floor, Number: toNumber, NumberPrototypeToString: numberToString, RegExpPrototypeExec: exec, StringPrototypeEndsWith: endsWith,
  StringPrototypeIncludes: includes, StringPrototypeSlice: slice, StringPrototypeStartsWith: startsWith,
} = internal.primordials;

const PLAIN_DOMAIN = /^(?!(?:.*\.)?xn--)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/;
const FORBIDDEN_HOST = /[\x00\t\n\r #/:<>?@[\\\]^|]/;
const FORBIDDEN_DOMAIN = /[\x00-\x20#%/:<>?@[\\\]^|\x7f]/;
const LAST_LABEL = /(?:^|\.)([^.]*)\.?$/;
const HEX_NUMBER = /^0x[0-9a-f]*$/;
const DECIMAL = /^[0-9]+$/;
const OCTAL = /^[0-7]+$/;
const BYTE = /^(?:0|[1-9][0-9]{0,2})$/;
const PIECE = /^[0-9a-fA-F]{1,4}$/;

function parseHost(input, opaque) {
  if (startsWith(input, "[")) {
    const address = endsWith(input, "]") ? parseIPv6(slice(input, 1, -1)) : null;
    return address === null ? null : `[${serializeIPv6(address)}]`;
  }
  if (opaque) return matches(FORBIDDEN_HOST, input) ? null : percentEncode(input, sets.c0);
  let domain = input;
  if (!matches(PLAIN_DOMAIN, input)) {
    domain = domainToASCII(percentDecode(input));
    if (domain === null || domain === "" || matches(FORBIDDEN_DOMAIN, domain)) return null;
  }
  return endsInNumber(domain) ? parseIPv4(domain) : domain;
}

function endsInNumber(domain) {
  const last = exec(LAST_LABEL, domain)[1];
  return last !== "" && (matches(DECIMAL, last) || matches(HEX_NUMBER, last));
}

function parseIPv4Number(part) {
  if (part === "") return -1;
  if (matches(HEX_NUMBER, part)) return part.length === 2 ? 0 : toNumber(part);
  if (part.length > 1 && part[0] === "0") return matches(OCTAL, part) ? toNumber(`0o${part}`) : -1;
  return matches(DECIMAL, part) ? toNumber(part) : -1;
}

function parseIPv4(domain) {
  const parts = splitAt(domain, ".");
  let count = parts.length;
  if (count > 1 && parts[count - 1] === "") count--;
  if (count > 4) return null;
  let address = 0;
  for (let i = 0; i < count; i++) {
    const number = parseIPv4Number(parts[i]);
    const isLast = i === count - 1;
    if (number === -1 || (isLast ? number >= 256 ** (5 - count) : number > 255)) return null;
    address += isLast ? number : number * 256 ** (3 - i);
  }
  return `${floor(address / 2 ** 24)}.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`;
}

// Eight 16-bit pieces, or null.
function parseIPv6(input) {
  const halves = splitAt(input, "::");
  if (halves.length > 2) return null;
  const head = parsePieces(halves[0], halves.length === 1);
  if (halves.length === 1) return head !== null && head.length === 8 ? head : null;
  const tail = parsePieces(halves[1], true);
  if (head === null || tail === null || head.length + tail.length > 7) return null;
  const zeros = 8 - head.length - tail.length;
  for (let i = 0; i < zeros; i++) head[head.length] = 0;
  for (let i = 0; i < tail.length; i++) head[head.length] = tail[i];
  return head;
}

// The pieces between colons; the last of an address may be a dotted IPv4 address.
function parsePieces(text, last) {
  if (text === "") return [];
  const parts = splitAt(text, ":");
  const pieces = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (last && i === parts.length - 1 && includes(part, ".")) {
      const bytes = splitAt(part, ".");
      if (bytes.length !== 4) return null;
      for (let k = 0; k < 4; k++) if (!matches(BYTE, bytes[k]) || bytes[k] > 255) return null;
      pieces[pieces.length] = bytes[0] * 256 + +bytes[1];
      pieces[pieces.length] = bytes[2] * 256 + +bytes[3];
    } else if (matches(PIECE, part)) {
      pieces[pieces.length] = toNumber(`0x${part}`);
    } else {
      return null;
    }
  }
  return pieces;
}

// The longest run of zeros, the first among equals, becomes "::".
function serializeIPv6(pieces) {
  let start = -1, length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && pieces[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  const hex = (from, to) => {
    let out = "";
    for (let i = from; i < to; i++) out += `${i === from ? "" : ":"}${numberToString(pieces[i], 16)}`;
    return out;
  };
  return start === -1 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`;
}

internal.parseHost = parseHost;
