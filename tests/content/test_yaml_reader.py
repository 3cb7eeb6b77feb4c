"""One YAML file: what it may hold, what is refused, and that nothing but a fault ever comes of it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.content import yaml_reader
from bot.content.diagnostics import SourceMap
from bot.content.yaml_reader import read


def data_of(text: str) -> object:
    page = read("page.yaml", text.encode())
    assert page.diagnostics == []
    return page.data


def headlines(raw: bytes) -> list[str]:
    return [diagnostic.headline for diagnostic in read("page.yaml", raw).diagnostics]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("6", 6),
        ("0.51", 0.51),
        ("true", True),
        ("null", None),
        ("~", None),
        ("'6'", "6"),
        ("on", "on"),
        ("no", "no"),
        ("12:30", "12:30"),
        ("2026-11-03", "2026-11-03"),
        ("0123", "0123"),
        ("1e3", "1e3"),
        ("600 mg", "600 mg"),
        ("9" * 5000, "9" * 5000),
        ("α-lipoic", "α-lipoic"),
    ],
)
def test_plain_values_mean_what_they_look_like(written: str, meant: object) -> None:
    assert data_of(f"a: {written}") == {"a": meant}


def test_lists_are_tuples_and_on_is_a_name() -> None:
    assert data_of("review: {on: 2026-11-03}\ncites: [a, b]") == {"review": {"on": "2026-11-03"}, "cites": ("a", "b")}


def test_a_byte_order_mark_and_windows_lines_are_read() -> None:
    assert read("page.yaml", "\ufeffa: 1\r\nb: 2\r\n".encode()).data == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a:\n\tb: 1", "page.yaml:2:1: F02 a tab stands where YAML wants spaces"),
        (b"a: 'x\nb: 2", "page.yaml:1:4: F02 the quote that opens here is never closed"),
        (b'a: "x\nb: 2', "page.yaml:1:4: F02 the quote that opens here is never closed"),
        (b"a: ?", "page.yaml:1:4: F02 a question mark stands alone or begins unquoted text"),
        (b"a: {b: ?}", "page.yaml:1:8: F02 a question mark begins unquoted text"),
        (b"a: b: c", "page.yaml:1:5: F02 a colon stands inside unquoted text"),
        (b"a: [1, 2\nb: 3", "page.yaml:2:2: F02 a list `[` is not closed"),
        (b"a: @x", "page.yaml:1:4: F02 text cannot begin with `@` unless it is quoted"),
        (b"a: 'don't'", "page.yaml:1:9: F02 text goes on after a closing quote"),
        (b'a: "\\q"', "page.yaml:1:5: F02 a backslash in double quotes begins no known escape"),
        (b"a: - b", "page.yaml:1:4: F02 a list item `- ` cannot begin here"),
        (b"a: 1\n---\nb: 2", "page.yaml:2:1: F02 a second document begins here"),
        (b"a: x\x07y", "page.yaml:1:5: F02 the control character U+0007 is not allowed"),
        (b"a: 1\nb: caf\xe9", "page.yaml:2:1: F01 the file is not UTF-8 text"),
        *(
            ("a: 1\nb: text\n".encode(encoding), "page.yaml:1:1: F01 the file is not UTF-8 text")
            for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
        ),
        (b"", "page.yaml:1:1: F01 the file is empty"),
        (b"a: 1\na: 2", "page.yaml:2:1: F03 `a` stands here twice"),
        (b"1: x", "page.yaml:1:1: F05 a name must be text"),
        (b"a: !!python/name:os.system x", "page.yaml:1:4: F04 the tag `!!python/name:os.system` is not used here"),
    ],
)  # fmt: skip
def test_each_fault_has_its_place_and_a_plain_sentence(raw: bytes, said: str) -> None:
    assert headlines(raw) == [said]


def test_aliases_that_would_explode_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    page = read("page.yaml", "\n".join(lines).encode())
    assert {diagnostic.code for diagnostic in page.diagnostics} == {"F04"}
    assert sum(len(value) for value in page.data.values()) == 90


@pytest.mark.parametrize("text", ["- " * 300_000 + "a", "[" * 300_000, "{a: " * 300_000, "? " * 300_000])
def test_endless_nesting_is_a_fault_and_not_the_end_of_the_process(text: str) -> None:
    assert [diagnostic.message for diagnostic in read("page.yaml", text.encode()).diagnostics] == [
        "the file is nested too deeply"
    ]


def test_a_file_over_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_reader, "MAX_BYTES", 2**20)
    assert headlines(b"a" * 2**20 + b"a") == ["page.yaml:1:1: F01 the file is larger than 1 MiB"]


def test_a_fault_shows_the_line_a_caret_and_the_remedy() -> None:
    (diagnostic,) = read("page.yaml", b"cites: [a]\ncites: [b]\n").diagnostics
    assert str(diagnostic) == "\n".join(
        [
            "page.yaml:2:1: F03 `cites` stands here twice",
            "    cites: [b]",
            "    ^",
            "    fix: keep one of the two",
        ]
    )


def test_a_long_line_is_clipped_around_the_place() -> None:
    (diagnostic,) = read("page.yaml", b"a: {" + b"x: 1, " * 60 + b"x: 2}").diagnostics[-1:]
    shown, caret = str(diagnostic).splitlines()[1:3]
    assert len(shown) < 120
    assert shown[caret.index("^")] == "x"


def test_a_survey_knows_where_everything_stands() -> None:
    survey = SourceMap("a:\n  - b: one\n    c: |\n      two\n      three\nd: {e: f}\n")
    assert survey.place(("a", 0, "b")) == (1, 7)
    assert survey.place(("a", 0, "c"), key=True) == (2, 4)
    assert survey.source_range(("a", 0, "c")).block
    assert survey.source_range(("d",)).end == (5, 9)
    assert (survey.source_range(("a", 0)).rows, survey.source_range(("d",)).rows) == (("b", "c"), ())
    assert survey.place(("a", 0, "missing")) == (1, 4), "the nearest place above it"


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"\xef\xbb\xbf")
@example(b"a: &x [*x]")
@example(b"%YAML 9.9\n---\na")
@example(b"? {a: b}\n: c")
@example(b"!<tag> a")
def test_no_bytes_do_more_than_give_faults(raw: bytes) -> None:
    page = read("page.yaml", raw)
    assert page.diagnostics or page.data is not None
    for diagnostic in page.diagnostics:
        assert str(diagnostic).startswith("page.yaml:")


@settings(deadline=None)
@given(st.recursive(st.text(max_size=8) | st.none(), lambda inner: st.lists(inner, max_size=3)))
def test_a_survey_never_fails(data: object) -> None:
    assert SourceMap(repr(data)).place(("a", 0)) >= (0, 0)
