"""What a browser or a Markdown renderer would act on in a report."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

ALLOWED = frozenset(
    re.findall(
        r"\w+",
        """
        html head meta link title style script body a svg symbol circle path rect line text use desc header
        div p nav main section h1 h2 h3 h4 h5 ul ol li span dl dt dd aside details summary strong em b i code
        label input article figure figcaption blockquote table caption thead tbody tr th td footer
        """,
    )
)
ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)

READER = MarkdownIt("commonmark").enable("table").enable("strikethrough")


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "input"}:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def live_in(markdown: str) -> list[str]:
    """Every link, image and tag that a Markdown renderer would make, save for our own folds."""
    found = []
    for token in READER.parse(markdown):
        for each in [token, *(token.children or [])]:
            if each.type in {"link_open", "image", "html_inline", "s_open"}:
                found.append(f"{each.type}: {each.content}")
            if each.type == "html_block":
                ours = re.fullmatch(r"<details><summary>[^<>]*</summary>\s*|</details>\s*", each.content)
                if ours is None:
                    found.append(each.content)
    return found
