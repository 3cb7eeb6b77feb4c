"""The README's two commands on a newer Debian: `python -m tests.deployment.newer [SUITE ...]` (trixie unless named).

A root of the suite is made with its own Python, make and git and nothing else, what is committed is cloned into it, and
`make run` and `make test` are run there as the README says.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.deployment.debian import CERTIFICATES, ROOT, Inside, Missing, main, make_root, need

PACKAGES = ("python3", "python3-venv", "make", "git", "ca-certificates")
ENVIRONMENT = {
    "HOME": "/root",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "FOOTNOTE_PORT": "0",
    "PIP_CERT": CERTIFICATES,
}
_OPEN = re.compile(r"Open (http://127\.0\.0\.1:\d+/)")


def run_and_look(inside: Inside) -> str:
    """Run `make run` until it serves, look at the page, and stop it as Ctrl-C does. Raises Missing if it ends."""
    begun = time.monotonic()
    words = inside.command(("make", "run"), ENVIRONMENT)
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    for line in process.stderr:
        if found := _OPEN.search(line):
            with urllib.request.urlopen(found.group(1), timeout=30) as page:
                shown = len(page.read())
            os.killpg(process.pid, signal.SIGINT)
            process.stderr.read()
            process.wait()
            return f"served a page of {shown:,} bytes after {time.monotonic() - begun:.0f} s"
    raise Missing(f"`make run` ended with {process.wait()}")


def test(inside: Inside) -> tuple[bool, str]:
    """Run `make test`; return whether it passed, and pytest's last line."""
    done = inside.run(("make", "test"), ENVIRONMENT)
    lines = [line.strip("= ") for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    summary = [line for line in lines if re.search(r"\d+ (passed|failed)", line)]
    return done.returncode == 0, "\n  ".join((*failed, *(summary or lines)[-1:]))


def on(suite: str, *, tests: bool) -> bool:
    """Run both commands on one suite, and print what came of it."""
    with tempfile.TemporaryDirectory(prefix="footnote-root-") as folder:
        root = Path(folder)
        make_root(suite, PACKAGES, root)
        subprocess.run(("git", "clone", "--quiet", ROOT, root / "src"), check=True)
        inside = Inside(root, "/src")
        version = inside.run(("python3", "--version"), ENVIRONMENT).stdout.strip()
        print(f"{suite}: {version}", flush=True)
        print(f"  make run: {run_and_look(inside)}", flush=True)
        if not tests:
            return True
        passed, summary = test(inside)
        print(f"  make test: {summary}", flush=True)
        return passed


def target() -> bool:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.deployment.newer", description=__doc__)
    parser.add_argument("suites", nargs="*", default=["trixie"], help="Debian's names")
    parser.add_argument("--run-only", action="store_true", help="`make run` alone")
    asked = parser.parse_args()
    need({"mmdebstrap": "mmdebstrap", "unshare": "util-linux", "git": "git"})
    held = [on(suite, tests=not asked.run_only) for suite in asked.suites]
    return all(held)


if __name__ == "__main__":
    main(target)
