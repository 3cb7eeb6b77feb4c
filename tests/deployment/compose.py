"""docker-compose.yml and deploy/nginx.conf, read and wired on loopback as Docker would wire them."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.deployment.debian import ROOT, Missing
from tests.fakes.slack import FakeSlack
from tests.fakes.telegram import FakeTelegram

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
UPSTREAM = "server replica:8080 resolve;"
"""The one line that Debian's nginx does not know (it came with 1.27.3), and that needs Docker's DNS."""


def replicas() -> int:
    """Return how many replicas the profile runs."""
    return int(COMPOSE["services"]["replica"]["deploy"]["replicas"])


def wired(service: str, secrets: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return a service's environment: the operator's variables filled in, its secrets where the files are."""

    def filled(value: str) -> str:
        return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: given.get(found[1], found[2]), value)

    named = {name: filled(str(value)) for name, value in COMPOSE["services"][service]["environment"].items()}
    return {name: re.sub(r"^(/run)?/secrets/", f"{secrets}/", value) for name, value in named.items()}


def operator(secrets: Path, port: int, database_url: str, telegram: FakeTelegram, slack: FakeSlack) -> dict[str, str]:
    """Write the secrets as an operator's editor does, with a line break at the end; return a replica's environment."""
    files = {
        "database_url": database_url,
        "footnote_secret": "a secret for two replicas, the same on both",
        "telegram_bot_token": telegram.token,
        "telegram_webhook_secret": "a-word-between-telegram-and-us",
        "slack_bot_token": slack.bot_token,
        "slack_signing_secret": slack.world.signing_secret,
    }
    for name, text in files.items():
        (secrets / name).write_text(f"{text}\n", encoding="utf-8")
    given = {
        "TELEGRAM_MODE": "webhook",
        "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram/webhook",
        "SLACK_MODE": "http",
        **{f"{name.upper()}_FILE": f"/secrets/{name}" for name in files if name.startswith(("telegram", "slack"))},
    }
    stand_ins = {"TELEGRAM_API_BASE_URL": telegram.url, "SLACK_API_BASE_URL": slack.api}
    return {**wired("replica", secrets, given), **stand_ins}


def free_port() -> int:
    """Return a port of loopback that nobody uses now; the proxy must know it before the replica has it."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Nginx:
    """Debian's nginx with deploy/nginx.conf, in front of replicas on loopback."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()

    @asynccontextmanager
    async def running(self, ports: Sequence[int]) -> AsyncIterator[None]:
        """Run it in front of replicas on these ports."""
        config = self._folder / "nginx.conf"
        config.write_text(self._config(ports), encoding="utf-8")
        own = f"daemon off; pid {self._folder}/pid; error_log {self._folder}/error.log;"
        process = await asyncio.create_subprocess_exec(
            *("/usr/sbin/nginx", "-p", self._folder, "-c", config, "-g", own), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await self._listens(process)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    def _config(self, ports: Sequence[int]) -> str:
        written = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        assert UPSTREAM in written
        servers = " ".join(f"server 127.0.0.1:{port};" for port in ports)
        return written.replace(UPSTREAM, servers).replace("listen 8080;", f"listen 127.0.0.1:{self.port};")

    async def _listens(self, process: asyncio.subprocess.Process) -> None:
        for _ in range(200):
            if process.returncode is not None:
                break
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        log = self._folder / "error.log"
        raise Missing(f"nginx did not start: {log.read_text('utf-8').strip() if log.exists() else 'no word why'}")
