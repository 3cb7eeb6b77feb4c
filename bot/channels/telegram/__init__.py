"""Telegram: a door (update to envelope), a renderer (reply to messages), a sender, and two ways to receive updates."""
