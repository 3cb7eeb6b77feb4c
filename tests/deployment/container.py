"""What is tried on the image: as its user, on a read-only root, in a network that leads nowhere."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.processes import Bot
from tests.deployment.debian import ROOT, Inside
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_people import Person

QUESTION = "what is alpha lipoic acid"
SECRET = {"FOOTNOTE_SECRET": "a secret for the image"}
PATIENCE = 60.0

WRITABLE = """
import json, os, pathlib
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
skipped, writable = {"/proc", "/sys", "/dev"}, []
for folder, below, _ in os.walk("/"):
    below[:] = [one for one in below if os.path.join(folder, one) not in skipped]
    try:
        probe = pathlib.Path(folder, ".probe"); probe.touch(); probe.unlink(); writable.append(folder)
    except OSError: pass
print(json.dumps({"writable": writable, **{name: status[name] for name in ("Uid", "CapEff", "CapBnd", "NoNewPrivs")}}))
"""

NOT_NEEDED = ("gcc", "cc", "g++", "ld", "make", "pip", "pip3")
"""Nothing is built in the image, so what builds has no place in it."""


@dataclass
class Image:
    """The image's files and what its configuration says."""

    root: Path
    config: Mapping[str, Any]
    held: bool = True

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the image."""
        return dict(str(pair).split("=", 1) for pair in self.config["Env"])

    def words(self, command: Sequence[str], data: Path, environment: Mapping[str, str] | None = None) -> list[str]:
        """Return the command line of a container: the image's user, folder and variables."""
        user = int(self.config["User"])
        inside = Inside(self.root, self.config["WorkingDir"], user, {data: "/data"})
        return inside.command(command, {**self.environment, **(environment or {})})

    def run(self, command: Sequence[str], data: Path) -> subprocess.CompletedProcess[str]:
        """Run a command in a container to its end."""
        return subprocess.run(self.words(command, data), capture_output=True, text=True, check=False)

    def bot(self, data: Path, environment: Mapping[str, str]) -> Bot:
        """Return the image's own command as a container that can be started and stopped."""
        return Bot({}, words=self.words(self.config["Cmd"], data, environment))

    def healthy(self, data: Path) -> bool:
        """Carry the image's health check out, beside the process."""
        kind, *command = self.config["Healthcheck"]["Test"]
        assert kind == "CMD", "no shell is needed"
        return self.run(command, data).returncode == 0

    def tell(self, what: str, held: bool, figures: str = "") -> None:
        """Print one line, and remember if it did not hold."""
        self.held = self.held and held
        print(f"{'ok  ' if held else 'FAIL'}    {what}{f': {figures}' if figures else ''}", flush=True)


async def examine(image: Image) -> bool:
    """Try everything, in the order in which an operator would meet it."""
    _look(image)
    with tempfile.TemporaryDirectory(prefix="footnote-data-") as folder:
        data = _volume(Path(folder) / "data", image)
        _as_nobody(image, data)
        await _serve(image, data)
    if commit := version_before():
        await _upgrade(image, commit)
    else:
        print("        upgrade not tried: this checkout has no history")
    return image.held


def _volume(folder: Path, image: Image) -> Path:
    """Return a folder as Docker makes a volume: owned as the image's /data is."""
    folder.mkdir(exist_ok=True)
    owner = (image.root / "data").stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    os.chmod(folder.parent, 0o755)
    return folder


def _look(image: Image) -> None:
    places = [image.root / one.removeprefix("/") for one in image.environment["PATH"].split(":")]
    found = sorted({name for name in NOT_NEEDED for place in places if (place / name).exists()})
    image.tell("no compiler, linker, make or pip", not found, ", ".join(found))
    caches = [path for path in image.root.glob("**/.cache") if path.is_dir()]
    caches += [*image.root.glob("var/lib/apt/lists/*Packages*"), *image.root.glob("var/cache/apt/archives/*.deb")]
    image.tell("no cache of pip or apt", not caches, ", ".join(map(str, caches[:3])))


def _as_nobody(image: Image, data: Path) -> None:
    told = json.loads(image.run(("python", "-c", WRITABLE), data).stdout)
    uid = told["Uid"].split()[0]
    image.tell("runs as the image's user", uid == image.config["User"] != "0", uid)
    none = {told["CapEff"], told["CapBnd"]} == {"0" * 16} and told["NoNewPrivs"] == "1"
    image.tell("has no capabilities and no way to any", none, f"effective {told['CapEff']}, bounding {told['CapBnd']}")
    image.tell("writes to /data and /tmp alone", set(told["writable"]) == {"/data", "/tmp"}, str(told["writable"]))
    begun = time.monotonic()
    asked = image.run(("footnote", "ask", "--tone", "layperson", "does ALA help?"), data)
    first = (asked.stdout or asked.stderr).strip().splitlines()[:1]
    took = time.monotonic() - begun
    image.tell("footnote ask", asked.returncode == 0, f"{took:.1f} s, {' '.join(first)}")


async def _serve(image: Image, data: Path) -> None:
    image.tell("the health check fails while nothing runs", not image.healthy(data))
    async with served(image.bot(data, {}), image, data) as (bot, telegram, ann):
        image.tell("the health check holds while it serves", image.healthy(data))
        begun = time.monotonic()
        ann.says(QUESTION)
        text = (await telegram.next_message(ann))["text"]
        image.tell("one turn", "lpha" in text, f"{time.monotonic() - begun:.2f} s, {text.splitlines()[0]}")
        image.tell("memory", True, f"{_weight(bot):.0f} MB resident")
        await _drain(image, bot, telegram, ann)


async def _drain(image: Image, bot: Bot, telegram: FakeTelegram, ann: Person) -> None:
    """Stop it while a question is being answered slowly."""
    slow = telegram.fault("sendMessage", delay=2.0)
    ann.says("is it safe?")
    await telegram.until(lambda: slow.struck, "the answer is under way", PATIENCE)
    begun = time.monotonic()
    code = await bot.stop()
    took = time.monotonic() - begun
    telegram.faults.clear()
    answered = bool((await telegram.next_message(ann))["text"])
    image.tell("SIGTERM drains", code == 0 and answered and took < 20, f"{took:.1f} s, exit code {code}, answered")


async def _upgrade(image: Image, commit: str) -> None:
    """Let the version before accept questions it cannot answer, kill it, and start the image on what it left."""
    with tempfile.TemporaryDirectory(prefix="footnote-upgrade-") as name:
        folder = Path(name)
        _checkout(commit, folder / "old")
        (folder / "data").mkdir()
        async with FakeTelegram() as telegram:
            people = [telegram.person(one) for one in ("Ann", "Ben", "Cem")]
            settings = _settings(telegram)
            url = f"sqlite:///{folder / 'data' / 'footnote.sqlite3'}"
            old = Bot({**settings, "FOOTNOTE_DATABASE_URL": url, "PYTHONPATH": ""}, folder=folder / "old")
            old.words = (sys.executable, "-m", "bot", "serve")
            await old.start()
            fault = telegram.fault("sendMessage", status=503)
            for person in people:
                person.says(QUESTION)
            await telegram.until(lambda: not telegram.feed.pending, "they are accepted", PATIENCE)
            await old.kill()
            telegram.faults.remove(fault)
            new = image.bot(_volume(folder / "data", image), settings)
            await new.start()
            texts = [(await telegram.next_message(person))["text"] for person in people]
            code = await new.stop()
    held = code == 0 and all("lpha" in text for text in texts)
    image.tell(f"upgrade from {commit[:7]}", held, f"{len(texts)} waiting questions answered")


def version_before() -> str:
    """Return the commit of the version before this one; empty where there is no history."""
    releases = _git("log", "-G^version = ", "--format=%H", "--", "pyproject.toml").split()
    return _git("rev-parse", f"{releases[0]}^").strip() if len(releases) > 1 else ""


def _git(*words: str) -> str:
    return subprocess.run(("git", *words), cwd=ROOT, capture_output=True, text=True, check=False).stdout


def _checkout(commit: str, folder: Path) -> None:
    packed = subprocess.run(("git", "archive", commit), cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        files.extractall(folder, filter="data")


def _settings(telegram: FakeTelegram) -> dict[str, str]:
    return {**SECRET, "TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_BASE_URL": telegram.url}


@asynccontextmanager
async def served(bot: Bot, image: Image, data: Path) -> AsyncIterator[tuple[Bot, FakeTelegram, Person]]:
    """Start the image's own command beside a stand-in of Telegram."""
    async with FakeTelegram() as telegram:
        bot.words = image.words(image.config["Cmd"], data, _settings(telegram))
        begun = time.monotonic()
        await bot.start()
        image.tell("start", bot.port == 8080, f"{time.monotonic() - begun:.1f} s until port {bot.port} answers")
        try:
            yield bot, telegram, telegram.person("Ann")
        finally:
            await bot.kill()


def _weight(bot: Bot) -> float:
    bot.weigh()
    return bot.peak_megabytes
