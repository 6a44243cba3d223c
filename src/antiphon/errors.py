"""Errors: one sentence that the reader can act on, and the exit code of the command that meets it.

0 done, 1 failed, 2 usage or settings, 3 a missing extra or device, 4 bad or unsupported data, 130 interrupted.
A library error is one line on stderr; anything else is a bug and keeps its traceback.
"""


class AntiphonError(Exception):
    """Base of all errors that Antiphon raises on purpose."""

    exit_code = 1


class SettingsError(AntiphonError):
    """A setting or an argument is unknown, out of range, or contradicts another."""

    exit_code = 2


class MissingExtra(AntiphonError):
    """An optional dependency or a device is not there; the message says how to get it."""

    exit_code = 3


class BadData(AntiphonError):
    """Audio, a corpus or an agent cannot be used as it is; the message names the file and the reason."""

    exit_code = 4


class WrongAlphabet(BadData):
    """Tokens of one alphabet met an agent or a memory of another."""


class AntiphonWarning(UserWarning):
    """Something was changed or left out to go on; the message says what."""
