"""The kinds of things that Slack is known to send: what is in none of these lists is counted and named in the log."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


KINDS = _names(
    "event_callback url_verification command block_actions interactive_message dialog_submission dialog_cancellation"
    " dialog_suggestion view_submission view_closed shortcut message_action block_suggestion workflow_step_edit"
    " function_executed"
)
"""Outer types. `app_rate_limited` is none of them: it brings nothing, it says what is withheld."""

SPOKEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes of a message that a person wrote."""

JOINED = frozenset({"channel_join", "group_join"})
"""Subtypes that say somebody came into a channel, perhaps the bot."""

SUBTYPES = (
    SPOKEN
    | JOINED
    | _names(
        "assistant_app_thread bot_add bot_message bot_remove channel_archive channel_canvas_updated"
        " channel_convert_to_private channel_convert_to_public channel_leave channel_name channel_posting_permissions"
        " channel_purpose channel_topic channel_unarchive document_mention ekm_access_denied file_comment file_mention"
        " group_archive group_leave group_name group_purpose group_topic group_unarchive huddle_thread"
        " joiner_notification list_record_comment message_changed message_deleted message_replied pinned_item"
        " reminder_add reply_broadcast sh_room_created sh_room_shared slackbot_response tombstone unpinned_item"
    )
)
"""Subtypes of message events (docs.slack.dev, message event, and what workspaces are seen to send)."""

FIELDS = _names(
    "app_id assistant_app_thread attachments blocks bot_id bot_profile channel channel_type client_msg_id"
    " display_as_bot edited event_ts file files hidden icons inviter is_locked is_starred item item_type language"
    " last_read latest_reply message metadata mrkdwn no_notifications parent_user_id permalink pinned_info pinned_to"
    " reactions reply_count reply_users reply_users_count room root source_team subscribed subtype team text thread_ts"
    " ts type upload user user_profile user_team username x_files"
)
"""Fields of a message that a person wrote (docs.slack.dev, message event, and what workspaces are seen to send)."""

BLOCKS = _names(
    "actions alert call card carousel condition container context context_actions data_table data_visualization divider"
    " event file header image input markdown plan rich_text section share_shortcut table task_card video"
)
"""Types of blocks in messages (docs.slack.dev, Blocks, and what clients are seen to send)."""
