"""The small parts of Block Kit: text objects, buttons, selects and inputs, with Slack's limits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse

Json = Mapping[str, Any]


@dataclass(slots=True)
class Faults:
    """Collects faults in Slack's wording."""

    found: list[str] = field(default_factory=list)

    def add(self, at: str, what: str) -> None:
        self.found.append(f"{what} [json-pointer:{at}]")

    def keys(self, thing: Any, at: str, required: set[str], optional: set[str]) -> None:
        if not isinstance(thing, Mapping):
            return self.add(at, "must be an object")
        for name in sorted(required - thing.keys()):
            self.add(at, f"missing required field: {name}")
        for name in sorted(thing.keys() - required - optional):
            self.add(f"{at}/{name}", f"invalid additional property: {name}")
        return None

    def length(self, text: Any, at: str, maximum: int, minimum: int = 0) -> None:
        if not isinstance(text, str):
            self.add(at, "must be a string")
        elif len(text) > maximum:
            self.add(at, f"must be less than {maximum + 1} characters [got {len(text)}]")
        elif len(text.strip()) < minimum:
            self.add(at, f"must be more than {minimum - 1} characters")

    def count(self, items: Any, at: str, maximum: int, minimum: int = 0) -> None:
        if not isinstance(items, Sequence) or isinstance(items, str):
            self.add(at, "must be an array")
        elif len(items) > maximum:
            self.add(at, f"no more than {maximum} items allowed [got {len(items)}]")
        elif len(items) < minimum:
            self.add(at, f"no fewer than {minimum} items allowed")

    def url(self, url: Any, at: str) -> None:
        self.length(url, at, 3_000, minimum=1)
        if isinstance(url, str) and (
            urlparse(url).scheme not in {"http", "https", "mailto", "slack"} or any(c.isspace() for c in url)
        ):
            self.add(at, f"Invalid URL: {url}")


def text_object(thing: Any, at: str, maximum: int, faults: Faults) -> None:
    """Check a `plain_text` or `mrkdwn` object."""
    kind = thing.get("type") if isinstance(thing, Mapping) else None
    if kind == "plain_text":
        faults.keys(thing, at, {"type", "text"}, {"emoji"})
    elif kind == "mrkdwn":
        faults.keys(thing, at, {"type", "text"}, {"verbatim"})
    else:
        return faults.add(f"{at}/type", f"unsupported type: {kind}")
    return faults.length(thing.get("text"), f"{at}/text", maximum, minimum=1)


def plain_text(thing: Any, at: str, maximum: int, faults: Faults) -> None:
    """Check an object that must be `plain_text`."""
    if not isinstance(thing, Mapping) or thing.get("type") != "plain_text":
        return faults.add(f"{at}/type", "must be plain_text")
    return text_object(thing, at, maximum, faults)


def element(thing: Any, at: str, allowed: Collection[str], faults: Faults) -> None:
    """Check an interactive element or image that must be one of `allowed`."""
    kind = thing.get("type") if isinstance(thing, Mapping) else None
    if kind not in allowed or kind not in _ELEMENTS:
        return faults.add(f"{at}/type", f"unsupported type: {kind}")
    if "action_id" in thing:
        faults.length(thing["action_id"], f"{at}/action_id", 255, minimum=1)
    return _ELEMENTS[kind](thing, at, faults)


def _button(thing: Json, at: str, faults: Faults) -> None:
    optional = {"action_id", "value", "url", "style", "confirm", "accessibility_label", "visible_to_user_ids"}
    faults.keys(thing, at, {"type", "text"}, optional)
    plain_text(thing.get("text"), f"{at}/text", 75, faults)
    faults.length(thing.get("value", ""), f"{at}/value", 2_000)
    faults.length(thing.get("accessibility_label", ""), f"{at}/accessibility_label", 75)
    if "url" in thing:
        faults.url(thing["url"], f"{at}/url")
    if "confirm" in thing:
        _confirm(thing["confirm"], f"{at}/confirm", faults)
    if thing.get("style", "primary") not in {"primary", "danger"}:
        faults.add(f"{at}/style", "must be primary or danger")


def _confirm(thing: Json, at: str, faults: Faults) -> None:
    faults.keys(thing, at, {"title", "text", "confirm", "deny"}, {"style"})
    for name, maximum in (("title", 100), ("confirm", 30), ("deny", 30)):
        plain_text(thing.get(name), f"{at}/{name}", maximum, faults)
    text_object(thing.get("text"), f"{at}/text", 300, faults)


def _feedback_buttons(thing: Json, at: str, faults: Faults) -> None:
    faults.keys(thing, at, {"type", "positive_button", "negative_button"}, {"action_id"})
    for name in ("positive_button", "negative_button"):
        button, where = thing.get(name) or {}, f"{at}/{name}"
        faults.keys(button, where, {"text", "value"}, {"accessibility_label"})
        plain_text(button.get("text"), f"{where}/text", 75, faults)
        faults.length(button.get("value"), f"{where}/value", 2_000, minimum=1)
        faults.length(button.get("accessibility_label", ""), f"{where}/accessibility_label", 75)


def _icon_button(thing: Json, at: str, faults: Faults) -> None:
    optional = {"action_id", "value", "accessibility_label", "visible_to_user_ids", "confirm"}
    faults.keys(thing, at, {"type", "icon", "text"}, optional)
    plain_text(thing.get("text"), f"{at}/text", 75, faults)
    faults.length(thing.get("value", ""), f"{at}/value", 2_000)


def _image(thing: Json, at: str, faults: Faults) -> None:
    faults.keys(thing, at, {"type", "alt_text", "image_url"}, set())
    faults.url(thing.get("image_url", ""), f"{at}/image_url")
    faults.length(thing.get("alt_text", ""), f"{at}/alt_text", 2_000, minimum=1)


def _options(thing: Json, at: str, faults: Faults, maximum: int, minimum: int = 1) -> None:
    faults.count(thing.get("options"), f"{at}/options", maximum, minimum)
    for index, option in enumerate(thing.get("options", ())):
        where = f"{at}/options/{index}"
        faults.keys(option, where, {"text", "value"}, {"description"})
        text_object(option.get("text"), f"{where}/text", 75, faults)
        faults.length(option.get("value", ""), f"{where}/value", 150, minimum=1)
    for name in ("initial_option",):
        if name in thing and thing[name] not in thing.get("options", ()):
            faults.add(f"{at}/{name}", f"{name} is not one of the options")


def _choice(maximum: int, minimum: int = 1) -> Callable[[Json, str, Faults], None]:
    def check(thing: Json, at: str, faults: Faults) -> None:
        optional = {"action_id", "initial_option", "initial_options", "confirm", "placeholder", "focus_on_load"}
        faults.keys(thing, at, {"type", "options"}, optional)
        _options(thing, at, faults, maximum, minimum)
        if "placeholder" in thing:
            plain_text(thing["placeholder"], f"{at}/placeholder", 150, faults)

    return check


def _plain_text_input(thing: Json, at: str, faults: Faults) -> None:
    optional = {"action_id", "initial_value", "multiline", "min_length", "max_length", "placeholder", "focus_on_load"}
    faults.keys(thing, at, {"type"}, optional)
    if not 1 <= thing.get("max_length", 1) <= 3_000:
        faults.add(f"{at}/max_length", "must be between 1 and 3000")
    faults.length(thing.get("initial_value", ""), f"{at}/initial_value", thing.get("max_length", 3_000))
    if "placeholder" in thing:
        plain_text(thing["placeholder"], f"{at}/placeholder", 150, faults)


def _picker(thing: Json, at: str, faults: Faults) -> None:
    faults.keys(thing, at, {"type"}, {"action_id", "placeholder", "initial_date", "initial_user", "focus_on_load"})


_INCLUDED = frozenset({"im", "mpim", "private", "public"})


def _conversations(thing: Json, at: str, faults: Faults) -> None:
    optional = {"action_id", "placeholder", "initial_conversation", "default_to_current_conversation", "confirm"}
    faults.keys(thing, at, {"type"}, optional | {"response_url_enabled", "filter", "focus_on_load"})
    chosen = thing.get("filter", {"include": ["public"]})
    faults.keys(chosen, f"{at}/filter", set(), {"include", "exclude_external_shared_channels", "exclude_bot_users"})
    faults.count(chosen.get("include", ["public"]), f"{at}/filter/include", len(_INCLUDED), minimum=1)
    for unknown in sorted(set(chosen.get("include", ())) - _INCLUDED):
        faults.add(f"{at}/filter/include", f"unsupported: {unknown}")


_ELEMENTS: dict[str, Callable[[Json, str, Faults], None]] = {
    "button": _button,
    "feedback_buttons": _feedback_buttons,
    "icon_button": _icon_button,
    "image": _image,
    "static_select": _choice(100),
    "radio_buttons": _choice(10),
    "checkboxes": _choice(10),
    "overflow": _choice(5, minimum=1),
    "plain_text_input": _plain_text_input,
    "datepicker": _picker,
    "users_select": _picker,
    "conversations_select": _conversations,
}
