"""Settings name the variable, the fault and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.registry import load_configuration, plugins
from bot.channels.telegram.plugin import TelegramSettings
from bot.errors import SettingsError
from bot.settings import EnvironmentSettings, Settings, load, load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    models: list[type[EnvironmentSettings]] = [Settings, *(plugin.settings for plugin in plugins())]
    for model in models:
        for field in model.model_fields:
            monkeypatch.delenv(model.variable(field), raising=False)
    monkeypatch.chdir(tmp_path)


def test_nothing_is_needed_for_the_terminal() -> None:
    assert load_configuration().channels == ()
    settings = load_settings()
    assert settings.footnote_dialogs.is_dir()
    assert settings.footnote_host == "127.0.0.1", "nothing listens beyond loopback unless asked"


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"TELEGRAM_BOT_TOKEN": "no-colon"}, ["TELEGRAM_BOT_TOKEN", "@BotFather"]),
        (
            {"TELEGRAM_BOT_TOKEN": "1:a", "TELEGRAM_MODE": "webhook"},
            ["TELEGRAM_WEBHOOK_URL", "TELEGRAM_WEBHOOK_SECRET"],
        ),
        ({"TELEGRAM_BOT_TOKEN": "1:a", "TELEGRAM_MODE": "push"}, ["TELEGRAM_MODE", "polling"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, ["SLACK_APP_TOKEN", "xapp-", "docs/slack.md"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_MODE": "http"}, ["SLACK_SIGNING_SECRET"]),
        ({"SLACK_BOT_TOKEN": "xoxp-1", "SLACK_APP_TOKEN": "xapp-1"}, ["SLACK_BOT_TOKEN must start with xoxb-"]),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-1"}, ["SLACK_APP_TOKEN must start with xapp-"]),
        ({"TELEGRAM_API_BASE_URL": "http://example.org"}, ["TELEGRAM_API_BASE_URL", "https"]),
        ({"FOOTNOTE_PORT": "seventy"}, ["FOOTNOTE_PORT"]),
    ],
)
def test_a_fault_names_variable_and_fix(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], named: list[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_configuration()
    for words in named:
        assert words in str(refused.value)


def test_all_faults_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "no-colon")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    with pytest.raises(SettingsError) as refused:
        load_configuration()
    assert "TELEGRAM_BOT_TOKEN" in str(refused.value)
    assert "SLACK_APP_TOKEN" in str(refused.value)


def test_a_secret_comes_from_a_file_and_the_plain_variable_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("42:from-file\n")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(tmp_path / "token"))
    token = load(TelegramSettings).bot_token
    assert token is not None
    assert token.get_secret_value() == "42:from-file"
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "42:plain")
    token = load(TelegramSettings).bot_token
    assert token is not None
    assert token.get_secret_value() == "42:plain"


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FOOTNOTE_SECRET_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="FOOTNOTE_SECRET_FILE"):
        load_settings()


def test_secrets_never_show_in_a_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "42:very-secret")
    configuration = load_configuration()
    assert "very-secret" not in repr(configuration)
    assert configuration.secrets == ("42:very-secret",)


def test_an_empty_variable_does_not_hide_a_secret_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("4242:STAND-IN\n")
    given = {"TELEGRAM_BOT_TOKEN": "", "TELEGRAM_BOT_TOKEN_FILE": str(tmp_path / "token")}
    token = load(TelegramSettings, given).bot_token
    assert token is not None
    assert token.get_secret_value() == "4242:STAND-IN"


ENCODINGS = {
    "as Windows PowerShell writes it": "FOOTNOTE_PORT=8081\n".encode("utf-16"),
    "without a mark": "FOOTNOTE_PORT=8081\n".encode("utf-16-le"),
    "in a code page": "FOOTNOTE_PORT=8081\n# Zürich\n".encode("cp1252"),
    "in UTF-32": "FOOTNOTE_PORT=8081\n".encode("utf-32"),
}


@pytest.mark.parametrize("how", ENCODINGS)
def test_an_env_file_in_another_encoding_is_one_sentence(how: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(ENCODINGS[how])
    with pytest.raises(SettingsError, match=r"^\.env, line [12]: this is not UTF-8 text; save the file as UTF-8$"):
        load_settings()


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbfFOOTNOTE_PORT=8081\r\n", b"FOOTNOTE_PORT=8081\n# Z\xc3\xbcrich\n"])
def test_an_env_file_of_an_editor_on_windows_is_read(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(raw)
    assert load_settings().footnote_port == 8081


@pytest.mark.parametrize("how", ENCODINGS)
def test_a_secret_in_another_encoding_is_one_sentence(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_bytes(ENCODINGS[how])
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(SettingsError, match="save the file as UTF-8"):
        load(TelegramSettings)


def test_a_secret_with_a_byte_order_mark_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbf1:abc\r\n")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(tmp_path / "token"))
    token = load(TelegramSettings).bot_token
    assert token is not None
    assert token.get_secret_value() == "1:abc"
