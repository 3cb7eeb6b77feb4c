"""Peers: other people's libraries, each in an environment of its own, doing the same work."""
