"""How a test ends a command in the middle, as the end of its process would."""

from __future__ import annotations


class Killed(BaseException):
    """Nothing after it runs: no handler of the command catches it."""
