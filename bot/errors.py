"""Every exception an operator or an author may see.

FootnoteError
├── SettingsError      a setting is missing or wrong: says which variable and where to get it
├── StoreError         the database cannot be used: says why and what to do
├── PlatformError      a platform did not answer a command that needs it: says what it said
└── UsageError         a command was called with something that does not exist

`bot.content.loader.LoadError` (wrong content) lists its faults itself and is a FootnoteError too.
"""


class FootnoteError(Exception):
    """Base of all errors whose text is written for people; the CLI prints it and exits with 2."""


class SettingsError(FootnoteError):
    """A setting is missing or wrong."""


class StoreError(FootnoteError):
    """The database cannot be opened, read or migrated."""


class UsageError(FootnoteError):
    """A command was called with an argument that does not exist."""


class PlatformError(FootnoteError):
    """A platform could not be asked, or refused to answer."""
