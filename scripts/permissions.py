"""What an action's token has to be allowed, as the manifest says it. A manifest has no key for that, so words count.

The description of an input says it in a sentence that begins with `Needs`. After `, and` a use may follow that needs
more or less:

    Needs contents read and pull requests read, and contents write for publish-draft.

A token that is only passed on `Needs no permission here.`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

PERMISSIONS = (
    *("actions", "attestations", "checks", "contents", "deployments", "discussions", "id-token", "issues", "models"),
    *("packages", "pages", "pull-requests", "security-events", "statuses"),
)
"""Those that a job can be granted (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax),
with the dash or as two words."""

PAIR = rf"(?P<name>{'|'.join(name.replace('-', '[- ]') for name in PERMISSIONS)}) (?P<level>read|write)"
GRANT = re.compile(re.sub(r"\?P<\w+>", "?:", rf"{PAIR}(?: and {PAIR})*"))
SENTENCE = re.compile(r"(?:^|(?<=\. ))Needs (?P<what>[^.]+)\.")
LEVEL = re.compile(r"\b(?:read|write)\b")
NONE = "no permission here"
TOKEN = re.compile(r"(?:.+-)?token")


def read_permissions(manifest: Path) -> dict[str, str]:
    """What an action needs -> `read` or `write`. A permission that not every use needs has the use behind a colon.

    Raises `ValueError` for words that cannot be understood, and for a token of which nothing is said.
    """
    inputs = yaml.safe_load(manifest.read_text(encoding="utf-8")).get("inputs") or {}
    needed: dict[str, str] = {}
    for name, entry in inputs.items():
        try:
            grants = list(read_grants(str(entry.get("description", ""))))
        except ValueError as error:
            message = f"{manifest}: the input '{name}': {error}"
            raise ValueError(message) from error
        if TOKEN.fullmatch(name) and not grants and NONE not in str(entry.get("description", "")):
            message = f"{manifest}: say what '{name}' needs, in a sentence such as 'Needs contents read.'"
            raise ValueError(message)
        for permission, use, level in grants:
            where = use if TOKEN.fullmatch(name) else f"with {name} {use}".strip()
            key = f"{permission}: {where}" if where else permission
            needed[key] = max(level, needed.get(key, level))  # `write` is the greater word, too
    return needed


def read_grants(description: str) -> Iterator[tuple[str, str, str]]:
    """Permission, use and level of each that a description asks for. Raises `ValueError`."""
    for sentence in SENTENCE.finditer(description):
        for clause in sentence["what"].split(", and "):
            grant = GRANT.match(clause)
            if grant is None and LEVEL.search(clause):
                message = f"'{clause}' has to begin with a permission and its level, such as 'packages read'."
                raise ValueError(message)
            use = clause[grant.end() :].partition(",")[0].strip() if grant else ""
            if grant and LEVEL.search(re.sub(r"\bto (?:read|write)\b", "", use)):
                message = f"'{clause}' names levels after a use: begin a new part with ', and'."
                raise ValueError(message)
            for pair in re.finditer(PAIR, grant[0] if grant else ""):
                yield pair["name"].replace(" ", "-"), use, pair["level"]
