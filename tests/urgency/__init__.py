"""Emergencies and what only sounds like one, made from seed lists."""
