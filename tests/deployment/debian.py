"""Debian's tools, root file systems made by `mmdebstrap`, and commands run inside them without a container engine."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""What this machine trusts, a registry mirror's own authority among it; a root trusts the same."""

CANNOT = 2
"""The exit code of a target that cannot run here: neither passed nor failed."""


class Missing(Exception):
    """This machine cannot run the target; the text says what is missing."""


def main(target: Callable[[], bool]) -> None:
    """Run a target and exit with 0 if it held, 1 if not, 2 with a sentence where it cannot run."""
    try:
        sys.exit(0 if target() else 1)
    except Missing as fault:
        print(f"cannot run here: {fault}")
        sys.exit(CANNOT)


def need(packages: Mapping[str, str]) -> None:
    """Make sure that programs are there, by the Debian packages that bring them; raises Missing."""
    if os.geteuid() != 0:
        raise Missing("only root can make a root file system and enter it")
    if absent := sorted({package for program, package in packages.items() if not _found(program)}):
        _install(absent)
    if lacking := [program for program in packages if not _found(program)]:
        raise Missing(f"{', '.join(lacking)} is missing: apt-get install {' '.join(packages[one] for one in lacking)}")


def _found(program: str) -> bool:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _install(packages: Sequence[str]) -> None:
    if not _found("apt-get"):
        raise Missing(f"there is no apt-get to install {' '.join(packages)}")
    print(f"installing {' '.join(packages)} ...", flush=True)
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True}
    subprocess.run(("apt-get", "update", "-qq"), check=False, **quiet)  # type: ignore[call-overload]
    wait = ("-o", "DPkg::Lock::Timeout=300")
    subprocess.run(  # type: ignore[call-overload]
        ("apt-get", *wait, "install", "-y", "-qq", "--no-install-recommends", *packages), check=False, **quiet
    )


def make_root(suite: str, packages: Sequence[str], target: Path) -> None:
    """Make a folder (or `.tar`) that holds a minimal Debian of a suite; raises Missing where none can be fetched."""
    words = ("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}")
    late = "--aptopt=Acquire::Check-Valid-Until false"  # a mirror may be a snapshot
    done = subprocess.run((*words, late, suite, target, MIRROR), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"mmdebstrap could not make Debian {suite}: {done.stderr.strip().splitlines()[-1:]}")
    if target.is_dir():
        for path in (CERTIFICATES, "/etc/resolv.conf", "/etc/hosts"):
            shutil.copy(path, f"{target}{path}")


@dataclass(frozen=True)
class Inside:
    """How a command runs inside a root: who it is, and what it may write to.

    It has a mount table of its own, so nothing is left mounted when it ends. Without a `user` it is root on a writable
    root; a user gets a read-only one, no capabilities, and no way to new ones.
    """

    root: Path
    folder: str = "/"
    user: int | None = None
    binds: Mapping[Path, str] | None = None

    def command(self, words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """Return the command line that runs `words` inside; its process is the program itself, not a wrapper."""
        given = [f"{name}={value}" for name, value in environment.items()]
        inside = ["/usr/bin/env", "-i", f"--chdir={self.folder}", *given, *words]
        if self.user is not None:
            who = str(self.user)
            none = ("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--clear-groups")
            inside = ["/usr/bin/setpriv", f"--reuid={who}", f"--regid={who}", *none, *inside]
        entered = f"exec chroot {shlex.quote(str(self.root))} {shlex.join(inside)}"
        return ["unshare", "--mount", "--propagation=private", "sh", "-ec", f"{self._mounts()}{entered}"]

    def run(self, words: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run it to its end and return what it printed."""
        return subprocess.run(self.command(words, environment), capture_output=True, text=True, check=False)

    def _mounts(self) -> str:
        root = shlex.quote(str(self.root))
        steps = [f"mount --bind {root} {root}", f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        if self.user is not None:
            steps.append(f"mount -t tmpfs tmpfs {root}/tmp")
        steps += [f"mount --bind {shlex.quote(str(path))} {root}{at}" for path, at in (self.binds or {}).items()]
        if self.user is not None:
            steps.append(f"mount -o remount,bind,ro {root}")
        return "".join(f"{step}; " for step in steps)
