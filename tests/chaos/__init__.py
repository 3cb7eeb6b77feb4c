"""Real `footnote serve` processes, killed at random moments under load, against strict stand-ins of both platforms.

`python -m tests.chaos --help` shows the long run; test_chaos.py is the short one that belongs to the suite.
"""
