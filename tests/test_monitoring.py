"""The example alerts and the dashboard: Prometheus's own grammar, metrics and labels of a real `/metrics` answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.dialog.engine import Engine
from tests.inbox.support import event
from tests.inbox.test_rate_limit import empty, workers

ROOT = Path(__file__).resolve().parent.parent
GROUPS: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/prometheus-rules.yml").read_text("utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text("utf-8"))
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")

OF_PROMETHEUS = {"up": {"job", "instance"}}
"""What Prometheus itself knows about what it scrapes."""

WANTED = {
    "footnote_turns_total": {"channel", "node", "outcome"},
    "footnote_emergencies_total": {"channel", "card"},
    "footnote_answer_seconds_bucket": {"channel", "le"},
    "footnote_inbox_waiting": {"channel"},
    "footnote_inbox_oldest_seconds": {"channel"},
    "footnote_inbox_quarantined": {"channel"},
    "footnote_quarantined_total": {"channel"},
    "footnote_retries_total": {"channel", "reason"},
    "footnote_platform_up": {"channel"},
}
"""What /metrics must tell at least."""


def expressions() -> list[str]:
    shown = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [*(str(rule["expr"]) for rule in RULES), *shown]


def selected(expression: str) -> set[str]:
    """Return the names of the time series an expression reads. Raises ValueError where Prometheus would refuse it."""
    names: set[str] = set()

    def look(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            names.add(str(node.name))

    promql_parser.walk(promql_parser.parse(expression), look)
    return names


def labels_in(expression: str) -> set[str]:
    grouped = [label for group in re.findall(r"\bby \(([^)]*)\)", expression) for label in group.split(",")]
    return {label.strip() for label in grouped} | set(re.findall(r"[{,]\s*(\w+)\s*[=!]", expression))


async def served(engine: Engine, folder: Path) -> dict[str, set[str]]:
    """Return every time series of a service that has answered something, with the names of its labels."""
    async with workers(folder, engine, 30) as (service, platform, store):
        await service.accept(event("what is alpha lipoic acid"))
        await empty(store)
        await service.inbox._maintenance.measure()
        async with service.inbox.lead(platform.name):
            port = service.listening.result()
            async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/metrics") as answer:
                assert answer.headers["Content-Type"].startswith("text/plain")
                page = await answer.text()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


async def test_every_metric_and_label_used_is_in_a_real_answer(engine: Engine, tmp_path: Path) -> None:
    known = await served(engine, tmp_path) | OF_PROMETHEUS
    assert {name for name in WANTED if not WANTED[name] <= known.get(name, set())} == set()
    for expression in expressions():
        names = selected(expression)
        assert names, expression
        assert names <= set(known), expression
        assert labels_in(expression) <= set().union(*(known[name] for name in names)), expression


def test_the_check_finds_what_is_wrong() -> None:
    assert selected("sum by (a) (rate(x[5m])) / y > 5") == {"x", "y"}
    assert labels_in('sum by (a, b) (rate(x{c="d", e!="f"}[5m]))') == {"a", "b", "c", "e"}
    for wrong in ("rate(x)", "sum by (a (x)", "x >", "rates(x[5m])"):
        with pytest.raises(ValueError, match=r"\S"):
            selected(wrong)


def test_rules_have_the_shape_prometheus_takes() -> None:
    assert {key for group in GROUPS for key in group} <= {"name", "interval", "rules"}
    assert len({rule["alert"] for rule in RULES}) == len(RULES) >= 8
    for rule in RULES:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m")), rule
        assert rule["labels"]["severity"] in ("page", "ticket")
        placeholders = re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])
        assert set(placeholders) <= labels_in(rule["expr"]), rule


def test_every_alert_has_a_recipe() -> None:
    titles = re.findall(r"^#+ (.*)", OPERATIONS, re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for rule in RULES:
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operations.md"
        assert anchor in headings, rule["alert"]


def test_the_dashboard_is_one_grafana_can_import() -> None:
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= set(DASHBOARD)
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        across = range(place["x"], place["x"] + place["w"])
        cells = {(x, y) for x in across for y in range(place["y"], place["y"] + place["h"])}
        assert max(across) < 24, panel["title"]
        assert not cells & taken, f"{panel['title']} lies over another panel"
        taken |= cells
        assert panel["datasource"]["uid"] == "${source}"
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    (source,) = DASHBOARD["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("source", "datasource", "prometheus")
