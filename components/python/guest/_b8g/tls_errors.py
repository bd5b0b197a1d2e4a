"""The errors of `ssl`, and how the reasons of the host's sessions become such.

Start at `of_fault`.
"""

# Numbers of the ABI: TLS_FAULT.
SETTINGS, PROTOCOL, ALERT, EXPIRED, NOT_YET, ISSUER, NAME, CERTIFICATE = range(1, 9)
# The same in OpenSSL, whose numbers programs know.
_VERIFY_CODES = {EXPIRED: 10, NOT_YET: 9, ISSUER: 20, NAME: 62, CERTIFICATE: 1}
_VERIFY_CODES_BY_TEXT = {"self-signed certificate": 18, "certificate signature failure": 7, "IP address mismatch": 64}
_ALERTS = {
    10: "SSLV3_ALERT_UNEXPECTED_MESSAGE",
    20: "SSLV3_ALERT_BAD_RECORD_MAC",
    40: "SSLV3_ALERT_HANDSHAKE_FAILURE",
    42: "SSLV3_ALERT_BAD_CERTIFICATE",
    43: "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    44: "SSLV3_ALERT_CERTIFICATE_REVOKED",
    45: "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    46: "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    47: "SSLV3_ALERT_ILLEGAL_PARAMETER",
    48: "TLSV1_ALERT_UNKNOWN_CA",
    49: "TLSV1_ALERT_ACCESS_DENIED",
    50: "TLSV1_ALERT_DECODE_ERROR",
    51: "TLSV1_ALERT_DECRYPT_ERROR",
    70: "TLSV1_ALERT_PROTOCOL_VERSION",
    71: "TLSV1_ALERT_INSUFFICIENT_SECURITY",
    80: "TLSV1_ALERT_INTERNAL_ERROR",
    112: "TLSV1_UNRECOGNIZED_NAME",
    116: "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    120: "TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
}

# The kinds of SSLError by their numbers in OpenSSL.
SSL, WANT_READ, WANT_WRITE, EOF = 1, 2, 3, 8


class SSLError(OSError):
    """An error of TLS."""

    library = reason = None

    def __str__(self):
        return str(self.args[1]) if len(self.args) > 1 else super().__str__()


def _error(name, doc, *bases):
    return type(name, (SSLError, *bases), {"__module__": "ssl", "__doc__": doc})


SSLError.__module__ = "ssl"
SSLZeroReturnError = _error("SSLZeroReturnError", "The other side has ended the session.")
SSLWantReadError = _error("SSLWantReadError", "More must come from the other side before this can go on.")
SSLWantWriteError = _error("SSLWantWriteError", "More must be sent to the other side before this can go on.")
SSLSyscallError = _error("SSLSyscallError", "The system failed.")
SSLEOFError = _error("SSLEOFError", "The connection ended without the other side's saying so.")
SSLCertVerificationError = _error("SSLCertVerificationError", "A certificate was refused.", ValueError)
SSLCertVerificationError.verify_code = SSLCertVerificationError.verify_message = None

ERRORS = {
    error.__name__: error
    for error in (SSLError, SSLZeroReturnError, SSLWantReadError, SSLWantWriteError, SSLSyscallError, SSLEOFError, SSLCertVerificationError)
}


def made(reason, text, kind=SSLError, number=SSL):
    """An error with its reason, as OpenSSL's are written."""
    error = kind(number, f"[SSL: {reason}] {text}" if reason else f"[SSL] {text}")
    error.library, error.reason = "SSL", reason
    return error


def want_read():
    return SSLWantReadError(WANT_READ, "The operation did not complete (read)")


def want_write():
    return SSLWantWriteError(WANT_WRITE, "The operation did not complete (write)")


def ragged():
    return made("UNEXPECTED_EOF_WHILE_READING", "EOF occurred in violation of protocol", SSLEOFError, EOF)


def of_fault(fault, text):
    """The error for why a session failed: its number and its words."""
    kind, alert = fault & 0xFF, fault >> 8 & 0xFF
    if kind in _VERIFY_CODES:
        if text == "peer did not return a certificate":
            return made("PEER_DID_NOT_RETURN_A_CERTIFICATE", text)
        error = made("CERTIFICATE_VERIFY_FAILED", f"certificate verify failed: {text}", SSLCertVerificationError)
        error.verify_code = _VERIFY_CODES_BY_TEXT.get(text.partition(",")[0], _VERIFY_CODES[kind])
        error.verify_message = text
        return error
    if kind == ALERT:
        reason = _ALERTS.get(alert, f"ALERT_{alert}")
        return made(reason, reason.lower().replace("_", " "))
    if kind == SETTINGS and "private key is not" in text:
        return made("KEY_VALUES_MISMATCH", f"key values mismatch: {text}")
    if kind == SETTINGS and "no version of TLS" in text:
        return made("NO_PROTOCOLS_AVAILABLE", f"no protocols available: {text}")
    if "InvalidContentType" in text:
        return made("WRONG_VERSION_NUMBER", "wrong version number: the other side does not speak TLS")
    return made(None, text)
