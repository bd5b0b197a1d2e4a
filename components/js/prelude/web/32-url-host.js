// Hosts of URLs: domains, IPv4 and IPv6 addresses, opaque hosts. Start at `parseHost`.
// Invariant: a host is kept in its serialized form, so equal hosts are equal strings; null means that parsing failed.

const { sets, percentEncode, percentDecode } = internal.urlEncoding;
const { domainToASCII } = internal;

const PLAIN_DOMAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/;
const FORBIDDEN_HOST = /[\x00\t\n\r #/:<>?@[\\\]^|]/;
const FORBIDDEN_DOMAIN = /[\x00-\x20#%/:<>?@[\\\]^|\x7f]/;
const LAST_LABEL = /(?:^|\.)([^.]*)\.?$/;
const HEX_NUMBER = /^0x[0-9a-f]*$/;

function parseHost(input, opaque) {
  if (input.startsWith("[")) {
    const address = input.endsWith("]") ? parseIPv6(input.slice(1, -1)) : null;
    return address === null ? null : `[${serializeIPv6(address)}]`;
  }
  if (opaque) return FORBIDDEN_HOST.test(input) ? null : percentEncode(input, sets.c0);
  let domain = input;
  if (!PLAIN_DOMAIN.test(input)) {
    domain = domainToASCII(percentDecode(input));
    if (domain === null || domain === "" || FORBIDDEN_DOMAIN.test(domain)) return null;
  }
  return endsInNumber(domain) ? parseIPv4(domain) : domain;
}

function endsInNumber(domain) {
  const last = LAST_LABEL.exec(domain)[1];
  return last !== "" && (/^[0-9]+$/.test(last) || HEX_NUMBER.test(last));
}

function parseIPv4Number(part) {
  if (part === "") return -1;
  if (HEX_NUMBER.test(part)) return part.length === 2 ? 0 : Number(part);
  if (part.length > 1 && part[0] === "0") return /^[0-7]+$/.test(part) ? Number(`0o${part}`) : -1;
  return /^[0-9]+$/.test(part) ? Number(part) : -1;
}

function parseIPv4(domain) {
  const parts = domain.split(".");
  if (parts.length > 1 && parts[parts.length - 1] === "") parts.pop();
  if (parts.length > 4) return null;
  const numbers = parts.map(parseIPv4Number);
  if (numbers.includes(-1)) return null;
  const last = numbers.pop();
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return null;
  let address = last;
  for (let i = 0; i < numbers.length; i++) address += numbers[i] * 256 ** (3 - i);
  return `${Math.floor(address / 2 ** 24)}.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`;
}

// Eight 16-bit pieces, or null.
function parseIPv6(input) {
  const halves = input.split("::");
  if (halves.length > 2) return null;
  const head = parsePieces(halves[0], halves.length === 1);
  if (halves.length === 1) return head !== null && head.length === 8 ? head : null;
  const tail = parsePieces(halves[1], true);
  if (head === null || tail === null || head.length + tail.length > 7) return null;
  return [...head, ...new Array(8 - head.length - tail.length).fill(0), ...tail];
}

// The pieces between colons; the last of an address may be a dotted IPv4 address.
function parsePieces(text, last) {
  if (text === "") return [];
  const parts = text.split(":");
  const pieces = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (last && i === parts.length - 1 && part.includes(".")) {
      const bytes = part.split(".");
      if (bytes.length !== 4 || !bytes.every((byte) => /^(?:0|[1-9][0-9]{0,2})$/.test(byte) && +byte < 256)) return null;
      pieces.push(bytes[0] * 256 + +bytes[1], bytes[2] * 256 + +bytes[3]);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      pieces.push(Number(`0x${part}`));
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
  const hex = (list) => list.map((piece) => piece.toString(16)).join(":");
  return start === -1 ? hex(pieces) : `${hex(pieces.slice(0, start))}::${hex(pieces.slice(start + length))}`;
}

internal.parseHost = parseHost;
