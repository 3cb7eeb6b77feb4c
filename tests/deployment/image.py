"""Build today's Dockerfile and run the image without a container engine: `python -m tests.deployment.image`.

`buildah` builds on a base that `mmdebstrap` makes, under the name the Dockerfile asks for. Then the image's own command
runs as the image's user: read-only root, no capabilities, a network of its own without a way out. Each line printed is
one thing that was tried.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deployment import container
from tests.deployment.debian import CERTIFICATES, ROOT, Missing, main, make_root, need

BASE_PACKAGES = ("python3", "python3-venv", "python-is-python3", "ca-certificates")
NAME = "localhost/footnote:test"
NEEDED = {
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "git": "git",
}


@dataclass(frozen=True)
class Buildah:
    """buildah with a store of its own, so that nothing of the machine's is touched or left behind."""

    folder: Path

    def run(self, *words: str | Path) -> str:
        """Return what it printed; raises Missing with its last line if it fails."""
        store = ("--root", self.folder / "store", "--runroot", self.folder / "run", "--storage-driver", "vfs")
        done = subprocess.run(("buildah", *store, *words), cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"buildah {words[0]} failed: {' | '.join(done.stderr.strip().splitlines()[-3:])}")
        return done.stdout.strip()

    def base(self, name: str, suite: str) -> None:
        """Make the base image under the name the Dockerfile asks for."""
        tar = self.folder / "base.tar"
        make_root(suite, BASE_PACKAGES, tar)
        container = self.run("from", "scratch")
        self.run("add", container, tar, "/")
        self.run("commit", "--quiet", "--rm", container, f"docker.io/library/{name}")
        tar.unlink()

    def build(self) -> float:
        """Build the Dockerfile; return the seconds it took. What this machine trusts is lent to it."""
        begun = time.monotonic()
        pip = self.folder / "pip.conf"
        pip.write_text(f"[global]\ncert = {CERTIFICATES}\n", encoding="utf-8")
        lent = ("--volume", f"{Path(CERTIFICATES).parent}:{Path(CERTIFICATES).parent}:ro", "--volume")
        words = ("--isolation", "chroot", "--pull-never", "--format", "docker", *lent, f"{pip}:/etc/pip.conf:ro")
        self.run("build", *words, "--tag", NAME, ".")
        return time.monotonic() - begun

    @contextmanager
    def mounted(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the image's files and its configuration."""
        container = self.run("from", "--pull-never", NAME)
        try:
            told = json.loads(self.run("inspect", "--type", "image", NAME))
            yield Path(self.run("mount", container)), told["Docker"]["config"]
        finally:
            self.run("rm", container)

    def megabytes(self, name: str) -> int:
        """Return how large an image is."""
        (image,) = json.loads(self.run("images", "--json", name))
        return round(_bytes(str(image["size"])) / 1e6)


def _bytes(size: str) -> float:
    number, unit = size.split()
    power = ["B", "KB", "MB", "GB"].index(unit.upper())
    return float(number) * float(1000**power)


def bases() -> tuple[str, str]:
    """Return the one image the Dockerfile begins from, and the suite of Debian in it."""
    found = set(re.findall(r"^FROM (python:\S+-slim-(\w+))", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE))
    ((name, suite),) = found
    return str(name), str(suite)


def target() -> bool:
    """Build, look, and run."""
    need(NEEDED)
    with tempfile.TemporaryDirectory(prefix="footnote-image-") as folder:
        buildah = Buildah(Path(folder))
        name, suite = bases()
        buildah.base(name, suite)
        print(f"built   in {buildah.build():.0f} s on {name}", flush=True)
        print(f"size    {buildah.megabytes(NAME)} MB, {buildah.megabytes(name)} of them the base", flush=True)
        with buildah.mounted() as (root, config):
            described = Path(folder) / "config.json"
            described.write_text(json.dumps(config), encoding="utf-8")
            return _in_own_network(("--root", str(root), "--config", str(described)))


def _in_own_network(words: Sequence[str]) -> bool:
    """Run the second half of this module where there is loopback and nothing else."""
    again = (sys.executable, "-m", "tests.deployment.image", *words)
    alone = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *again)
    return subprocess.run(alone, cwd=ROOT, check=False).returncode == 0


def inside() -> bool:
    """Try everything on an image that is mounted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path)
    parser.add_argument("--config", type=Path)
    asked = parser.parse_args()
    image = container.Image(asked.root, json.loads(asked.config.read_text(encoding="utf-8")))
    return asyncio.run(container.examine(image))


if __name__ == "__main__":
    main(inside if sys.argv[1:] else target)
