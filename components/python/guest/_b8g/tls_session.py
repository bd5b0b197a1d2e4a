"""Connections of `ssl`: a session of the host's, and a socket or two buffers through which its ciphertext goes.

Start at `SSLSocket`, which is `_ssl._SSLSocket`: the library's `SSLSocket` and `SSLObject` are built upon it. The host sends and receives
nothing: ciphertext is moved here, through the socket as Python has it, with its grants and its timeout.
"""

import time
import weakref

from _b8g import certificates, tls_errors
from _b8g.tls_errors import SSLError

# What opens sessions: `host.py`, which can be imported only after this was.
host = None

# Numbers of the ABI: TLS_FLAG and TLS_ITEM.
_READY, _ENDED = 1, 2
_ALPN, _CERTIFICATES = 0, 1

# What is moved at a time. As much as one record of TLS: what was received is then never more than can be read at once.
_CHUNK_BYTES = 16 << 10
# Cipher suites by their numbers in TLS: names as OpenSSL has them, and bits.
SUITES = {
    0x1301: ("TLS_AES_128_GCM_SHA256", 128),
    0x1302: ("TLS_AES_256_GCM_SHA384", 256),
    0x1303: ("TLS_CHACHA20_POLY1305_SHA256", 256),
    0xC02B: ("ECDHE-ECDSA-AES128-GCM-SHA256", 128),
    0xC02C: ("ECDHE-ECDSA-AES256-GCM-SHA384", 256),
    0xC02F: ("ECDHE-RSA-AES128-GCM-SHA256", 128),
    0xC030: ("ECDHE-RSA-AES256-GCM-SHA384", 256),
    0xCCA8: ("ECDHE-RSA-CHACHA20-POLY1305", 256),
    0xCCA9: ("ECDHE-ECDSA-CHACHA20-POLY1305", 256),
}
_VERSIONS = {0x303: "TLSv1.2", 0x304: "TLSv1.3"}


class SSLSession:
    """Nothing that could be taken up again: each session is new."""


class MemoryBIO:
    """Bytes that were written and not read yet."""

    def __init__(self):
        self._bytes = bytearray()
        self._ended = False

    pending = property(lambda self: len(self._bytes))
    eof = property(lambda self: self._ended and not self._bytes)

    def read(self, size=-1):
        size = len(self._bytes) if size is None or size < 0 else size
        data = bytes(self._bytes[:size])
        del self._bytes[:size]
        return data

    def write(self, data):
        if self._ended:
            raise SSLError(tls_errors.SSL, "cannot write() after write_eof()")
        with memoryview(data) as view:
            self._bytes += view.cast("B") if view.contiguous else view.tobytes()
            return view.nbytes

    def write_eof(self):
        self._ended = True


class _Socket:
    """Moves ciphertext through a socket."""

    def __init__(self, owner):
        # The owner has the connection, and the connection has this.
        self._socket = weakref.ref(owner)
        # Below what `ssl` made of it.
        self._base = next(kind for kind in type(owner).__mro__ if kind.__module__ == "_socket")

    def deadline(self):
        timeout = self._base.gettimeout(self.owner())
        return None if not timeout else time.monotonic() + timeout

    def owner(self):
        owner = self._socket()
        if owner is None or owner.fileno() < 0:
            raise SSLError(tls_errors.SSL, "Underlying socket connection gone")
        return owner

    def receive(self, deadline):
        """Some bytes; nothing at the end."""
        if deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError("The read operation timed out")
        try:
            return self._base.recv(self.owner(), _CHUNK_BYTES)
        except BlockingIOError:
            raise tls_errors.want_read() from None
        except TimeoutError:
            raise TimeoutError("The read operation timed out") from None

    def send(self, data, deadline):
        """Sends all that it can of `data` and takes it out there."""
        while data:
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError("The write operation timed out")
            try:
                sent = self._base.send(self.owner(), data)
            except BlockingIOError:
                raise tls_errors.want_write() from None
            except TimeoutError:
                raise TimeoutError("The write operation timed out") from None
            del data[:sent]


class _Buffers:
    """Moves ciphertext through two buffers, which somebody else fills and empties."""

    def __init__(self, incoming, outgoing):
        self._incoming, self._outgoing = incoming, outgoing

    def deadline(self):
        return None

    def owner(self):
        return None

    def receive(self, deadline):
        data = self._incoming.read(_CHUNK_BYTES)
        if data or self._incoming.eof:
            return data
        raise tls_errors.want_read()

    def send(self, data, deadline):
        self._outgoing.write(data)
        data.clear()


class SSLSocket:
    """One side of a conversation under TLS."""

    def __init__(self, context, wire, server_side, server_hostname, owner, session):
        if session is not None and not isinstance(session, SSLSession):
            raise TypeError("Value is not a SSLSession.")
        self.context = context
        self.server_side = bool(server_side)
        self.server_hostname = server_hostname
        self._owner = weakref.ref(owner) if owner is not None else None
        self._wire = wire
        # Ciphertext that came and was not taken, and what is to be sent.
        self._in, self._out = b"", bytearray()
        # Bytes of plaintext that were taken, but of which nobody was told, because not all could be sent.
        self._promised = 0
        self._ready = self._finished = False
        self._epoch = host.epoch
        self._handle = None
        self._handle = open_session(context, self.server_side, server_hostname or "")
        state = host.tls_state(self._handle)
        if state.fault:
            raise tls_errors.of_fault(state.fault, host.tls_fault(self._handle))

    def __del__(self):
        handle, self._handle = getattr(self, "_handle", None), None
        if handle is not None and self._epoch == host.epoch:
            host.close(handle)

    owner = property(lambda self: self._owner and self._owner())
    session_reused = False

    @property
    def session(self):
        return None

    @session.setter
    def session(self, value):
        if not isinstance(value, SSLSession):
            raise TypeError("Value is not a SSLSession.")

    def _session(self):
        """The handle."""
        if self._epoch != host.epoch:
            raise SSLError(tls_errors.SSL, "the session is gone: the context goes on from an image, which holds no connections")
        return self._handle

    def do_handshake(self):
        handle, deadline = self._session(), self._wire.deadline()
        while True:
            self._flush(deadline)
            if host.tls_state(handle).flags & _READY:
                self._ready = True
                return
            if not self._fill(deadline):
                raise tls_errors.ragged()

    def read(self, len, buffer=None):
        handle, wanted = self._session(), len
        if buffer is not None:
            view = memoryview(buffer).cast("B")
            wanted = view.nbytes if wanted <= 0 else min(wanted, view.nbytes)
        elif wanted < 0:
            raise ValueError("size should not be negative")
        data = self._read(handle, wanted) if wanted else b""
        if buffer is None:
            return data
        count = memoryview(data).nbytes
        view[:count] = data
        return count

    def _read(self, handle, wanted):
        if not self._ready:
            self.do_handshake()
        deadline = self._wire.deadline()
        while True:
            data = host.tls_read(handle, min(wanted, 4 * _CHUNK_BYTES))
            if data is not None:
                return data
            self._fail_if_failed()
            # What a write could not send waits for that write: the other side may take nothing before it is read from.
            if not self._promised:
                self._flush(deadline)
            if not self._fill(deadline):
                raise tls_errors.ragged()

    def write(self, data):
        handle, deadline = self._session(), self._wire.deadline()
        if not self._ready:
            self.do_handshake()
        with memoryview(data) as view, view.cast("B") if view.contiguous else memoryview(view.tobytes()) as flat:
            self._flush(deadline)
            while not self._promised and flat.nbytes:
                taken = host.tls_write(handle, bytes(flat[: 2 * _CHUNK_BYTES]))
                if taken is None:
                    self._fail_if_failed()
                    if self._finished:
                        raise tls_errors.made("PROTOCOL_IS_SHUTDOWN", "protocol is shutdown")
                self._promised = taken or 0
                # Who is told that it would block asks again with the same bytes.
                self._flush(deadline)
        taken, self._promised = self._promised, 0
        return taken

    def pending(self):
        return host.tls_state(self._session()).readable

    def shutdown(self):
        """Says that no more comes, and waits until the other side has said so too."""
        handle, deadline = self._session(), self._wire.deadline()
        if not self._ready:
            raise tls_errors.made("UNINITIALIZED", "uninitialized")
        if not self._finished:
            host.tls_finish(handle)
            self._finished = True
        while True:
            self._flush(deadline)
            if host.tls_state(handle).flags & _ENDED:
                return self._wire.owner()
            # What still comes nobody wants.
            while host.tls_read(handle, _CHUNK_BYTES):
                pass
            if not self._fill(deadline):
                raise tls_errors.ragged()

    def _flush(self, deadline):
        """Sends what is to be sent."""
        while True:
            if not self._out:
                self._out += host.tls_take(self._handle, 4 * _CHUNK_BYTES)
            if not self._out:
                return
            self._wire.send(self._out, deadline)

    def _fill(self, deadline):
        """Gives the session some ciphertext; false at the end of the connection."""
        data, self._in = self._in or self._wire.receive(deadline), b""
        if not data:
            return False
        taken = host.tls_feed(self._handle, data)
        if taken is None:
            self._fail_if_failed()
            # The other side has ended: what follows means nothing.
            taken = len(data)
        self._in = data[taken:]
        return True

    def _fail_if_failed(self):
        state = host.tls_state(self._handle)
        if not state.fault:
            return
        try:
            # The other side is told why, if it listens.
            self._flush(self._wire.deadline())
        except OSError:
            pass
        raise tls_errors.of_fault(state.fault, host.tls_fault(self._handle))

    def _certificates(self):
        told, found = host.tls_tell(self._session(), _CERTIFICATES), []
        while told:
            length = 4 + int.from_bytes(told[:4], "little")
            found.append(told[4:length])
            told = told[length:]
        return found

    def getpeercert(self, binary_form=False):
        if not self._ready:
            raise ValueError("handshake not done yet")
        found = self._certificates()
        if not found:
            return None
        if binary_form:
            return found[0]
        return certificates.decode(found[0]) if self.context.verify_mode else {}

    def get_unverified_chain(self):
        return [certificates.Certificate(one) for one in self._certificates()] or None

    def get_verified_chain(self):
        raise NotImplementedError("the host does not tell by which chain a certificate was verified; get_unverified_chain() tells what the other side showed")

    def selected_alpn_protocol(self):
        return host.tls_tell(self._session(), _ALPN).decode("ascii", "replace") or None

    def cipher(self):
        state = host.tls_state(self._session())
        if not state.suite or not self._ready:
            return None
        name, bits = SUITES.get(state.suite, (f"{state.suite:#06x}", 0))
        return name, _VERSIONS.get(state.version, "unknown"), bits

    def version(self):
        return _VERSIONS.get(host.tls_state(self._session()).version, "unknown") if self._ready else None

    def shared_ciphers(self):
        return None

    def compression(self):
        return None

    def group(self):
        return None

    def get_channel_binding(self, cb_type="tls-unique"):
        raise ValueError(f"'{cb_type}' channel binding type not implemented")

    def verify_client_post_handshake(self):
        raise NotImplementedError("Post-handshake auth is not supported by the host's TLS.")


def open_session(context, server_side, server_hostname):
    """A new session with the settings of a context; its handle."""
    settings, how = context._settings(server_side, server_hostname)
    try:
        return host.tls(settings, how)
    except host.Refused as error:
        raise SSLError(tls_errors.SSL, str(error)) from None


def over_socket(context, sock, server_side, server_hostname, owner, session):
    return SSLSocket(context, _Socket(sock), server_side, server_hostname, owner, session)


def over_buffers(context, incoming, outgoing, server_side, server_hostname, owner, session):
    return SSLSocket(context, _Buffers(incoming, outgoing), server_side, server_hostname, owner, session)
