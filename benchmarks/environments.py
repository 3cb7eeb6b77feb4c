"""Peers live in environments of their own: their pins and Footnote's exclude each other."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
VENVS = HERE / ".venvs"


class Environments:
    """Finds and makes the environments of peers, where they are `wanted`."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted

    def python(self, peer: str) -> Path | None:
        """Return the peer's interpreter, made if need be; None where peers are left out.

        Raises subprocess.CalledProcessError if the packages cannot be installed.
        """
        if not self._wanted:
            return None
        pins = PEERS / f"{peer}.txt"
        home = VENVS / peer
        stamp, python = home / ".pins", home / "bin" / "python"
        if stamp.exists() and stamp.read_bytes() == pins.read_bytes():
            return python
        print(f"installing {peer} into {home.relative_to(HERE.parent)} ...", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True, clear=True)
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", str(pins)]
        subprocess.run([str(python), *pip], check=True)
        stamp.write_bytes(pins.read_bytes())
        return python
