"""Renders pages: string.Template, format strings, textwrap, HTML escaping and a little template language."""
import html
import re
import string
import textwrap
from html.parser import HTMLParser

page = string.Template("Dear $name,\nyou owe $$${amount} for ${item}s.\n")
print(page.substitute(name="Ann", amount=12.5, item="apple"), page.safe_substitute(name="Bob"))
try:
    page.substitute(name="x")
except KeyError as error:
    print("missing", error)
print("{0:>8}|{1:^8}|{name!r:<8}|{2[key]}".format("a", "b", {"key": 3}, name="n"))
print(html.escape('<a href="x">&</a>'), html.unescape("&eacute;&#233;&lt;"))
print(textwrap.fill("the quick brown fox jumps over the lazy dog " * 2, 30, initial_indent="* ", subsequent_indent="  "))
print(textwrap.dedent("    a\n      b\n"), textwrap.shorten("one two three four", 12))

TEMPLATE = "<ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul>"


def render(template, **names):
    def loop(found):
        variable, over, body = found.groups()
        return "".join(render(body, **{**names, variable: item}) for item in names[over])

    template = re.sub(r"{% for (\w+) in (\w+) %}(.*?){% endfor %}", loop, template, flags=re.S)
    return re.sub(r"{{ (\w+) }}", lambda found: html.escape(str(names[found[1]])), template)


print(render(TEMPLATE, items=["a", "<b>", 3]))


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs).get("href"))


links = Links()
links.feed('<p><a href="/x?a=1&amp;b=2">x</a><A HREF=y>y</a></p>')
print(links.found)
