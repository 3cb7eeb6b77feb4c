"""Block Kit as Slack checks it: every limit of the reference, each fault with the place where it stands.

`validate_blocks` returns faults in Slack's own wording (`… [json-pointer:/blocks/3/text]`), none when all is well.
Limits: docs.slack.dev, reference/block-kit, as of November 2026.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.slack_elements import Faults, element, plain_text, text_object
from tests.fakes.slack_rich_text import rich_text

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MESSAGE_ONLY = frozenset({"table", "markdown", "context_actions"})
NOT_IN_MODALS = frozenset({"container"})
MODAL_ONLY = frozenset({"alert"})
FOLDABLE = frozenset(
    {"actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video"}
)
"""Children of a container, as documented."""

ACTION_ELEMENTS = frozenset(
    {"button", "static_select", "overflow", "datepicker", "radio_buttons", "checkboxes", "users_select"}
)
SECTION_ACCESSORIES = ACTION_ELEMENTS | {"image"}
INPUT_ELEMENTS = frozenset(
    {"plain_text_input", "static_select", "radio_buttons", "checkboxes", "datepicker"}
    | {"users_select", "conversations_select"}
)

Json = Mapping[str, Any]


@dataclass(slots=True)
class Page:
    """What has been seen so far on one message or view."""

    surface: str
    foldable: Collection[str]
    faults: Faults
    ids: set[str] = field(default_factory=set)
    tables: int = 0
    cell_characters: int = 0
    markdown_characters: int = 0


def validate_blocks(blocks: Any, surface: str = "message", foldable: Collection[str] = FOLDABLE) -> list[str]:
    """Return every fault of `blocks` on `surface` (message, modal or home); none when Slack would take them."""
    faults = Faults()
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        return ["must be an array [json-pointer:/blocks]"]
    if len(blocks) > MAX_BLOCKS[surface]:
        faults.add("/blocks", f"no more than {MAX_BLOCKS[surface]} items allowed [got {len(blocks)}]")
    page = Page(surface, foldable, faults)
    for index, block in enumerate(blocks):
        _block(block, f"/blocks/{index}", page)
    _totals(page)
    return faults.found


def validate_view(view: Any) -> list[str]:
    """Return every fault of a modal or Home view."""
    if not isinstance(view, Mapping) or view.get("type") not in {"modal", "home"}:
        return ["must be a modal or home view [json-pointer:/view]"]
    modal = view["type"] == "modal"
    faults = Faults()
    optional = {"private_metadata", "callback_id", "external_id"}
    optional |= {"submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"} if modal else set()
    required = {"type", "blocks"} | ({"title"} if modal else set())
    faults.keys(view, "/view", required, optional)
    for name in ("title", "submit", "close"):
        if name in view:
            plain_text(view[name], f"/view/{name}", 24, faults)
    faults.length(view.get("private_metadata", ""), "/view/private_metadata", 3_000)
    faults.length(view.get("callback_id", ""), "/view/callback_id", 255)
    if len(json.dumps(view)) > 250_000:
        faults.add("/view", "view is larger than 250kb")
    if any(b.get("type") == "input" for b in view.get("blocks", [])) and modal and "submit" not in view:
        faults.add("/view/submit", "missing required field: submit (the view has input blocks)")
    return faults.found + validate_blocks(view.get("blocks", []), view["type"])


def _totals(page: Page) -> None:
    if page.tables > 1:
        page.faults.add("/blocks", "only_one_table_allowed")
    if page.cell_characters > 10_000:
        page.faults.add("/blocks", f"table text exceeds 10000 characters [got {page.cell_characters}]")
    if page.markdown_characters > 12_000:
        page.faults.add("/blocks", f"markdown text exceeds 12000 characters [got {page.markdown_characters}]")


def _block(block: Any, at: str, page: Page) -> None:
    if not isinstance(block, Mapping):
        return page.faults.add(at, "must be an object")
    kind = str(block.get("type"))
    check = _BLOCKS.get(kind)
    if check is None:
        return page.faults.add(f"{at}/type", f"unsupported type: {kind}")
    if _misplaced(kind, page.surface):
        page.faults.add(f"{at}/type", f"{kind} is not allowed on this surface: {page.surface}")
    _block_id(block, at, page)
    check(block, at, page)
    return None


def _misplaced(kind: str, surface: str) -> bool:
    return (
        (kind in MESSAGE_ONLY and surface != "message")
        or (kind in MODAL_ONLY and surface != "modal")
        or (kind in NOT_IN_MODALS and surface == "modal")
    )


def _block_id(block: Json, at: str, page: Page) -> None:
    if "block_id" not in block:
        return
    page.faults.length(block["block_id"], f"{at}/block_id", 255, minimum=1)
    if block["block_id"] in page.ids:
        page.faults.add(f"{at}/block_id", f"block_id already exists: {block['block_id']}")
    page.ids.add(block["block_id"])


def _section(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type"}, {"block_id", "text", "fields", "accessory", "expand"})
    if "text" not in block and "fields" not in block:
        page.faults.add(at, "missing required field: text or fields")
    if "text" in block:
        text_object(block["text"], f"{at}/text", 3_000, page.faults)
    if "fields" in block:
        page.faults.count(block["fields"], f"{at}/fields", 10, minimum=1)
        for index, item in enumerate(block["fields"]):
            text_object(item, f"{at}/fields/{index}", 2_000, page.faults)
    if "accessory" in block:
        element(block["accessory"], f"{at}/accessory", SECTION_ACCESSORIES, page.faults)


def _header(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type", "text"}, {"block_id", "level"})
    plain_text(block.get("text"), f"{at}/text", 150, page.faults)
    if block.get("level", 1) not in {1, 2, 3, 4}:
        page.faults.add(f"{at}/level", "must be 1, 2, 3 or 4")


def _divider(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type"}, {"block_id"})


def _context(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type", "elements"}, {"block_id"})
    page.faults.count(block.get("elements"), f"{at}/elements", 10, minimum=1)
    for index, item in enumerate(block.get("elements", ())):
        if isinstance(item, Mapping) and item.get("type") == "image":
            element(item, f"{at}/elements/{index}", {"image"}, page.faults)
        else:
            text_object(item, f"{at}/elements/{index}", 2_000, page.faults)


def _elements(maximum: int, allowed: Collection[str]) -> Callable[[Json, str, Page], None]:
    def check(block: Json, at: str, page: Page) -> None:
        page.faults.keys(block, at, {"type", "elements"}, {"block_id"})
        page.faults.count(block.get("elements"), f"{at}/elements", maximum, minimum=1)
        seen: set[str] = set()
        for index, item in enumerate(block.get("elements", ())):
            where = f"{at}/elements/{index}"
            element(item, where, allowed, page.faults)
            action = item.get("action_id") if isinstance(item, Mapping) else None
            if action is not None and action in seen:
                page.faults.add(f"{where}/action_id", f"action_id already exists in this block: {action}")
            seen.add(str(action))

    return check


def _input(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type", "label", "element"}, {"block_id", "hint", "optional", "dispatch_action"})
    plain_text(block.get("label"), f"{at}/label", 2_000, page.faults)
    if "hint" in block:
        plain_text(block["hint"], f"{at}/hint", 2_000, page.faults)
    element(block.get("element"), f"{at}/element", INPUT_ELEMENTS, page.faults)


def _image(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type", "alt_text"}, {"block_id", "image_url", "slack_file", "title"})
    if ("image_url" in block) == ("slack_file" in block):
        page.faults.add(at, "exactly one of image_url and slack_file is required")
    page.faults.length(block.get("image_url", ""), f"{at}/image_url", 3_000)
    page.faults.length(block.get("alt_text", ""), f"{at}/alt_text", 2_000, minimum=1)
    if "title" in block:
        plain_text(block["title"], f"{at}/title", 2_000, page.faults)


def _markdown(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type", "text"}, {"block_id"})
    page.faults.length(block.get("text", ""), f"{at}/text", 12_000, minimum=1)
    page.markdown_characters += len(block.get("text", ""))


def _alert(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type", "text"}, {"block_id", "level"})
    text_object(block.get("text"), f"{at}/text", 200, page.faults)
    if block.get("level", "default") not in {"default", "info", "warning", "error", "success"}:
        page.faults.add(f"{at}/level", "must be default, info, warning, error or success")


def _rich_text(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type", "elements"}, {"block_id"})
    rich_text(block.get("elements"), f"{at}/elements", page.faults)


def _table(block: Json, at: str, page: Page) -> None:
    page.faults.keys(block, at, {"type", "rows"}, {"block_id", "column_settings"})
    page.tables += 1
    page.faults.count(block.get("rows"), f"{at}/rows", 100, minimum=1)
    for index, row in enumerate(block.get("rows", ())):
        page.faults.count(row, f"{at}/rows/{index}", 20, minimum=1)
        for column, cell in enumerate(row):
            page.cell_characters += _cell(cell, f"{at}/rows/{index}/{column}", page.faults)
    page.faults.count(block.get("column_settings", ()), f"{at}/column_settings", 20)
    for index, setting in enumerate(block.get("column_settings", ())):
        page.faults.keys(setting or {}, f"{at}/column_settings/{index}", set(), {"align", "is_wrapped"})


def _cell(cell: Any, at: str, faults: Faults) -> int:
    kind = cell.get("type") if isinstance(cell, Mapping) else None
    if kind == "rich_text":
        faults.keys(cell, at, {"type", "elements"}, set())
        return rich_text(cell.get("elements"), f"{at}/elements", faults)
    if kind == "raw_number":
        faults.keys(cell, at, {"type", "value"}, {"text"})
        return len(str(cell.get("text", cell.get("value", ""))))
    if kind == "raw_text":
        faults.keys(cell, at, {"type", "text"}, set())
        faults.length(cell.get("text"), f"{at}/text", 10_000, minimum=1)
        return len(str(cell.get("text", "")))
    faults.add(f"{at}/type", f"unsupported type: {kind}")
    return 0


def _container(block: Json, at: str, page: Page) -> None:
    optional = {"block_id", "title", "rich_text_title", "subtitle", "width", "icon"}
    optional |= {"is_collapsible", "default_collapsed", "has_header_divider"}
    page.faults.keys(block, at, {"type", "child_blocks"}, optional)
    if "title" not in block and "rich_text_title" not in block:
        page.faults.add(at, "missing required field: title or rich_text_title")
    if "title" in block:
        plain_text(block["title"], f"{at}/title", 150, page.faults)
    if "subtitle" in block:
        text_object(block["subtitle"], f"{at}/subtitle", 150, page.faults)
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        page.faults.add(f"{at}/default_collapsed", "requires is_collapsible")
    if block.get("is_collapsible") and block.get("has_header_divider"):
        page.faults.add(f"{at}/has_header_divider", "cannot be combined with is_collapsible")
    page.faults.count(block.get("child_blocks"), f"{at}/child_blocks", 10, minimum=1)
    for index, child in enumerate(block.get("child_blocks", ())):
        kind = child.get("type") if isinstance(child, Mapping) else None
        if kind not in page.foldable:
            page.faults.add(f"{at}/child_blocks/{index}/type", f"unsupported type: {kind}")
        else:
            _block(child, f"{at}/child_blocks/{index}", page)


_BLOCKS: dict[str, Callable[[Json, str, Page], None]] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "actions": _elements(25, ACTION_ELEMENTS),
    "context_actions": _elements(5, {"feedback_buttons", "icon_button"}),
    "input": _input,
    "image": _image,
    "markdown": _markdown,
    "alert": _alert,
    "rich_text": _rich_text,
    "table": _table,
    "container": _container,
}
