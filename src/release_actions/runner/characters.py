"""Characters that make a reader or a program see other text than what is there. Pure.

Control characters move the cursor or begin an escape sequence, C1 ones in one character (ECMA-48, 5.3). Marks of
direction make a terminal show the characters after them in another order (Unicode Annex 9; CVE-2021-42574).
"""

from __future__ import annotations

import re

LINE_ENDS = r"\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
"""What `str.splitlines` and terminals take for the end of a line, for a class of a regular expression."""

INVISIBLE = r"\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
"""Other controls, marks of direction and halves of surrogate pairs, for a class of a regular expression."""

REPLACEMENT = "\ufffd"
"""What Unicode shows for a character that cannot be shown."""


def replace_invisible(line: str) -> str:
    """A line with a visible sign in place of each character that would be acted upon and not shown."""
    return re.sub(f"[{INVISIBLE}]", REPLACEMENT, line)


def flatten(text: str) -> str:
    """Text from outside in one line, with a blank in place of all that is not shown."""
    return re.sub(f"[{LINE_ENDS}{INVISIBLE}\t]+", " ", text).strip()
