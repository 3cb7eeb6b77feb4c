"""What understanding costs: time for each question, start, memory; each in a process of its own, on one core."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bot.dialog.turn import Matcher
from bot.matching.evaluation import Question

_START = """
import time
from pathlib import Path
import psutil
from bot.content.loader import load
library = load(Path("dialogs"), Path("content"))
before, begun = psutil.Process().memory_info().rss, time.process_time()
from bot.matching import build_matcher
matcher = build_matcher(library)
print(time.process_time() - begun, (psutil.Process().memory_info().rss - before) / 2**20)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds for a question at the median and the 99th percentile; start in seconds and memory in MB, added;
    `learning` is the processor time it takes to learn everything, in seconds."""

    median: float
    p99: float
    start: float
    memory: float
    learning: float = 0.0


def measured_cost(root: Path, matcher: Matcher, questions: Sequence[Question]) -> Cost:
    """Return the cost, measured in processor time."""
    times = [_time(matcher, question) for _ in range(3) for question in questions]
    cuts = quantiles(times, n=100)
    done = subprocess.run([sys.executable, "-c", _START], cwd=root, capture_output=True, text=True, check=True)
    start, memory = map(float, done.stdout.split())
    return Cost(cuts[49], cuts[98], start, memory)


def _time(matcher: Matcher, question: Question) -> float:
    begun = time.process_time()
    matcher.match(question.text, question.context, question.register)
    return (time.process_time() - begun) * 1000
