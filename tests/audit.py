"""Known vulnerabilities of the pinned packages, as far as the vulnerability database can be reached; says how far."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PINS = Path(__file__).resolve().parent.parent / "requirements" / "run.txt"
SECONDS = 90


def audit() -> tuple[int, str]:
    """Return the exit code (1 only for a known vulnerability) and what to print."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format=json", "-r", str(PINS)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return verdict(json.loads(done.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError):
        return 0, "dependency audit: NOT DONE, the vulnerability database cannot be reached from here"


def verdict(packages: list[dict[str, Any]]) -> tuple[int, str]:
    """Return the exit code and sentence for pip-audit's findings; a package it skipped is not called sound."""
    vulnerable = [f"{p['name']} {p['version']}: {v['id']}" for p in packages for v in p.get("vulns", ())]
    skipped = sum("skip_reason" in p for p in packages)
    if vulnerable:
        return 1, "dependency audit: known vulnerabilities\n" + "\n".join(vulnerable)
    if skipped:
        return 0, f"dependency audit: NOT DONE for {skipped} of {len(packages)} packages (database not reachable)"
    return 0, f"dependency audit: no known vulnerability in {len(packages)} packages"


if __name__ == "__main__":
    code, words = audit()
    print(words)
    sys.exit(code)
