"""Reads what a component was called before: `acme/site (formerly acme/web)`, `acme/web → acme/site`.

A name that says nothing of the kind is given back as it is: nothing is taken from likeness. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BEFORE = (
    r"(?:formerly|previously|originally|renamed\s+from|moved\s+from|f\.?k\.?a\.?|n[ée]e|ex|was|old\s+name|former\s+name"
    r"|replaces|replacing|supersedes|successor\s+(?:of|to)|called)(?:\s+(?:known\s+as|called|named|as))?"
)
SINCE = (
    r"(?:now|renamed\s+to|moved\s+to|replaced\s+by|superseded\s+by|merged\s+into)(?:\s+(?:known\s+as|called|named|as))?"
)
NAME = r"[^\s()\[\],;]+(?:\s+[^\s()\[\],;]+){0,4}?"
AFTER_NAME = re.compile(
    rf"(?i)(?P<name>\S.*?)\s*(?:[(\[]\s*|,\s*|;\s*|\s[-\u2013\u2014]\s+|\s(?!was\b|ex\b|called\b)){BEFORE}:?\s+(?P<former>{NAME})\s*[)\]]?"
)
BEFORE_NAME = re.compile(
    rf"(?i)(?P<former>{NAME})\s*(?:(?:[(\[]\s*|,\s*|;\s*|\s){SINCE}:?\s+|\s(?:\u2192|->|=>|\u21d2)\s)(?P<name>{NAME})\s*[)\]]?"
)
REMARK = re.compile(rf"(?i)\b(?:{BEFORE}|as):?\s+[`'\"]?(?P<former>[\w.-]+(?:/[\w.-]+)?)[`'\"]?")
RENAMED = re.compile(rf"(?i)\b(?:renam\w+|{BEFORE}|{SINCE}|(?:split|folded)\s+into|part\s+of)\b")
"""A sentence that says that something has another name now."""


@dataclass(frozen=True)
class ComponentName:
    """A name, and the one that it had before; empty where none is said."""

    name: str
    former: str = ""


def read_name(text: str) -> ComponentName:
    """The name of a component as a cell or heading writes it."""
    match = AFTER_NAME.fullmatch(text.strip()) or BEFORE_NAME.fullmatch(text.strip())
    return ComponentName(match["name"].strip(), match["former"].strip()) if match else ComponentName(text)


def read_remark(text: str) -> str:
    """The earlier name that another cell says, as `Image, renamed from web` and `v1.2.0 (as web)` do; else empty."""
    match = REMARK.search(text)
    return match["former"].strip(".-") if match else ""
