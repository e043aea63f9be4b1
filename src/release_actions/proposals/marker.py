"""The line in a text that tells which proposal it is and what it said, so that the next run changes only what differs.

It proves nothing: everybody may write it. What is changed is known by its branch or by who opened it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from release_actions.proposals.model import BODY_LENGTH, digest_values

MARKER = re.compile(r"<!-- release-actions: (?P<key>[^\s<>]+) (?P<change>[0-9a-f]*) (?P<words>[0-9a-f]+) -->")


@dataclass(frozen=True)
class Marker:
    """Of what, and digests of the change and of the words that were proposed."""

    key: str
    change: str
    words: str


def read_marker(body: str | None) -> Marker | None:
    """The marker of a text: the last, as what comes before it may quote others."""
    matches = list(MARKER.finditer(body or ""))
    return Marker(matches[-1]["key"], matches[-1]["change"], matches[-1]["words"]) if matches else None


def make_marker(key: str, change: str, title: str, body: str) -> Marker:
    """The marker of a proposal."""
    return Marker(re.sub(r"[\s<>]", "-", key), change, digest_values([title, body]))


def sign_body(body: str, marker: Marker) -> str:
    """The text with its marker at the end, and cut to what GitHub takes."""
    shown = MARKER.sub("", body)
    if len(shown) > BODY_LENGTH:
        shown = shown[:BODY_LENGTH].rpartition("\n")[0] + "\n\nThe rest was cut: it is in the summary of the run."
    return f"{shown.rstrip()}\n\n<!-- release-actions: {marker.key} {marker.change} {marker.words} -->\n"
