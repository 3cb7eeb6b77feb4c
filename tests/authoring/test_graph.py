"""The picture of the trees: every node once, none over another, every kind and review told apart."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bot.authoring.graph import BOX, KINDS, REVIEWS, as_svg, picture, write_png
from bot.authoring.review_page import mermaid
from bot.content.library import Library
from bot.content.loader import load
from bot.content.models import Answer, Review
from tests.content.mini import written

SVG = "{http://www.w3.org/2000/svg}"


def test_every_node_is_drawn_once_and_none_lies_over_another(library: Library) -> None:
    made = picture(library)
    assert set(made.nodes) == set(library.nodes)
    for one, other in combinations(made.nodes.values(), 2):
        assert abs(one.x - other.x) >= BOX[0] or abs(one.y - other.y) >= BOX[1], (one.node, other.node)
    assert all(
        one.x > 0 and one.x + BOX[0] < made.width and one.y + BOX[1] < made.height for one in made.nodes.values()
    )


def test_topics_are_clusters_and_lie_apart(library: Library) -> None:
    made = picture(library)
    assert len(made.clusters) == len(library.dialogs) + 2
    for one, other in combinations(made.clusters, 2):
        assert one.y + one.height < other.y or other.y + other.height < one.y


def test_every_button_within_a_tree_is_an_arrow_and_each_node_has_one_first_way(library: Library) -> None:
    made = picture(library)
    starts = {dialog.start for dialog in library.dialogs.values()}
    reached = [to for _, to, first in made.arrows if first]
    assert len(reached) == len(set(reached))
    assert not set(reached) & starts


def test_a_long_label_stays_in_its_box_and_says_that_it_was_cut(tmp_path: Path) -> None:
    folder = written(tmp_path)
    answer = folder / "content/ala/answers/ala-dose.yaml"
    label = "label: {professional: A label that is far too long for any button, layperson: How much?}"
    answer.write_text(re.sub(r"^label: .*", label, answer.read_text(), flags=re.MULTILINE))
    drawn = picture(load(folder / "dialogs", folder / "content"))
    assert drawn.nodes["ala-dose"].label == "A label that is far too long…"


def test_the_svg_is_sound_and_names_every_node(library: Library) -> None:
    root = ElementTree.fromstring(as_svg(library))  # our own text
    titles = [title.text.split(":")[0] for title in root.iter(f"{SVG}title") if title.text and ":" in title.text]
    assert sorted(titles) == sorted(library.nodes)
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {told for _, told in KINDS.values()} | {told for _, told in REVIEWS.values()} <= texts


@pytest.mark.parametrize("status", ["submitted", "under-review", "approved", "changed"])
def test_the_review_of_a_node_is_its_dot(status: str, library: Library) -> None:
    topic, node = library.topics["neuropathy"], "ala-dose"
    hash_ = library.hash_of(node) if status == "approved" else "else"
    written_ = "approved" if status == "changed" else status
    review = Review(status=written_, by="A", on="2026-01-01", due="2027-01-01", hash=hash_)  # type: ignore[arg-type]
    answers = {**topic.answers, node: replace_review(topic.answers[node], review)}
    made = picture(replace(library, topics={**library.topics, "neuropathy": replace(topic, answers=answers)}))
    assert made.nodes[node].review == status


def replace_review(answer: Answer, review: Review) -> Answer:
    label, title, claims, brief, notes = answer.label, answer.title, answer.claims, answer.brief, answer.notes
    return Answer(answer=answer.id, label=label, title=title, claims=claims, brief=brief, notes=notes, review=review)


def test_the_png_has_the_size_of_the_picture(library: Library, tmp_path: Path) -> None:
    from PIL import Image

    write_png(library, tmp_path / "x.png")
    made = picture(library)
    with Image.open(tmp_path / "x.png") as image:
        assert image.size == (made.width * 2, made.height * 2)


def test_mermaid_has_a_cluster_per_dialog_and_a_class_per_node(library: Library) -> None:
    lines = mermaid(library).splitlines()
    assert sum(line.startswith("    subgraph ") for line in lines) == len(library.dialogs)
    classed = [node for line in lines if line.startswith("    class ") for node in line.split()[1].split(",")]
    assert sorted(classed) == sorted(library.nodes)


def test_a_label_of_any_signs_stays_text(tmp_path: Path) -> None:
    folder = written(tmp_path)
    path = folder / "content/ala/answers/overview.yaml"
    path.write_text(path.read_text().replace("professional: Overview", "professional: '<b> & \"x\"'"))
    root = ElementTree.fromstring(as_svg(load(folder / "dialogs", folder / "content")))
    assert '<b> & "x"' in {text.text for text in root.iter(f"{SVG}text")}
