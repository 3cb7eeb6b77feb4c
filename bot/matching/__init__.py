"""What was meant: from a person's words to what needs help now; `bot.matching.urgency` is the way in."""
