"""The Bolt app: what a person asks is in the inbox before Slack hears "received"; everything else is acknowledged.

One global middleware does the first: it runs before the acknowledgement in Socket Mode and HTTP mode alike, and when it
fails Slack sends the event again. Only what must happen within three seconds of a press (opening a modal) and what is
no question (prompts, uninstalling) has a listener; catch-all listeners take the rest, so that nothing is a 404.
"""

from __future__ import annotations

import json
import re
import time
from binascii import a2b_qp
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import HostServices
from bot.channels.platforms import Unexpected
from bot.channels.slack.actions import ABOVE, Votes, opens, read_command, read_home, read_press, unhelpful
from bot.channels.slack.channel import AssistantStatus
from bot.channels.slack.client import UNREACHABLE, Installation, Tokens, library_log, reason_of
from bot.channels.slack.events import KINDS, FollowedThreads, Messages, SlackAddress, ThreadCache, invited
from bot.channels.slack.views import ABOUT_MESSAGE, ASK_ANYWHERE, FIRST_FIELD, REASON, Modals, read_modal, share_errors
from bot.dialog.turn import Register
from bot.inbox.events import InboundEvent

log = structlog.stdlib.get_logger(__name__)


class EventParser:
    """Reads bodies; remembers which threads it let in."""

    def __init__(
        self, cache: ThreadCache, threads: FollowedThreads, unexpected: Unexpected, mention_only: Collection[str] = ()
    ) -> None:
        self._threads = threads
        self._unexpected = unexpected
        self._messages = Messages(threads, cache, unexpected, mention_only)
        self._votes = Votes()

    async def parse(self, body: Mapping[str, Any], me: Installation) -> InboundEvent | None:
        """Return the event for what a person asked of the bot, or None when there is nothing to answer.

        Raises KeyError, TypeError, ValueError or AttributeError for a body that is not shaped as Slack shapes it.
        """
        if "command" in body:
            return read_command(body, me)
        match body.get("type"):
            case "event_callback":
                return await self._event(body, me)
            case "block_actions":
                pressed = read_press(body, me)
                return self._votes.read(pressed) if pressed else None
            case "view_submission":
                return read_modal(body, me)
        return None

    def accepted(self, event: InboundEvent) -> None:
        """Remember who asked the bot, and in which conversation."""
        self._messages.accepted(event)
        self._votes.accepted(event)
        if not event.unaddressed:
            self._threads.note(event.conversation, event.person)

    async def _event(self, body: Mapping[str, Any], me: Installation) -> InboundEvent | None:
        match body["event"].get("type"):
            case "message" | "app_mention":
                return await self._messages.read(body, me)
            case "app_home_opened":
                return read_home(body, me)
            case "member_joined_channel":
                return invited(body["event"], me) if body["event"].get("user") == me.bot_user else None
            case "app_uninstalled" | "tokens_revoked":
                return None
            case unknown:
                self._unexpected.note("event", unknown)
                return None


Json = dict[str, Any]

_ANYTHING = re.compile(".*", re.DOTALL)
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Authorize(AsyncAuthorize):
    """Tells Bolt which installation a request belongs to."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tokens = tokens

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        **_: Any,
    ) -> AuthorizeResult | None:
        """Return who the app is there, None where it is not installed. Raises, so that Slack asks again, if unknown."""
        me = await self._tokens.installation(team_id, enterprise_id)
        if me is None:
            return None
        context["installed"] = me
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            bot_id=me.bot_id,
            bot_user_id=me.bot_user,
            bot_token=me.token,
            bot_scopes=sorted(me.scopes),
        )


class AcknowledgeMiddleware(AsyncMiddleware):
    """The middleware; a class of its own because Bolt would gather two dozen arguments for a function every time."""

    def __init__(self, receiver: EventReceiver) -> None:
        self._receiver = receiver

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 (Bolt's signature)
        next: Callable[[], Awaitable[BoltResponse]],
    ) -> BoltResponse | None:
        """Answer with the acknowledgement of what was accepted, or let the request go on."""
        accepted = await self._receiver.receive(req.body, req.context)
        return accepted if accepted is not None else await next()


class EventReceiver:
    """What happens to a body between the signature and the acknowledgement, and the few things beside it."""

    def __init__(
        self, parser: EventParser, host: HostServices, status: AssistantStatus, unexpected: Unexpected
    ) -> None:
        self._parser = parser
        self._host = host
        self._status = status
        self._unexpected = unexpected
        self._modals = Modals(host.texts)

    async def receive(self, body: Json, context: AsyncBoltContext) -> BoltResponse | None:
        """Accept what is for the bot and return the acknowledgement; None for what is for the listeners."""
        me: Installation | None = context.get("installed")
        if not self._known(body):
            return BoltResponse(status=200, body="")
        if me is not None and (told := self._modal(body, context.client)) is not None:
            return told
        event = await self._parse(body, me) if me is not None else None
        if event is None or me is None:
            return None
        try:
            fresh = await self._host.accept(event)
        except Exception:
            sorry = self._sorry(body)
            if sorry is None:
                raise
            return sorry
        self._parser.accepted(event)
        if fresh:
            self._begin(event, body, me, context.client)
        elif event.address.get("shared"):
            self._status.run("shared-already", self._shared_already(context.client, event))
        return BoltResponse(status=200, body="")

    def _modal(self, body: Json, client: AsyncWebClient) -> BoltResponse | None:
        """Open the modal that a press asks for, or say what is wrong with one that was sent; None for all else."""
        if body.get("type") == "view_submission" and (errors := share_errors(body)):
            told = {field: self._host.texts(key, Register.PROFESSIONAL) for field, key in errors.items()}
            return BoltResponse(status=200, body={"response_action": "errors", "errors": told})
        view = self._modals.about_answer(body, self._host.engine) if opens(body) else None
        if view is not None:
            self._open(client, body, view)
        return BoltResponse(status=200, body="") if view is not None else None

    def _known(self, body: Json) -> bool:
        """Tell whether a body is of a kind that Bolt or this program reads; Slack hears that any other was received."""
        kind = "command" if "command" in body else body.get("type")
        if kind in KINDS or "ssl_check" in body:
            return True
        self._unexpected.note("request", kind)
        if kind == "app_rate_limited":
            minute = body.get("minute_rate_limited")
            log.warning("slack_withholds_events", minute=minute, remedy="too many events in this workspace: see docs")
        return False

    async def prompts(self, event: Json, context: AsyncBoltContext) -> None:
        """Offer questions when somebody opens the agent's messages."""
        me: Installation = context["installed"]
        if event.get("tab") == "messages" and me.agent:
            self._status.prompts(me, event["channel"])

    async def about_message(self, ack: Callable[[], Awaitable[Any]], body: Json, client: AsyncWebClient) -> None:
        """Open the modal in which the words of a message become a question."""
        await ack()
        self._open(client, body, self._modals.about_message(body))

    async def message_above(self, ack: Callable[[], Awaitable[Any]], body: Json, client: AsyncWebClient) -> None:
        """Open the same modal for the first message of the thread the bot was called into."""
        await ack()
        thread = str(body["actions"][0].get("value"))
        root = await self._root(client, body["channel"]["id"], thread)
        self._open(client, body, self._modals.about_message({**body, "message": {**root, "ts": thread}}))

    async def anywhere(self, ack: Callable[[], Awaitable[Any]], body: Json, client: AsyncWebClient) -> None:
        """Open the modal for a question from anywhere."""
        await ack()
        self._open(client, body, self._modals.anywhere())

    @staticmethod
    async def _root(client: AsyncWebClient, channel: str, thread: str) -> Json:
        """Return a thread's first message; nothing where Slack does not show it: the modal then begins empty."""
        try:
            answer = await client.conversations_replies(channel=channel, ts=thread, limit=1)
        except (SlackApiError, *UNREACHABLE) as error:
            log.info("message_above_unread", reason=reason_of(error))
            return {}
        return dict(next(iter(answer.get("messages", [])), {}))

    async def _parse(self, body: Json, me: Installation) -> InboundEvent | None:
        try:
            return await self._parser.parse(body, me)
        except _UNREADABLE as fault:
            log.error("unreadable_event", kind=str(body.get("type")), reason=type(fault).__name__)
            await self._host.quarantine(type(fault).__name__, json.dumps(body, sort_keys=True))
            return None  # acknowledged: a repetition could not be read either

    def _begin(self, event: InboundEvent, body: Json, me: Installation, client: AsyncWebClient) -> None:
        """Show that the answer is on its way, and ask for the reason of a bad mark: both in the background."""
        self._status.working(me, event.address)
        payload = unhelpful(event)
        if payload is not None and body.get("trigger_id"):
            self._open(client, body, self._modals.reason(payload))

    def _open(self, client: AsyncWebClient, body: Json, view: Json) -> None:
        self._status.run("modal", self._opened(client, body, view))

    async def _opened(self, client: AsyncWebClient, body: Json, view: Json) -> None:
        """Open a modal; whose press came too late for that is told to press again, unless only a reason was asked."""
        try:
            await client.views_open(trigger_id=body["trigger_id"], view=view)
        except (SlackApiError, *UNREACHABLE):
            if view["callback_id"] != REASON:
                text = self._host.texts("slack-try-again", Register.PROFESSIONAL)
                await client.chat_postMessage(channel=body["user"]["id"], text=text)
            raise

    async def _shared_already(self, client: AsyncWebClient, event: InboundEvent) -> None:
        """Tell who presses again that the answer is in the channel already."""
        text, place = (
            self._host.texts("slack-shared-already", Register.PROFESSIONAL),
            SlackAddress.from_address(event.address),
        )
        await client.chat_postEphemeral(channel=place.channel, user=place.user, thread_ts=place.thread, text=text)

    def _sorry(self, body: Json) -> BoltResponse | None:
        """Slack repeats events, but neither commands nor modals: those who wait there are told to try again."""
        sorry = self._host.texts("slack-try-again", Register.PROFESSIONAL)
        if "command" in body:
            return BoltResponse(status=200, body=sorry)
        if body.get("type") == "view_submission" and (place := FIRST_FIELD.get(body["view"].get("callback_id", ""))):
            return BoltResponse(status=200, body={"response_action": "errors", "errors": {place: sorry}})
        return None


def bolt_app(
    client: AsyncWebClient,
    signing_secret: str,
    tokens: Tokens,
    receiver: EventReceiver,
    sorry: str,
    oauth_flow: AsyncOAuthFlow | None = None,
    uninstalled: Callable[..., Awaitable[None]] | None = None,
) -> AsyncApp:
    """Return the Bolt app with its one middleware and its few listeners."""
    app = AsyncApp(
        name="footnote",
        logger=library_log(),
        client=client,
        signing_secret=signing_secret,
        authorize=Authorize(tokens),  # type: ignore[arg-type]  # Bolt takes an AsyncAuthorize, its signature does not say
        oauth_flow=oauth_flow,
        user_facing_authorize_error_message=sorry,
        attaching_conversation_kwargs_enabled=False,
    )
    app.middleware(AcknowledgeMiddleware(receiver))
    app.event("app_home_opened")(receiver.prompts)
    app.message_shortcut(ABOUT_MESSAGE)(receiver.about_message)
    app.global_shortcut(ASK_ANYWHERE)(receiver.anywhere)
    app.action(ABOVE)(receiver.message_above)
    if uninstalled is not None:
        app.event("app_uninstalled")(uninstalled)
        app.event("tokens_revoked")(uninstalled)
    _acknowledge_everything_else(app)
    return app


def _acknowledge_everything_else(app: AsyncApp) -> None:
    """Acknowledge what no other listener did: a 404 would make Slack repeat it, and in the end switch events off."""

    async def noted() -> None:
        return None

    async def acknowledged(ack: Callable[[], Awaitable[Any]]) -> None:
        await ack()

    app.event(_ANYTHING)(noted)
    for listen in (app.action, app.shortcut, app.command, app.view, app.view_closed, app.options):
        listen(_ANYTHING)(acknowledged)


# --- over HTTP --------------------------------------------------------------------------------------------------------

_STALE = 300.0
"""Seconds after which Slack's library takes a signature for a recorded one."""


class EventsEndpoint:
    """Takes signed requests while it is open. Bolt would answer unreadable ones with a 500."""

    def __init__(self, app: AsyncApp) -> None:
        self.open = False
        self._app = app
        self._told: set[str] = set()

    async def receive(self, request: web.Request) -> web.Response:
        """Answer 503 while closed, 401 for a request that is not Slack's, 400 for what cannot be read, else as Bolt."""
        if not self.open:
            return web.Response(status=503)
        if not request.headers.get("X-Slack-Request-Timestamp", "0").isdecimal():
            return web.Response(status=401)
        try:
            asked = bolt_request(await request.text(), request.headers, request.query_string)
        except (ValueError, TypeError, AttributeError, RecursionError, aiohttp.ClientError):
            return web.Response(status=400)
        response = await to_aiohttp_response(await self._app.async_dispatch(asked))
        if response.status == 401:
            self._refused(request.headers)
        return response

    def _refused(self, headers: Mapping[str, str]) -> None:
        """Say why once: a proxy that strips headers refuses everything, and a stranger should fill no log."""
        why = unsigned(headers, time.time())
        if why not in self._told:
            self._told.add(why)
            log.warning("request_refused", reason=why)


def unsigned(headers: Mapping[str, str], now: float) -> str:
    """Return why a request counts as not Slack's."""
    for name in ("X-Slack-Signature", "X-Slack-Request-Timestamp"):
        if name not in headers:
            return f"the header {name} is missing: does the proxy pass it on?"
    if abs(now - float(headers["X-Slack-Request-Timestamp"])) > _STALE:
        return "it was signed more than five minutes from now: does this machine's clock go right?"
    return "the signature is not made with SLACK_SIGNING_SECRET"


_FIELD = "payload="


def bolt_request(text: str, headers: Mapping[str, str], query: str = "") -> AsyncBoltRequest:
    """Return the request as Bolt knows it. Raises ValueError, TypeError or AttributeError for what it cannot read."""
    request = AsyncBoltRequest(body=_payload(text) or text, query=query, headers=headers)  # type: ignore[arg-type]
    request.raw_body = text  # what the signature was made of
    return request


def _payload(text: str) -> str:
    """Return the JSON object of a form that holds nothing else; empty for anything else, which Bolt reads itself.

    Quoted-printable differs from a form's escapes by its sign alone, and the standard library reads it in C. A form it
    reads escape by escape: 900 of them in a press, a fifth of the time of a whole turn.
    """
    value = text.removeprefix(_FIELD)
    if value == text or "=" in value or "&" in value:
        return ""
    found = a2b_qp(value.replace("+", " ").replace("%", "=").encode()).decode()
    return found if found.startswith("{") else ""
