"""The Bot API's methods about photos and documents: what is sent, under which name it is kept, and what is refused."""

from __future__ import annotations

import struct
from typing import Any

from aiohttp.web import FileField

from tests.fakes.telegram_messages import Messages
from tests.fakes.telegram_rules import Json, Refused, check_entities, decoded, utf16
from tests.fakes.telegram_world import World

MAX_CAPTION = 1024
MAX_PHOTO, MAX_DOCUMENT = 10 << 20, 50 << 20
MAX_SIDES, MAX_RATIO = 10_000, 20
_PNG = b"\x89PNG\r\n\x1a\n"
_FIELDS = (
    "text",
    "entities",
    "link_preview_options",
    "photo",
    "document",
    "caption",
    "caption_entities",
    "reply_markup",
)


class Media(Messages):
    """Carries out calls with files, beside those without. `files` holds what was uploaded, by file_id."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.files: dict[str, bytes] = {}
        self.methods |= {
            "sendPhoto": lambda params: self._send_file(params, "photo"),
            "sendDocument": lambda params: self._send_file(params, "document"),
            "editMessageMedia": self.edit_media,
        }

    def edit_media(self, params: Json) -> Json:
        """editMessageMedia: puts a file in the place of another, or of a text."""
        media = decoded(params.get("media"))
        if not isinstance(media, dict) or media.get("type") not in ("photo", "document"):
            raise Refused("Bad Request: can't parse InputMedia: type is unsupported")
        given = str(media.get("media") or "")
        attached = params.get(given.removeprefix("attach://")) if given.startswith("attach://") else given
        content = self._file(attached, media["type"]) | _caption(media) | self._keyboard(params)
        chat, message = self._own(params)
        return self._changed(chat, message, content, _FIELDS)

    def _send_file(self, params: Json, kind: str) -> Json:
        content = self._file(params.get(kind), kind) | _caption(params) | self._keyboard(params)
        chat = self._world.reachable(params.get("chat_id"))
        content |= self._thread(chat, params.get("message_thread_id"))
        content |= self._reply(chat, decoded(params.get("reply_parameters")))
        return self._world.happened("message", chat.id, self._world.write(chat, self._world.bot, content))

    def _file(self, given: Any, kind: str) -> Json:
        if isinstance(given, str) and given:
            if given not in self.files:
                raise Refused("Bad Request: wrong file identifier/HTTP URL specified")
            return self._described(given, kind, "")
        if not isinstance(given, dict) or not given.get("body"):
            raise Refused(f"Bad Request: there is no {kind} in the request")
        _check(given["body"], kind)
        file_id = f"{kind}-{len(self.files) + 1}"
        self.files[file_id] = given["body"]
        return self._described(file_id, kind, given["filename"])

    def _described(self, file_id: str, kind: str, name: str) -> Json:
        body = self.files[file_id]
        if kind == "document":
            return {"document": {"file_id": file_id, "file_name": name, "file_size": len(body)}}
        width, height = struct.unpack(">II", body[16:24])
        half = {"file_id": f"{file_id}-small", "width": width // 2, "height": height // 2}
        return {"photo": [half, {"file_id": file_id, "width": width, "height": height}]}


def received(value: Any) -> Any:
    """Return one field of a form; of a file its name, its kind and what it holds."""
    if not isinstance(value, FileField):
        return value
    return {"filename": value.filename, "content_type": value.content_type, "body": value.file.read()}


def _caption(params: Json) -> Json:
    text, entities = params.get("caption") or "", decoded(params.get("caption_entities")) or []
    if utf16(text) > MAX_CAPTION:
        raise Refused("Bad Request: message caption is too long")
    check_entities(text, entities)
    return ({"caption": text} if text else {}) | ({"caption_entities": entities} if entities else {})


def _check(body: bytes, kind: str) -> None:
    if len(body) > (MAX_PHOTO if kind == "photo" else MAX_DOCUMENT):
        raise Refused("Request Entity Too Large", 413)
    if kind == "photo":
        if not body.startswith(_PNG):
            raise Refused("Bad Request: IMAGE_PROCESS_FAILED")
        width, height = struct.unpack(">II", body[16:24])
        if width + height > MAX_SIDES or max(width, height) > MAX_RATIO * min(width, height):
            raise Refused("Bad Request: PHOTO_INVALID_DIMENSIONS")
