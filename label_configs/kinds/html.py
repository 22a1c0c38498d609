"""Where the text nodes of an HTML document stand in its text, by their XPaths.

Label Studio stores a region of HyperText by the XPaths of its first and its last text node,
counted from the body, such as /div[1]/p[2]/text()[1], with an offset in each, in UTF-16 units. Its
global offsets count characters (code points), and a line break as one.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import unescape
from html.parser import HTMLParser

from label_configs.kinds.units import characters, units

#: Elements without content, which have no end tag.
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}
#: Elements within each other.
_DEEPEST = 512
#: What stands around the content, or is not part of it.
_OUTER = {"html", "body"}
_HIDDEN = {"head", "script", "iframe"}
#: Elements that end a paragraph that is still open (HTML Standard, 13.1.2.4).
_ENDS_P = {
    *("address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset", "figure"),
    *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "menu", "nav"),
    *("ol", "p", "pre", "section", "table", "ul"),
}
#: Elements that end an open one of these kinds, up to the element that holds them both.
_ENDS: dict[str, tuple[set[str], set[str]]] = {
    "li": ({"li"}, {"ul", "ol", "menu"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "option": ({"option"}, {"select"}),
    "tr": ({"tr"}, {"table", "tbody", "thead", "tfoot"}),
    "td": ({"td", "th"}, {"tr"}),
    "th": ({"td", "th"}, {"tr"}),
    "tbody": ({"tbody", "thead", "tfoot"}, {"table"}),
    "tfoot": ({"tbody", "thead", "tfoot"}, {"table"}),
}


@dataclass(frozen=True)
class Document:
    """The text of an HTML document and where its text nodes are."""

    text: str
    #: XPath of each text node to its first character and its length.
    nodes: dict[str, tuple[int, int]]

    def position(self, xpath: str, offset: int) -> int | None:
        """Where an offset in a text node stands in the text; None where there is no such place.

        Args:
            xpath: the text node's.
            offset: in UTF-16 units.
        """
        start, length = self.nodes.get(xpath, (0, -1))
        node = self.text[start : start + max(length, 0)]
        return start + characters(node, offset) if offset <= units(node) and length >= 0 else None

    def place(self, position: int) -> tuple[str, int] | None:
        """The text node that holds a character of the text, and where in it, in UTF-16 units.

        None for a line break that no text node holds, and outside the text.
        """
        at = bisect(self._starts, position) - 1
        if at < 0:
            return None
        start, xpath = self._starts[at], self._paths[at]
        inside = position < start + self.nodes[xpath][1]
        return (xpath, units(self.text[start:position])) if inside else None

    @cached_property
    def _paths(self) -> list[str]:
        return list(self.nodes)

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.nodes.values()]


@lru_cache(maxsize=32)
def document(html: str) -> Document:
    """The text nodes of a document or a part of one, as a browser would find them.

    The elements that browsers add or end by themselves are minded where they are common:
    paragraphs, lists and tables.
    """
    parser = _Nodes()
    # Parsers of HTML see no carriage return (HTML Standard, 13.2.3.5).
    parser.feed(html.replace("\r\n", "\n").replace("\r", "\n"))
    parser.end()
    return Document("".join(parser.parts), parser.nodes)


class _Nodes(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.nodes: dict[str, tuple[int, int]] = {}
        self.length = 0
        #: The open elements: their tag, their XPath, and how many children of each kind they have.
        self.open: list[tuple[str, str, Counter[str]]] = [("", "", Counter())]
        self.hidden = ""
        #: The XPath of the text node that more text would continue.
        self.current = ""

    def end(self) -> None:
        """Read what is left when all was fed.

        Of a tag or a comment that never ends, nothing is shown (HTML Standard, 13.2.5). `close`
        would show it, and look for the end of each of its parts anew, which takes for ever.
        """
        rest, self.rawdata = self.rawdata, ""
        if rest and self.cdata_elem is None and (rest in ("<", "</") or rest[0] != "<"):
            self.handle_data(unescape(rest))

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """What begins like <![CDATA[ ends at the next > in HTML, whatever it holds."""
        return self.parse_bogus_comment(i, report)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.hidden or tag in _OUTER:
            return
        if tag in _HIDDEN:
            self.hidden = tag
            return
        self._end_what_cannot_go_on(tag)
        if tag == "tr" and self.open[-1][0] == "table":
            self._begin("tbody")
        self._begin(tag)
        if tag == "br":
            self._add("\n")
        if tag in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            self.hidden = "" if tag == self.hidden else self.hidden
            return
        self.current = ""
        depth = max((i for i, (name, *_) in enumerate(self.open) if name == tag), default=0)
        if depth:
            del self.open[depth:]

    def handle_comment(self, data: str) -> None:
        self.current = ""

    def handle_data(self, data: str) -> None:
        if self.hidden or (not self.parts and len(self.open) == 1 and not data.strip()):
            return
        _, path, children = self.open[-1]
        if not self.current:
            children["text()"] += 1
            self.current = f"{path}/text()[{children['text()']}]"
            self.nodes[self.current] = (self.length, 0)
        start, length = self.nodes[self.current]
        self.nodes[self.current] = (start, length + len(data))
        self._add(data)

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def _begin(self, tag: str) -> None:
        self.current = ""
        # Chromium puts what is deeper beside its parent, too; each XPath is as long as it is deep.
        del self.open[_DEEPEST:]
        _, path, children = self.open[-1]
        children[tag] += 1
        self.open.append((tag, f"{path}/{tag}[{children[tag]}]", Counter()))

    def _end_what_cannot_go_on(self, tag: str) -> None:
        ended, within = _ENDS.get(tag, (set(), set()))
        if tag in _ENDS_P:
            ended, within = {"p"}, {"button", "td", "th", "table"}
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth][0] in ended:
                del self.open[depth:]
                return
            if self.open[depth][0] in within:
                return
