"""`python -m bot` is `footnote`."""

from bot.cli.main import main

main()
