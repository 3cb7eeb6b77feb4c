"""Telegram's classic HTML parse mode: text and entities from markup, or the refusal Telegram would give."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.fakes.telegram_rules import Json, Refused, utf16

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
}


def parse_html(markup: str) -> tuple[str, list[Json]]:
    """Return the text and its entities; raises Refused for a tag Telegram does not know or that is left open."""
    parser = _Parser()
    parser.feed(markup)
    parser.close()
    if parser.open:
        raise Refused(
            f"Bad Request: can't parse entities: can't find end tag corresponding to start tag {parser.open[-1][0]}"
        )
    return "".join(parser.text), sorted(parser.entities, key=lambda one: (one["offset"], -one["length"]))


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.entities: list[Json] = []
        self.open: list[tuple[str, Json]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _KINDS:
            raise Refused(f'Bad Request: can\'t parse entities: unsupported start tag "{tag}"')
        entity: Json = {"type": _KINDS[tag], "offset": utf16("".join(self.text))}
        given = dict(attrs)
        if tag == "a":
            entity["url"] = given.get("href")
        if tag == "blockquote" and "expandable" in given:
            entity["type"] = "expandable_blockquote"
        self.open.append((tag, entity))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise Refused(f'Bad Request: can\'t parse entities: unexpected end tag "{tag}"')
        _, entity = self.open.pop()
        entity["length"] = utf16("".join(self.text)) - entity["offset"]
        if entity["length"]:
            self.entities.append(entity)

    def handle_data(self, data: str) -> None:
        self.text.append(data)
