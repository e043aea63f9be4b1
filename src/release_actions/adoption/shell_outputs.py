"""What a step's script writes to GITHUB_OUTPUT and GITHUB_ENV, where that follows from its text.

Understands assignments, `echo` and the simplest expansions, in straight lines. A script with conditions or loops, or a
value made by a program, is left unknown: a guess would end up in somebody's tags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from release_actions.adoption.unknown import OPEN

BRANCHING = re.compile(r"^\s*(?:if|case|for|while|until|function)\b|\|\||&&", re.MULTILINE)
ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)=(?P<value>\"[^\"]*\"|'[^']*'|\S*)\s*$")
ECHO = re.compile(
    r"^\s*echo\s+(?P<quote>[\"']?)(?P<name>[A-Za-z_][\w-]*)=(?P<value>.*?)(?P=quote)\s*"
    r"(?:>>|\|\s*tee\s+-a)\s*\"?\$\{?GITHUB_(?P<where>OUTPUT|ENV)\}?\"?\s*$"
)
EXPANSION = re.compile(
    r"\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?:(?P<lower>,,)|:-\$?(?P<default>[\w./-]*)|//(?P<old>\\/|[^/}]+)/(?P<new>[^}]*))?\})"
)

SHORTENED = re.compile(r"\$\(echo (?P<word>[\w.-]+) \| cut -c\s?1-(?P<digits>\d+)\)")
SHORT_HEAD = re.compile(r"\$\(git rev-parse --short(?:=7)? (?:HEAD|\"?\$\{?GITHUB_SHA\}?\"?)\)")
SLICE = re.compile(r"\$\{(?P<name>GITHUB_SHA):0?:(?P<digits>\d+)\}")
"""The usual ways to shorten a commit."""


def read_outputs(script: str, environ: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Outputs and variables that a script certainly sets. Its expressions have been filled in."""
    outputs: dict[str, str] = {}
    variables: dict[str, str] = {}
    known = dict(environ)
    if BRANCHING.search(script):
        return outputs, variables
    for line in script.splitlines():
        assigned, echoed = ASSIGNMENT.match(line), ECHO.match(line)
        if assigned:
            value = expand(assigned["value"].strip("\"'"), known)
            if value is None:
                known.pop(assigned["name"], None)
            else:
                known[assigned["name"]] = value
        elif echoed:
            value = expand(echoed["value"], known)
            if value is not None:
                (outputs if echoed["where"] == "OUTPUT" else variables)[echoed["name"]] = value
    return outputs, variables


def expand(text: str, known: Mapping[str, str]) -> str | None:
    """A text with its variables filled in; None where a value is not known."""
    text = SHORTENED.sub(lambda match: (match["word"])[: int(match["digits"])], text)
    text = SHORT_HEAD.sub(known.get("GITHUB_SHA", "")[:7], text)
    text = SLICE.sub(lambda match: known.get(match["name"], "")[: int(match["digits"])], text)
    if "$(" in text or "`" in text or OPEN in text:
        return None
    is_complete = True

    def fill(match: re.Match[str]) -> str:
        nonlocal is_complete
        value = known.get(match["plain"] or match["name"])
        if not value and match["default"] is not None:
            value = known.get(match["default"], match["default"])
        if value is None:
            is_complete = False
            return ""
        if match["lower"]:
            return value.lower()
        return value.replace(match["old"].replace("\\/", "/"), match["new"]) if match["old"] else value

    filled = EXPANSION.sub(fill, text)
    return filled if is_complete and "$" not in filled else None
