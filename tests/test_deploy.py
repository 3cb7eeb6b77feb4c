"""The container files are well formed, and name services, variables and files that exist. No engine runs here."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.registry import plugins
from bot.settings import EnvironmentSettings, Settings

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

SECRETS = "./deploy/secrets"
"""Made by the operator, kept out of git."""


def lint(program: str, *words: str) -> None:
    done = subprocess.run([BIN / program, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pythons_it_runs_on_are_the_same_in_the_metadata_and_the_readme() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [one.removeprefix("Programming Language :: Python :: ") for one in project["classifiers"]]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    least = project["requires-python"].removeprefix(">=")
    assert f"needs Python {least} or newer (tested on {' and '.join(named)}" in readme
    assert named[0] == least
    assert f"sys.version_info < ({least.replace('.', ', ')})" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_build_is_given_every_file_the_dockerfile_copies() -> None:
    """The ignore file lets through what it names; what it forgets ends the build."""
    shown = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", image, re.MULTILINE) for word in line.split()]
    assert len(copied) > 8
    assert [path for path in copied if path not in shown and path.partition("/")[0] not in shown] == []


UNITS = sorted((ROOT / "deploy" / "systemd").glob("footnote*"))
SAFE = 2.5


def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    program = tmp_path / "footnote"
    program.touch(0o755)
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/footnote/bin/footnote", str(program))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    words = ("systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    about_ours = [line for line in done.stderr.splitlines() if "footnote" in line]
    assert (done.returncode, about_ours) == (0, [])


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_the_units_are_exposed_to_little(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    words = ("systemd-analyze", "security", "--offline=true", "--no-pager", str(unit))
    shown = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", shown)
    assert found, shown
    assert float(found[1]) <= SAFE


def test_the_unit_waits_for_a_drain_before_it_kills() -> None:
    text = (ROOT / "deploy" / "systemd" / "footnote.service").read_text(encoding="utf-8")
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert float(seconds) >= Settings().footnote_drain_seconds + 5


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
            assert source in (*COMPOSE["volumes"], SECRETS) or (ROOT / source).exists(), volume


def test_every_variable_is_a_setting() -> None:
    models: list[type[EnvironmentSettings]] = [Settings, *(plugin.settings for plugin in plugins())]
    known = {model.variable(field) for model in models for field in model.model_fields}
    for name in ("bot", "replica"):
        used = {variable.removesuffix("_FILE") for variable in COMPOSE["services"][name]["environment"]}
        assert used <= known


def test_what_compose_gives_as_a_file_is_not_hidden_by_a_variable() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for name, service in COMPOSE["services"].items():
        given = service.get("environment", {})
        for variable in (variable.removesuffix("_FILE") for variable in given if variable.endswith("_FILE")):
            assert str(given.get(variable, "")) in ("", f"${{{variable}:-}}"), f"{name}: {variable}"
            assert f"{variable}=" not in image, variable


def test_every_secret_can_come_from_a_file() -> None:
    for name in ("bot", "replica"):
        given = COMPOSE["services"][name]["environment"]
        tokens = {variable for variable in given if variable.endswith(("TOKEN", "SECRET"))}
        assert len(tokens) >= 5
        assert {f"{variable}_FILE" for variable in tokens} <= set(given)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings(footnote_secret="").footnote_secret is None


OURS = ("bot", "replica")


def test_every_container_of_ours_runs_as_nobody_on_a_read_only_disk() -> None:
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "user" not in service, "the image's own user"
    assert "\nUSER 10001\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_every_published_port_is_on_loopback() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_service_restarts_is_watched_and_has_time_to_stop() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
        assert service["stop_grace_period"].endswith("s"), name
    for name in OURS:
        grace = float(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s"))
        assert grace >= Settings().footnote_drain_seconds + 5, "killed before it has drained"


def test_the_scale_profile_is_complete_and_apart_from_the_default_one() -> None:
    profiles = {name: service.get("profiles") for name, service in COMPOSE["services"].items()}
    assert profiles == {"bot": None, "replica": ["scale"], "postgres": ["scale"], "proxy": ["scale"]}
    assert COMPOSE["services"]["replica"]["deploy"]["replicas"] >= 2
    assert "server replica:8080 " in (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")


def test_the_health_check_of_the_containers_can_fail() -> None:
    """The very command, against a port where a server answers, and one where nobody does."""
    for name in OURS:
        _, program, *words = COMPOSE["services"][name]["healthcheck"]["test"]
        assert program == "python"
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            answering = threading.Thread(target=answer_once, args=(silent,))
            answering.start()
            assert run_python(words, port) == 0
            answering.join()
        assert run_python(words, port) != 0


def answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")


def run_python(words: list[str], port: int) -> int:
    command = [sys.executable, *(word.replace(":8080", f":{port}") for word in words)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_the_proxy_passes_on_the_hooks_and_who_asked() -> None:
    config = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    assert "location ~ ^/(telegram|slack)/" in config
    assert "X-Forwarded-For $proxy_add_x_forwarded_for" in config
    assert "/metrics" not in config
    networks = Settings(footnote_proxies=COMPOSE["services"]["replica"]["environment"]["FOOTNOTE_PROXIES"]).proxies
    assert ip_address("172.18.0.3") in networks[2], "the addresses Docker gives"
    assert not any(ip_address("203.0.113.7") in network for network in networks)
