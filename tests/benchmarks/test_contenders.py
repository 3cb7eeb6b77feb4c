"""Every contender of ours really does its work, at the smallest size; nothing here may fail for being slow."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence

import pytest

from benchmarks import trees
from benchmarks.bench import Bench, Scale
from benchmarks.environments import PEERS, Environments
from benchmarks.figures import FIGURES
from benchmarks.workers import ContenderFailed, Worker
from tests import fork_server

TINY = Scale(rounds=1, size=0.001, name="tiny")
FEW = ("telegram", "telegram-http", "slack", "slack-https", "engine", "storage", "rest", "history", "load", "cold")
"""Enough figures to run every contender once, but for peers: those need environments that `make bench` installs."""


class Forked:
    """A contender's process that spares the start of an interpreter, with what a `Worker` uses of one."""

    def __init__(self, words: Sequence[str]) -> None:
        self._child = fork_server.Child(*words, environment=os.environ, folder=fork_server.ROOT, streams="01")
        self.pid, self.poll, self.wait = self._child.pid, self._child.poll, self._child.wait
        self.stdin, self.stdout = os.fdopen(self._child.pipes[0], "w"), os.fdopen(self._child.pipes[1])

    def kill(self) -> None:
        self._child.send_signal(signal.SIGKILL)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench(TINY, Environments(wanted=False)) as made:
        yield made


@pytest.mark.parametrize("name", FEW)
def test_figures_are_measured(name: str, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = Worker._begun

    def forked(worker: Worker, python: str, words: Sequence[str], environment: Mapping[str, str] | None) -> object:
        """Fork, but for who is given certificates: those are read at an import."""
        return begun(worker, python, words, environment) if environment else Forked(words)

    monkeypatch.setattr(Worker, "_begun", forked)
    results = FIGURES[name](bench)
    assert results
    assert all(result.value.median > 0 for result in results)
    assert bench.raw
    assert not bench.skipped


def test_a_peer_left_out_is_named_and_not_invented(bench: Bench) -> None:
    assert FIGURES["chatsky-memory"](bench) == []
    [skipped] = bench.skipped
    assert "Chatsky" in skipped


def test_an_arm_that_cannot_work_is_no_figure() -> None:
    with pytest.raises(ContenderFailed, match="No module named"):
        Worker("benchmarks.contenders.missing:Turns")
    with (
        Worker("benchmarks.contenders.telegram_stock:Press") as worker,
        pytest.raises(ContenderFailed, match="unexpected"),
    ):
        worker.round(unexpected=1)


def test_peers_are_pinned_without_an_index() -> None:
    files = sorted(PEERS.glob("*.txt"))
    assert [file.stem for file in files] == ["aiogram", "chatsky"]
    for file in files:
        lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        assert all(line.count("==") == 1 and "/" not in line for line in lines)


def test_walks_follow_the_tree_and_lanes_never_share_a_user() -> None:
    walk, at = trees.Walk(nodes=20, users=10, at_once=2), dict.fromkeys(range(10), 0)
    for number, (user, target) in enumerate(walk.presses(500)):
        assert user % 2 == number % 2
        assert target in (*trees.follow_ups(at[user], 20), 0)
        at[user] = target
    assert len(set(at.values())) > 1


def test_every_node_of_a_tree_can_be_reached() -> None:
    found, waiting = {0}, [0]
    while waiting:
        new = set(trees.follow_ups(waiting.pop(), 300)) - found
        found |= new
        waiting.extend(new)
    assert len(found) == 300
