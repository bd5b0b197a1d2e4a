"""Certificates as `ssl` tells of them: X.509 in DER taken apart.

Start at `decode`. Nothing is decided here: whether a certificate is good the host says. A damaged one is an SSLError.
"""

import binascii
import re

from _b8g import tls_errors

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----(.*?)-----END ", re.DOTALL)

_NAMES = {
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "countryName",
    "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "organizationName",
    "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.43": "initials",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "userId",
    "0.9.2342.19200300.100.1.25": "domainComponent",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_ALTERNATIVE, _POINTS, _ACCESS = "2.5.29.17", "2.5.29.31", "1.3.6.1.5.5.7.1.1"
_OCSP, _ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"

_SEQUENCE, _BMP = 0x30, 0x1E


class Certificate:
    """A certificate that the other side showed."""

    def __init__(self, der):
        self._der = der

    def public_bytes(self, format=1):
        if format == 2:
            return self._der
        if format == 1:
            text = binascii.b2a_base64(self._der, newline=False).decode()
            lines = [text[at : at + 64] for at in range(0, len(text), 64)]
            return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
        raise ValueError("Unsupported format")

    def get_info(self):
        return decode(self._der)

    def __eq__(self, other):
        return self._der == other._der if isinstance(other, Certificate) else NotImplemented

    def __hash__(self):
        return hash(self._der)


def of_pem(text):
    """The certificates in a text, as DER."""
    try:
        return [binascii.a2b_base64(body) for body in _PEM.findall(text)]
    except binascii.Error:
        raise tls_errors.made("BAD_BASE64_DECODE", "bad base64 decode: a certificate is damaged") from None


def of_der(data):
    """The certificates that lie one after another."""
    found = []
    try:
        while data:
            tag, _, rest = _value(data)
            if tag != _SEQUENCE:
                raise ValueError(tag)
            found.append(data[: len(data) - len(rest)])
            data = rest
    except (IndexError, ValueError):
        raise tls_errors.made("NOT_ENOUGH_DATA", "not enough data: cadata does not contain a certificate") from None
    return found


def decode_file(path):
    """What the first certificate of a file says."""
    with open(path, "rb") as file:
        return decode(of_pem(file.read())[0])


def decode(der):
    """What a certificate says, as `getpeercert` tells it."""
    try:
        return _decode(der)
    except (IndexError, ValueError, UnicodeError):
        raise tls_errors.made(None, "the certificate is damaged") from None


def _decode(der):
    fields = _values(_values(_value(der)[1])[0][1])
    told = {}
    version = 1
    if fields[0][0] == 0xA0:
        version = int.from_bytes(_value(fields.pop(0)[1])[1], "big") + 1
    serial, _, issuer, validity, subject = (content for _, content in fields[:5])
    begin, end = _values(validity)
    told["subject"], told["issuer"], told["version"] = _name(subject), _name(issuer), version
    told["serialNumber"] = (serial.lstrip(b"\0") or b"\0").hex().upper()
    told["notBefore"], told["notAfter"] = _time(*begin), _time(*end)
    extensions = dict(_extensions(fields[6:]))
    if _ALTERNATIVE in extensions:
        told["subjectAltName"] = tuple(_alternatives(extensions[_ALTERNATIVE]))
    for key, method in (("OCSP", _OCSP), ("caIssuers", _ISSUERS)):
        found = tuple(_accesses(extensions.get(_ACCESS), method))
        if found:
            told[key] = found
    if _POINTS in extensions:
        found = tuple(_points(extensions[_POINTS]))
        if found:
            told["crlDistributionPoints"] = found
    return told


def _value(data):
    """The first value: its tag, its content, and what follows it."""
    tag, length, at = data[0], data[1], 2
    if length >= 0x80:
        at += length & 0x7F
        length = int.from_bytes(data[2:at], "big")
    if len(data) < at + length:
        raise ValueError("too short")
    return tag, data[at : at + length], data[at + length :]


def _values(data):
    """All values, each with its tag."""
    found = []
    while data:
        tag, content, data = _value(data)
        found.append((tag, content))
    return found


def _identifier(content):
    """An object identifier, in numbers."""
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))


def _name(content):
    return tuple(tuple(_attribute(pair) for _, pair in _values(part)) for _, part in _values(content))


def _attribute(pair):
    (_, identifier), (tag, text) = _values(pair)
    identifier = _identifier(identifier)
    text = text.decode("utf-16-be") if tag == _BMP else text.decode("utf-8" if tag == 0x0C else "latin-1")
    return _NAMES.get(identifier, identifier), text


def _time(tag, content):
    text = content.decode("ascii").rstrip("Z")
    if tag == 0x17:
        text = ("19" if text[:2] >= "50" else "20") + text
    year, month, day, clock = text[:4], int(text[4:6]), int(text[6:8]), text[8:14]
    return f"{_MONTHS[month - 1]} {day:2} {clock[:2]}:{clock[2:4]}:{clock[4:6] or '00'} {year} GMT"


def _extensions(fields):
    for tag, content in fields:
        if tag == 0xA3:
            for _, extension in _values(_value(content)[1]):
                parts = _values(extension)
                yield _identifier(parts[0][1]), parts[-1][1]


def _alternatives(content):
    for tag, content in _values(_value(content)[1]):
        match tag:
            case 0x81:
                yield "email", content.decode("latin-1")
            case 0x82:
                yield "DNS", content.decode("latin-1")
            case 0x86:
                yield "URI", content.decode("latin-1")
            case 0x87 if len(content) == 4:
                yield "IP Address", ".".join(map(str, content))
            case 0x87 if len(content) == 16:
                yield "IP Address", ":".join(f"{int.from_bytes(content[at : at + 2], 'big'):X}" for at in range(0, 16, 2))
            case 0x87:
                yield "IP Address", "<invalid>"
            case 0x88:
                yield "Registered ID", _identifier(content)
            case 0xA4:
                yield "DirName", _name(_value(content)[1])
            case _:
                yield "othername", "<unsupported>"


def _accesses(content, method):
    if content is not None:
        for _, access in _values(_value(content)[1]):
            (_, identifier), (tag, place) = _values(access)
            if _identifier(identifier) == method and tag == 0x86:
                yield place.decode("latin-1")


def _points(content):
    for _, point in _values(_value(content)[1]):
        for tag, name in _values(point):
            if tag == 0xA0:
                for kind, names in _values(name):
                    if kind == 0xA0:
                        yield from (place.decode("latin-1") for of, place in _values(names) if of == 0x86)
