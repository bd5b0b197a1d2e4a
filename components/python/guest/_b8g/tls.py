"""The module `_ssl`, upon which the library's `ssl` is built: here TLS is the host's, and this stands where OpenSSL does elsewhere.

Start at `prepare`. `tls_context.py` has what is set before there is a connection, `tls_session.py` what reads and writes, `certificates.py`
what is told of certificates; here are the names and the numbers.
"""

import importlib.machinery
import os
import sys
import types
import warnings

from _b8g import certificates, tls_context, tls_session
from _b8g.tls_errors import ERRORS, SSLError

_CONSTANTS = {
    # No OpenSSL: the numbers are those that others tell who are none (LibreSSL).
    "OPENSSL_VERSION_NUMBER": 0x20000000,
    "OPENSSL_VERSION_INFO": (2, 0, 0, 0, 0),
    "_OPENSSL_API_VERSION": (2, 0, 0, 0, 0),
    "OPENSSL_VERSION": "rustls (TLS by the host, b8g)",
    "_DEFAULT_CIPHERS": "DEFAULT",
    "PROTO_MINIMUM_SUPPORTED": -2,
    "PROTO_MAXIMUM_SUPPORTED": -1,
    "PROTO_SSLv3": 0x300,
    "PROTO_TLSv1": 0x301,
    "PROTO_TLSv1_1": 0x302,
    "PROTO_TLSv1_2": 0x303,
    "PROTO_TLSv1_3": 0x304,
    "PROTOCOL_SSLv23": 2,
    "PROTOCOL_TLS": 2,
    "PROTOCOL_TLS_CLIENT": 16,
    "PROTOCOL_TLS_SERVER": 17,
    "PROTOCOL_TLSv1": 3,
    "PROTOCOL_TLSv1_1": 4,
    "PROTOCOL_TLSv1_2": 5,
    "CERT_NONE": 0,
    "CERT_OPTIONAL": 1,
    "CERT_REQUIRED": 2,
    "VERIFY_DEFAULT": 0,
    "VERIFY_CRL_CHECK_LEAF": 4,
    "VERIFY_CRL_CHECK_CHAIN": 12,
    "VERIFY_X509_STRICT": 32,
    "VERIFY_ALLOW_PROXY_CERTS": 64,
    "VERIFY_X509_TRUSTED_FIRST": 32768,
    "VERIFY_X509_PARTIAL_CHAIN": 0x80000,
    "OP_ALL": 0x80000050,
    "OP_NO_SSLv2": 0,
    "OP_NO_SSLv3": 0x2000000,
    "OP_NO_TLSv1": 0x4000000,
    "OP_NO_TLSv1_1": 0x10000000,
    "OP_NO_TLSv1_2": 0x8000000,
    "OP_NO_TLSv1_3": 0x20000000,
    "OP_CIPHER_SERVER_PREFERENCE": 0x400000,
    "OP_SINGLE_DH_USE": 0,
    "OP_SINGLE_ECDH_USE": 0,
    "OP_NO_TICKET": 0x4000,
    "OP_NO_COMPRESSION": 0x20000,
    "OP_NO_RENEGOTIATION": 0x40000000,
    "OP_ENABLE_MIDDLEBOX_COMPAT": 0x100000,
    "OP_IGNORE_UNEXPECTED_EOF": 0x80,
    "HOSTFLAG_ALWAYS_CHECK_SUBJECT": 1,
    "HOSTFLAG_NEVER_CHECK_SUBJECT": 32,
    "HOSTFLAG_NO_WILDCARDS": 2,
    "HOSTFLAG_NO_PARTIAL_WILDCARDS": 4,
    "HOSTFLAG_MULTI_LABEL_WILDCARDS": 8,
    "HOSTFLAG_SINGLE_LABEL_SUBDOMAINS": 16,
    "ENCODING_PEM": 1,
    "ENCODING_DER": 2,
    "SSL_ERROR_SSL": 1,
    "SSL_ERROR_WANT_READ": 2,
    "SSL_ERROR_WANT_WRITE": 3,
    "SSL_ERROR_WANT_X509_LOOKUP": 4,
    "SSL_ERROR_SYSCALL": 5,
    "SSL_ERROR_ZERO_RETURN": 6,
    "SSL_ERROR_WANT_CONNECT": 7,
    "SSL_ERROR_EOF": 8,
    "SSL_ERROR_INVALID_ERROR_CODE": 10,
    "ALERT_DESCRIPTION_CLOSE_NOTIFY": 0,
    "ALERT_DESCRIPTION_HANDSHAKE_FAILURE": 40,
    "ALERT_DESCRIPTION_INTERNAL_ERROR": 80,
    "HAS_SNI": True,
    "HAS_TLS_UNIQUE": False,
    "HAS_ECDH": True,
    "HAS_NPN": False,
    "HAS_ALPN": True,
    "HAS_SSLv2": False,
    "HAS_SSLv3": False,
    "HAS_TLSv1": False,
    "HAS_TLSv1_1": False,
    "HAS_TLSv1_2": True,
    "HAS_TLSv1_3": True,
    "HAS_PSK": False,
    "HAS_PSK_TLS13": False,
    "HAS_PHA": False,
    "err_codes_to_names": {},
    "err_names_to_codes": {},
    "lib_codes_to_names": {},
}


def _unknown(*arguments, **named):
    raise SSLError(1, "objects are known by the names of two purposes only: there is no OpenSSL")


def _object(text, name=False):
    """The object of a purpose: all that `ssl` asks for."""
    client = text in ("1.3.6.1.5.5.7.3.2", "clientAuth")
    return (130, "clientAuth", "TLS Web Client Authentication", text) if client else (129, "serverAuth", "TLS Web Server Authentication", text)


def prepare():
    """Puts the module `_ssl` in its place, before anything imports `ssl`; once, when the component is made."""
    module = types.ModuleType("_ssl", __doc__)
    names = {
        **_CONSTANTS,
        **ERRORS,
        "_SSLContext": tls_context.SSLContext,
        "_SSLSocket": tls_session.SSLSocket,
        "SSLSession": tls_session.SSLSession,
        "MemoryBIO": tls_session.MemoryBIO,
        "Certificate": certificates.Certificate,
        "txt2obj": _object,
        "nid2obj": _unknown,
        "RAND_status": lambda: True,
        "RAND_add": lambda data, entropy: None,
        "RAND_bytes": os.urandom,
        # The host knows the authorities; nothing is read here.
        "get_default_verify_paths": lambda: ("SSL_CERT_FILE", "", "SSL_CERT_DIR", ""),
        "get_sigalgs": lambda: [],
        "_test_decode_cert": certificates.decode_file,
    }
    module.__dict__.update(names)
    module.__spec__ = importlib.machinery.ModuleSpec("_ssl", None)
    sys.modules["_ssl"] = module


def attach(host):
    """Tells who opens sessions, and keeps back one warning; once, when the component is made."""
    tls_session.host = host
    # Whoever looks for "OpenSSL" in the version complains at each start that it is something else. It is, and that is meant.
    warnings.filterwarnings("ignore", message="urllib3 v2 only supports OpenSSL")
