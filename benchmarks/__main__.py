"""`python -m benchmarks [--quick] [figure ...]`: measure, print, and (the full run of all figures) write the report."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks import machine, report
from benchmarks.bench import FULL, QUICK, Bench
from benchmarks.environments import Environments
from benchmarks.figures import FIGURES
from benchmarks.result import Result
from benchmarks.workers import ContenderFailed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen figures; return 0, or 1 when a figure could not be measured (a missed target is no failure)."""
    chosen = _parsed(arguments)
    began, neighbours = time.monotonic(), machine.Neighbours()
    about = machine.described()
    results: list[Result] = []
    with Bench(QUICK if chosen.quick else FULL, Environments(wanted=not chosen.quick)) as bench:
        if not chosen.quick:
            about |= machine.latencies(bench.folder)
        failed = [name for name in chosen.figures or FIGURES if not _measured(name, bench, results)]
        about |= {
            "run": f"{time.monotonic() - began:.0f} s, {bench.scale.rounds} rounds ({bench.scale.name}); "
            f"{neighbours.described()}"
        }
        raw = bench.keep(about)
        text = report.document(results, about, bench.profiles, bench.skipped)
    _tell(about, bench.skipped, failed, f"raw figures in {raw.name}")
    if not chosen.quick and not chosen.figures and not failed:
        report.DOCUMENT.write_text(text, encoding="utf-8")
    return 1 if failed else 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small round without peers, prints only")
    parser.add_argument("figures", nargs="*", choices=[[], *FIGURES], help="only these; prints only")
    return parser.parse_args(arguments)


def _measured(name: str, bench: Bench, results: list[Result]) -> bool:
    """Measure one figure, print it and keep it; return whether it could be measured."""
    print(f"== {name}", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        found = FIGURES[name](bench)
    except (ContenderFailed, RuntimeError, OSError, subprocess.SubprocessError) as fault:
        bench.skip(name, f"it failed: {fault}")
        return False
    for result in found:
        print(report.line(result), flush=True)
    results.extend(found)
    bench.took[name] = round(time.monotonic() - began, 1)
    return True


def _tell(about: dict[str, str], skipped: list[str], failed: list[str], where: str) -> None:
    print("\n".join([about["processor"], about["run"], *(f"not measured: {what}" for what in skipped), where]))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
