"""Trees of XML, INI and TOML, command lines, mails and addresses."""
import argparse
import configparser
import email
import email.policy
import ipaddress
import shlex
import tomllib
import urllib.parse
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

tree = ET.fromstring("<shop><item id='1'><name>A &amp; B</name><price>3.5</price></item><item id='2'><name>C</name></item></shop>")
for item in tree.iterfind("item"):
    print(item.get("id"), item.findtext("name"), item.findtext("price", default="-"))
ET.SubElement(tree, "item", id="3").text = "<new>"
ET.indent(tree)
print(ET.tostring(tree, encoding="unicode"), escape("<&>"))
try:
    ET.fromstring("<a><b></a>")
except ET.ParseError as error:
    print(error)
config = configparser.ConfigParser()
config.read_string("[server]\nport = 80\nhost = %(name)s.example\nname = www\n[paths]\nroot: /srv\n")
print(config.getint("server", "port"), config["server"]["host"], config.sections(), config.get("paths", "none", fallback="?"))
print(tomllib.loads('title = "x"\n[a.b]\nwhen = 2026-01-02T03:04:05Z\nlist = [1, 2.5, true]\n'))
parser = argparse.ArgumentParser(prog="tool", description="A tool.")
parser.add_argument("files", nargs="+")
parser.add_argument("-n", "--number", type=int, default=1)
parser.add_argument("--mode", choices=["fast", "slow"])
print(parser.parse_args(["a", "b", "-n", "5", "--mode=fast"]))
try:
    parser.parse_args(["a", "-n", "x"])
except SystemExit as error:
    print("exit", error.code)
mail = email.message_from_string("From: a@b.c\nSubject: =?utf-8?q?caf=C3=A9?=\nContent-Type: text/plain\n\nhi\n", policy=email.policy.default)
print(mail["subject"], mail.get_content().strip())
print(list(ipaddress.ip_network("10.0.0.0/30").hosts()), ipaddress.ip_address("::1").is_loopback)
print(shlex.split("a 'b c' d\\ e"), urllib.parse.urlsplit("http://u@h:80/p/a?q=1#f").port, urllib.parse.parse_qs("a=1&a=2&b="))
print(urllib.parse.urljoin("http://h/a/b", "../c"), urllib.parse.quote("a b/é"))
