"""A client and a server of TLS that speak through memory, and the errors of clients that expect somebody else.

needs: directory
"""

import pathlib
import ssl
import sys

# Made for this test, and good for nothing else.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmjCCAT+gAwIBAgIUWvneQL8XZT7gZ249nazi0zOifA0wCgYIKoZIzj0EAwIw
JTESMBAGA1UEAwwJbG9jYWxob3N0MQ8wDQYDVQQKDAZOb2JvZHkwIBcNMjAwMTAx
MDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMCUxEjAQBgNVBAMMCWxvY2FsaG9zdDEP
MA0GA1UECgwGTm9ib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEo2VmOCMQ
Xnr+U6qJLBE81JaL4yHldr6xknmIPnmuSyxSPnGoA/d1mjoIIQ1Mcg8M9wsVGZgG
OmDRhxXgT/fqiKNLMEkwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAwGA1Ud
EwEB/wQCMAAwHQYDVR0OBBYEFJR/MMoDuePRztnvJ6cqa8GqmzXNMAoGCCqGSM49
BAMCA0kAMEYCIQD4oLnMJas0Dz7B/eTEi8pyuO9aZ+C9WuLOgzGMLaP16AIhAOT4
0zn8umMAWRoETrSuVHHiTqBY35G6DIpzZ3NoUX9z
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6o3WVKzW8tr5ptg4
nfJ4Qez1QtsZgaBcOTQ9rYZ5E1+hRANCAASjZWY4IxBeev5TqoksETzUlovjIeV2
vrGSeYg+ea5LLFI+cagD93WaOgghDUxyDwz3CxUZmAY6YNGHFeBP9+qI
-----END PRIVATE KEY-----
"""


class Side:
    """One side of a conversation, and what goes between it and the other one."""

    def __init__(self, context, **options):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, **options)

    def attempt(self, method, *arguments):
        """What the method gives, or None when the other side has to say something first."""
        try:
            return method(*arguments)
        except ssl.SSLWantReadError:
            return None


def carry(first, second):
    second.incoming.write(first.outgoing.read())
    first.incoming.write(second.outgoing.read())


def shake(client, server):
    for _ in range(4):
        client.attempt(client.tls.do_handshake)
        carry(client, server)
        server.attempt(server.tls.do_handshake)
        carry(client, server)


def read(side, count):
    data = b""
    while len(data) < count:
        data += side.tls.read(count - len(data))
    return data


def main():
    path = pathlib.Path(sys.argv[1]) / "server.pem"
    path.write_text(CERTIFICATE + KEY)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(path)
    serving.set_alpn_protocols(["chat", "mail"])
    asking = ssl.create_default_context(cadata=CERTIFICATE)
    asking.set_alpn_protocols(["mail"])

    client, server = Side(asking, server_hostname="localhost"), Side(serving, server_side=True)
    try:
        client.tls.getpeercert()
    except ValueError as error:
        print("before:", error)
    shake(client, server)
    print(client.tls.version(), client.tls.cipher() == server.tls.cipher(), server.tls.selected_alpn_protocol())
    certificate = client.tls.getpeercert()
    for name in ("subject", "issuer", "version", "notBefore", "notAfter", "subjectAltName"):
        print(name, certificate[name])
    print(server.tls.getpeercert(), ssl.PEM_cert_to_DER_cert(CERTIFICATE) == client.tls.getpeercert(True))

    message = bytes(range(256)) * 100
    sent = 0
    while sent < len(message):
        sent += client.tls.write(message[sent:])
    carry(client, server)
    print("heard", read(server, len(message)) == message, server.tls.pending(), server.attempt(server.tls.read, 9))
    server.tls.write(b"thank you")
    carry(client, server)
    print(client.tls.read(5), client.tls.pending(), client.tls.read(99))
    client.attempt(client.tls.unwrap)
    carry(client, server)
    print("end", server.tls.read(), server.attempt(server.tls.unwrap))
    carry(client, server)
    print("end", client.tls.unwrap())

    for what, context, name in [
        ("another name", asking, "example.com"),
        ("another address", asking, "127.0.0.2"),
        ("nobody is trusted", ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "localhost"),
    ]:
        client, server = Side(context, server_hostname=name), Side(serving, server_side=True)
        try:
            shake(client, server)
        except ssl.SSLCertVerificationError as error:
            print(what, error.reason, error.verify_code, error.verify_message)
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    client, server = Side(anybody, server_hostname="example.com"), Side(serving, server_side=True)
    shake(client, server)
    print("anybody", client.tls.version(), client.tls.getpeercert())

    client = Side(asking, server_hostname="localhost")
    client.incoming.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    try:
        client.tls.do_handshake()
    except ssl.SSLError as error:
        print("no TLS:", type(error).__name__, error.reason)
    client = Side(asking, server_hostname="localhost")
    client.incoming.write_eof()
    try:
        client.tls.do_handshake()
    except ssl.SSLEOFError as error:
        print("nobody:", error.reason)


main()
