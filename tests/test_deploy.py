"""The container files are well formed, and name services, variables and files that exist. No engine runs here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def lint(program: str, *words: str) -> None:
    done = subprocess.run([BIN / program, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_follows_the_schema() -> None:
    lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


def test_the_dockerfile_is_clean() -> None:
    lint("hadolint", "--failure-threshold", "warning", "Dockerfile")


def test_compose_names_only_services_volumes_and_secrets_that_exist() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= set(services), name
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"]), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), volume


def test_every_variable_is_a_setting() -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name in ("bot", "replica"):
        used = {variable.removesuffix("_FILE") for variable in COMPOSE["services"][name]["environment"]}
        assert used <= known


def test_what_compose_gives_as_a_file_is_not_hidden_by_a_variable() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for name, service in COMPOSE["services"].items():
        given = set(service.get("environment", ()))
        for variable in {variable.removesuffix("_FILE") for variable in given if variable.endswith("_FILE")}:
            assert variable not in given, f"{name}: {variable}"
            assert f"{variable}=" not in image, variable


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings(telegram_bot_token="", slack_bot_token="").telegram_bot_token is None


def test_the_bot_runs_as_nobody_on_a_read_only_disk_and_listens_on_loopback_outside() -> None:
    bot = COMPOSE["services"]["bot"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in bot["ports"])
    assert "\nUSER 10001\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
