"""The settings of connections: `_ssl._SSLContext`, upon which the library's `SSLContext` is built.

Start at `SSLContext._settings`, which makes of them what the host is told. What cannot be set here is kept and given back where it
changes nothing for the worse, and refused where a program would rely on it.
"""

import os
import struct

from _b8g import certificates, tls_errors, tls_session
from _b8g.tls_errors import SSLError

# Numbers of the ABI: flags TLS.
_ANY, _NO_NAME, _NO_SYSTEM, _SERVER, _ASK, _REQUIRE = 1, 2, 4, 8, 16, 32

_PROTOCOL_TLS_CLIENT, _PROTOCOL_TLS_SERVER = 16, 17
_CERT_NONE, _CERT_OPTIONAL, _CERT_REQUIRED = 0, 1, 2
_TLS_1_2, _TLS_1_3 = 0x303, 0x304
_OP_NO_TLS_1_2, _OP_NO_TLS_1_3 = 0x8000000, 0x20000000
_OPTIONS = 0x80000050 | 0x2000000


class SSLContext:
    """The settings of connections."""

    keylog_filename = None
    num_tickets = 0
    post_handshake_auth = False
    security_level = 2
    _host_flags = 4
    # Called by nobody; properties, because the library's class reaches for them as such.
    _msg_callback = property(lambda self: None, lambda self, callback: None)
    protocol = property(lambda self: self._protocol)

    def __new__(cls, protocol, *others):
        if protocol not in (2, 3, 4, 5, _PROTOCOL_TLS_CLIENT, _PROTOCOL_TLS_SERVER):
            raise ValueError("invalid or unsupported protocol version")
        self = super().__new__(cls)
        client = protocol == _PROTOCOL_TLS_CLIENT
        self._protocol = protocol
        self._options = _OPTIONS
        self._verify_mode = _CERT_REQUIRED if client else _CERT_NONE
        self._check_hostname = client
        self._verify_flags = 32768
        self._minimum, self._maximum = _TLS_1_2, -1
        # Authorities as DER, in their order and each once; and whether the system's are trusted.
        self._authorities = {}
        self._system = False
        self._chain = self._key = self._protocols = b""
        return self

    @property
    def options(self):
        return self._options

    @options.setter
    def options(self, value):
        self._options = int(value)

    @property
    def verify_mode(self):
        return self._verify_mode

    @verify_mode.setter
    def verify_mode(self, value):
        if value not in (_CERT_NONE, _CERT_OPTIONAL, _CERT_REQUIRED):
            raise ValueError("invalid value for verify_mode")
        if value == _CERT_NONE and self._check_hostname:
            raise ValueError("Cannot set verify_mode to CERT_NONE when check_hostname is enabled.")
        self._verify_mode = int(value)

    @property
    def check_hostname(self):
        return self._check_hostname

    @check_hostname.setter
    def check_hostname(self, value):
        self._check_hostname = bool(value)
        if value and self._verify_mode == _CERT_NONE:
            self._verify_mode = _CERT_REQUIRED

    @property
    def verify_flags(self):
        return self._verify_flags

    @verify_flags.setter
    def verify_flags(self, value):
        self._verify_flags = int(value)

    @property
    def minimum_version(self):
        return self._minimum

    @minimum_version.setter
    def minimum_version(self, value):
        self._minimum = int(value)

    @property
    def maximum_version(self):
        return self._maximum

    @maximum_version.setter
    def maximum_version(self, value):
        self._maximum = int(value)

    @property
    def sni_callback(self):
        return None

    @sni_callback.setter
    def sni_callback(self, callback):
        if callback is not None:
            raise NotImplementedError("sni_callback: the host's TLS has one certificate for each server context")

    def set_ciphers(self, ciphers):
        """The host chooses among its own, all of which are good."""
        if not isinstance(ciphers, str):
            raise TypeError(f"set_ciphers() argument must be str, not {type(ciphers).__name__}")
        if not ciphers.strip(" :,"):
            raise SSLError(tls_errors.SSL, "No cipher can be selected.")

    def get_ciphers(self):
        ciphers = []
        for number, (name, bits) in tls_session.SUITES.items():
            protocol = "TLSv1.3" if number >> 8 == 0x13 else "TLSv1.2"
            ciphers.append(
                {"id": 0x3000000 | number, "name": name, "protocol": protocol, "description": f"{name} {protocol}", "strength_bits": bits, "alg_bits": bits, "aead": True}
            )
        return ciphers

    def set_groups(self, groups):
        """The host chooses."""

    def set_ecdh_curve(self, name):
        """The host chooses."""

    def load_dh_params(self, path):
        """The host knows no such key exchange."""

    def set_psk_client_callback(self, callback):
        raise NotImplementedError("keys that were agreed upon before are not supported by the host's TLS")

    def set_psk_server_callback(self, callback, identity_hint=None):
        raise NotImplementedError("keys that were agreed upon before are not supported by the host's TLS")

    def set_default_verify_paths(self):
        """The host knows the authorities of its machine."""
        self._system = True

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        found = []
        if cadata is not None:
            found += _of_data(cadata)
        if cafile is not None:
            with open(cafile, "rb") as file:
                one = certificates.of_pem(file.read())
            if not one:
                raise tls_errors.made("NO_CERTIFICATE_OR_CRL_FOUND", f"no certificate or crl found: {os.fspath(cafile)!r} holds no certificate in PEM")
            found += one
        if capath is not None:
            found += _of_directory(capath)
        self._authorities.update(dict.fromkeys(found))

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        with open(certfile, "rb") as file:
            chain = key = file.read()
        if keyfile is not None:
            with open(keyfile, "rb") as file:
                key = file.read()
        if b"ENCRYPTED" in key:
            raise SSLError(tls_errors.SSL, "the private key is encrypted, which the host's TLS does not read: decrypt it first (openssl pkey)")
        before = self._chain, self._key
        self._chain, self._key = chain, key
        try:
            # A server with it, for a moment: whether they can be used is found out there.
            tls_session.SSLSocket(self, None, True, None, None, None)
        except SSLError:
            self._chain, self._key = before
            raise

    def get_ca_certs(self, binary_form=False):
        return list(self._authorities) if binary_form else [certificates.decode(one) for one in self._authorities]

    def cert_store_stats(self):
        return {"x509": len(self._authorities), "crl": 0, "x509_ca": len(self._authorities)}

    def session_stats(self):
        names = "number connect connect_good connect_renegotiate accept accept_good accept_renegotiate hits misses timeouts cache_full"
        return dict.fromkeys(names.split(), 0)

    def _set_alpn_protocols(self, protocols):
        self._protocols = bytes(protocols)

    def _wrap_socket(self, sock, server_side, server_hostname=None, *, owner=None, session=None):
        return tls_session.over_socket(self, sock, self._side(server_side), server_hostname, owner, session)

    def _wrap_bio(self, incoming, outgoing, server_side, server_hostname=None, *, owner=None, session=None):
        return tls_session.over_buffers(self, incoming, outgoing, self._side(server_side), server_hostname, owner, session)

    def _side(self, server_side):
        if server_side and self._protocol == _PROTOCOL_TLS_CLIENT:
            raise SSLError(tls_errors.SSL, "Cannot create a server socket with a PROTOCOL_TLS_CLIENT context")
        if not server_side and self._protocol == _PROTOCOL_TLS_SERVER:
            raise SSLError(tls_errors.SSL, "Cannot create a client socket with a PROTOCOL_TLS_SERVER context")
        return server_side

    def _settings(self, server_side, server_hostname):
        """What the request TLS takes: its parts, and how."""
        if server_side:
            if not self._chain:
                raise tls_errors.made("NO_CERTIFICATE_SET", "no certificate set: load_cert_chain() was not called")
            how = _SERVER | {_CERT_OPTIONAL: _ASK, _CERT_REQUIRED: _REQUIRE}.get(self._verify_mode, 0)
        elif server_hostname.startswith("."):
            raise ValueError("server_hostname cannot be an empty string or start with a leading dot.")
        elif self._check_hostname and not server_hostname:
            raise ValueError("check_hostname requires server_hostname")
        elif self._verify_mode == _CERT_NONE:
            how = _ANY
        else:
            how = 0 if self._check_hostname else _NO_NAME
        if not self._system:
            how |= _NO_SYSTEM
        lowest, highest = self._versions()
        roots = b"" if how & _ANY else b"".join(self._authorities)
        parts = (server_hostname.rstrip(".").encode(), self._protocols, roots, self._chain)
        return b"".join(struct.pack("<I", len(part)) + part for part in parts) + self._key, how | lowest << 16 | highest << 32

    def _versions(self):
        lowest = max(self._minimum, _TLS_1_2)
        highest = self._maximum if self._maximum > 0 else _TLS_1_3
        fixed = {3: 0x301, 4: 0x302, 5: _TLS_1_2}.get(self._protocol)
        if fixed is not None:
            lowest, highest = max(lowest, fixed), min(highest, fixed)
        if self._options & _OP_NO_TLS_1_2:
            lowest = max(lowest, _TLS_1_3)
        if self._options & _OP_NO_TLS_1_3:
            highest = min(highest, _TLS_1_2)
        return lowest, highest


def _of_data(data):
    if isinstance(data, str):
        try:
            found = certificates.of_pem(data.encode("ascii"))
        except UnicodeEncodeError:
            raise ValueError("cadata should be an ASCII string or a bytes-like object") from None
        if not found:
            raise tls_errors.made("NO_START_LINE", "no start line: cadata does not contain a certificate")
        return found
    found = certificates.of_der(bytes(data))
    if not found:
        raise tls_errors.made("NOT_ENOUGH_DATA", "not enough data: cadata does not contain a certificate")
    return found


def _of_directory(path):
    """The certificates of a directory whose files have the names that OpenSSL looks for: a hash and a number."""
    found = []
    for name in sorted(os.listdir(path)):
        begin, _, end = name.partition(".")
        if len(begin) == 8 and end.isdecimal():
            with open(os.path.join(path, name), "rb") as file:
                found += certificates.of_pem(file.read())
    return found
