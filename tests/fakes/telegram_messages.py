"""The Bot API's methods about messages: send, edit, delete, answer, refuse."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.fakes.telegram_html import parse_html
from tests.fakes.telegram_rules import Json, Refused, check_keyboard, check_text, decoded, whole
from tests.fakes.telegram_world import Chat, World, replied

_ACTIONS = frozenset({"typing", "upload_photo", "record_voice", "upload_voice", "upload_document", "choose_sticker"})
_NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
_TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
_MAX_ANSWER = 200
_MAX_RESULTS = 50


class Messages:
    """Carries out calls on the world; every method raises Refused as Telegram would."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.methods: dict[str, Callable[[Json], Any]] = {
            "sendMessage": self.send,
            "editMessageText": self.edit_text,
            "editMessageReplyMarkup": self.edit_markup,
            "deleteMessage": self.delete,
            "answerCallbackQuery": self.answer_callback,
            "answerInlineQuery": self.answer_inline,
            "sendChatAction": self.act,
        }

    def send(self, params: Json) -> Json:
        """sendMessage"""
        content = self._content(params)
        chat = self._world.reachable(params.get("chat_id"))
        content |= self._thread(chat, params.get("message_thread_id"))
        content |= self._reply(chat, decoded(params.get("reply_parameters")))
        return self._world.happened("message", chat.id, self._world.write(chat, self._world.bot, content))

    def edit_text(self, params: Json) -> Json:
        """editMessageText"""
        content = self._content(params)
        chat, message = self._own(params)
        if "text" not in message:
            raise Refused("Bad Request: there is no text in the message to edit")
        return self._changed(chat, message, content, ("text", "entities", "reply_markup"))

    def edit_markup(self, params: Json) -> Json:
        """editMessageReplyMarkup"""
        chat, message = self._own(params)
        return self._changed(chat, message, self._keyboard(params), ("reply_markup",))

    def delete(self, params: Json) -> bool:
        """deleteMessage"""
        chat = self._world.reachable(params.get("chat_id"))
        message = chat.messages.pop(whole(params.get("message_id"), "message_id"), None)
        if message is None:
            raise Refused("Bad Request: message to delete not found")
        self._world.happened("delete", chat.id, message)
        return True

    def answer_callback(self, params: Json) -> bool:
        """answerCallbackQuery: a query can be answered once, and only while it is fresh."""
        query = self._world.queries.pop(str(params.get("callback_query_id")), None)
        if query is None or query.get("expires", time.monotonic()) < time.monotonic():
            raise Refused(_TOO_OLD)
        if len(str(params.get("text") or "")) > _MAX_ANSWER:
            raise Refused("Bad Request: MESSAGE_TOO_LONG")
        self._world.happened("answer", query["chat"], {"id": query["id"], "text": params.get("text", "")})
        return True

    def answer_inline(self, params: Json) -> bool:
        """answerInlineQuery"""
        query = self._world.queries.pop(str(params.get("inline_query_id")), None)
        if query is None:
            raise Refused(_TOO_OLD)
        results = decoded(params.get("results"))
        if not isinstance(results, list) or len(results) > _MAX_RESULTS:
            raise Refused("Bad Request: RESULTS_TOO_MUCH")
        if len({result["id"] for result in results}) != len(results):
            raise Refused("Bad Request: RESULT_ID_DUPLICATE")
        for result in results:
            _check_result(result)
        self._world.happened("answer", None, {"id": query["id"], "results": results})
        return True

    def act(self, params: Json) -> bool:
        """sendChatAction"""
        chat = self._world.reachable(params.get("chat_id"))
        if params.get("action") not in _ACTIONS:
            raise Refused("Bad Request: wrong parameter action in request")
        self._world.happened("action", chat.id, {"action": params["action"]})
        return True

    def _content(self, params: Json) -> Json:
        text, entities = params.get("text"), decoded(params.get("entities")) or []
        mode = params.get("parse_mode")
        if mode == "HTML" and isinstance(text, str):
            text, entities = parse_html(text)
        elif mode:
            raise Refused("Bad Request: unsupported parse_mode")
        check_text(text, entities)
        content = {"text": text} | ({"entities": entities} if entities else {}) | self._keyboard(params)
        options = decoded(params.get("link_preview_options"))
        return content | ({"link_preview_options": options} if options else {})

    def _keyboard(self, params: Json) -> Json:
        markup = decoded(params.get("reply_markup"))
        if not markup:
            return {}
        check_keyboard(markup)
        return {"reply_markup": markup} if markup["inline_keyboard"] else {}

    def _thread(self, chat: Chat, thread: Any) -> Json:
        if thread is None:
            return {}
        if whole(thread, "message_thread_id") not in chat.topics:
            raise Refused("Bad Request: message thread not found")
        return {"message_thread_id": int(thread), "is_topic_message": True}

    def _reply(self, chat: Chat, reply: Json | None) -> Json:
        if not reply:
            return {}
        original = chat.messages.get(whole(reply.get("message_id"), "message_id"))
        if original is not None:
            return {"reply_to_message": replied(original)}
        if reply.get("allow_sending_without_reply"):
            return {}
        raise Refused("Bad Request: message to be replied not found")

    def _own(self, params: Json) -> tuple[Chat, Json]:
        chat = self._world.reachable(params.get("chat_id"))
        message = chat.messages.get(whole(params.get("message_id"), "message_id"))
        if message is None:
            raise Refused("Bad Request: message to edit not found")
        if message["from"]["id"] != self._world.bot["id"]:
            raise Refused("Bad Request: message can't be edited")
        return chat, message

    def _changed(self, chat: Chat, message: Json, content: Json, fields: tuple[str, ...]) -> Json:
        if all(message.get(name) == content.get(name) for name in fields):
            raise Refused(_NOT_MODIFIED)
        for name in fields:
            message.pop(name, None)
        # strictly later than the edit before, so that tests may be quicker than Telegram's whole seconds
        message.update(content, edit_date=max(int(time.time()), message.get("edit_date", 0) + 1))
        return self._world.happened("edit", chat.id, message)


def _check_result(result: Json) -> None:
    if not 1 <= len(str(result.get("id", "")).encode()) <= 64:
        raise Refused("Bad Request: RESULT_ID_INVALID")
    content = result.get("input_message_content")
    if result.get("type") != "article" or not result.get("title") or not content:
        raise Refused("Bad Request: can't parse inline query result")
    check_text(content.get("message_text"), decoded(content.get("entities")) or [])
    if result.get("reply_markup"):
        check_keyboard(result["reply_markup"])
