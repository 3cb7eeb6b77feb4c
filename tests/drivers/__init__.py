"""Drivers: they play conversations as a person would, one for each place."""
