"""Text nodes of HTML are found where another parser finds them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from label_configs.kinds.html import document

inline = st.recursive(
    st.sampled_from(["Anna", " to ", "Berlin &amp; Oslo", "a<br>b", "x<!-- y -->z", "🦊"]),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(["b", "i", "span"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
blocks = st.recursive(
    st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(["p", "h1", "div"]),
        st.lists(inline, min_size=1, max_size=3),
    )
    | st.builds(
        lambda items: f"<ul>{''.join(f'<li>{item}' for item in items)}</ul>",
        st.lists(inline, min_size=1, max_size=3),
    )
    | st.builds(
        lambda cells: f"<table><tbody><tr>{''.join(f'<td>{c}' for c in cells)}</table>",
        st.lists(inline, min_size=1, max_size=3),
    ),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(
        lambda parts: f"<div>{''.join(parts)}</div>"
    ),
    max_leaves=4,
)


def assert_as_lxml_finds(source: str) -> None:
    ours = document(source)
    body = lxml_html.document_fromstring(f"<html><body>{source}</body></html>").find("body")
    assert ours.nodes
    for path, (start, length) in ours.nodes.items():
        assert [str(text) for text in body.xpath("." + path)] == [ours.text[start : start + length]]
    assert ours.text.replace("\n", "") == body.text_content().replace("\n", "")


@given(st.lists(blocks, min_size=1, max_size=4))
def test_every_text_node_is_where_lxml_finds_it(parts: list[str]) -> None:
    """The same text at the same XPath, and all of the text, in any nesting of common tags."""
    assert_as_lxml_finds("".join(parts))


@pytest.mark.parametrize(
    "source",
    [
        "<p>one<p>two<div>three</div>",
        "<ul><li>one<ul><li>inner</ul><li>two</ul>",
        "<table><tbody><tr><td>a<td>b<tr><td>c</table>after",
        "<dl><dt>a<dd>b<dt>c</dl>",
        "<p>a &lt; b &nbsp; &eacute;</p>",
        "<p>1 < 2</p><img src='x'><p>3</p>",
    ],
)
def test_unclosed_elements_end_where_browsers_end_them(source: str) -> None:
    """Paragraphs, items of lists and cells end without an end tag."""
    assert_as_lxml_finds(source)


def test_what_is_not_shown_is_no_text() -> None:
    """The head, scripts, and the elements around the content do not count."""
    inside = "<body><p>a<br>b</p><script>x</script></body>"
    whole = document(f"<html><head><title>T</title></head>{inside}</html>")
    assert whole.text == "a\nb"
    assert whole.nodes == {"/p[1]/text()[1]": (0, 1), "/p[1]/text()[2]": (2, 1)}


def test_browsers_put_rows_into_a_body() -> None:
    """A row that stands in a table itself lies in a tbody that the browser adds."""
    assert list(document("<table><tr><td>a</table>").nodes) == [
        "/table[1]/tbody[1]/tr[1]/td[1]/text()[1]"
    ]


def test_places_outside_are_none() -> None:
    """No such node, or an offset beyond its end."""
    found = document("<p>abc</p>")
    assert found.position("/p[1]/text()[1]", 3) == 3
    assert found.position("/p[1]/text()[1]", 4) is None
    assert found.position("/p[2]/text()[1]", 0) is None


def test_elements_deeper_than_browsers_nest_them_take_no_room() -> None:
    """No XPath has more than 512 steps before its text."""
    found = document("<div>" * 10_000 + "x")
    assert max(path.count("/") for path in found.nodes) == 513
    assert found.text == "x"


def test_carriage_returns_are_line_breaks() -> None:
    """HTML Standard, 13.2.3.5: of a pair with a line feed only that is left."""
    assert document("<p>a\r\nb\rc</p>").text == "a\nb\nc"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a <b", "a "),
        ("a <!-- b", "a "),
        ("a <![CDATA[b> c", "a  c"),
        ("a <![b[c]]> d", "a  d"),
        ("a </", "a </"),
        ("a <", "a <"),
        ("a &am", "a &am"),
    ],
)
def test_of_what_never_ends_nothing_is_shown(source: str, text: str) -> None:
    """Tags and comments end with the document, as the HTML Standard says in 13.2.5."""
    assert document(source).text == text


@pytest.mark.parametrize("part", ["<a b='", "<a  ", "<a =", "<a/", "<!--", "<![CDATA[", "<?"])
def test_what_never_ends_is_read_once(part: str) -> None:
    """A megabyte of it takes less than the seconds that a second look at each part would."""
    before = time.process_time()
    document(part * (1_000_000 // len(part)))
    assert time.process_time() - before < 5
