"""Asks a server on this machine for pages; the address is the first argument.

needs: server
"""
import json
import socket
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPConnection

base = sys.argv[1]
with urllib.request.urlopen(base + "/hello?" + urllib.parse.urlencode({"name": "Zoë & co"})) as answer:
    print(answer.status, answer.headers["Content-Type"], json.load(answer))
request = urllib.request.Request(base + "/echo", data=json.dumps({"a": 1}).encode(), headers={"Content-Type": "application/json"}, method="POST")
with urllib.request.urlopen(request, timeout=5) as answer:
    print(json.load(answer))
try:
    urllib.request.urlopen(base + "/nothing")
except urllib.error.HTTPError as error:
    print(error.code, error.reason, error.read())
parts = urllib.parse.urlsplit(base)
connection = HTTPConnection(parts.hostname, parts.port, timeout=5)
for number in range(3):
    connection.request("GET", f"/hello?name={number}")
    print(connection.getresponse().read())
connection.close()
with socket.create_connection((parts.hostname, parts.port), timeout=5) as plain:
    plain.sendall(b"GET /hello?name=raw HTTP/1.0\r\n\r\n")
    data = b""
    while chunk := plain.recv(100):
        data += chunk
print(data.splitlines()[0], data.rpartition(b"\r\n")[2])
