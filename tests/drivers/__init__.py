"""The four stages every conversation is played on."""
