"""Secrets of arbitrary names in one text: `NAME=value` lines, or `NAME<<END`, lines, `END`, as in GITHUB_ENV.

A reusable workflow declares its secrets by name and cannot know those of a caller's builds, so they come as one. Pure.
No value may ever be in an error: a malformed line is named by its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from release_actions.errors import InputError, Problem

SINGLE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")
SEVERAL = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)<<(?P<end>[A-Za-z0-9_]+)")
HINT = "Write NAME=value, or for a value of several lines NAME<<END, the lines, and END."


def parse(text: str, source: str) -> dict[str, str]:
    """Name -> value. `source` is what the text is called. Raises `InputError` with every mistake in it.

    A secret that the repository lacks arrives as an empty text, so `NAME=` is left out: it is not there.
    """
    lines = text.splitlines()
    secrets: dict[str, str] = {}
    problems: list[Problem] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        single, several = SINGLE.fullmatch(line), SEVERAL.fullmatch(line.strip())
        if several:
            begin = number
            try:
                number = lines.index(several["end"], begin) + 1
            except ValueError:
                problems.append(Problem(f"Line {begin} of {source} begins a value that nothing ends.", HINT))
                break
            name, value = several["name"], "\n".join(lines[begin : number - 1])
        elif single:
            name, value = single["name"], single["value"]
        else:
            problems.append(Problem(f"Line {number} of {source} is not a secret.", HINT))
            continue
        if name in secrets:
            problems.append(Problem(f"{source} has {name} twice.", "Keep one of them."))
        secrets[name] = value
    if problems:
        raise InputError(problems=problems)
    return {name: value for name, value in secrets.items() if value}


def pick(secrets: Mapping[str, str], wanted: Mapping[str, str], source: str) -> dict[str, str]:
    """ID -> value, from ID -> name. Raises `InputError` with every name that is not there or is empty."""
    problems = [
        Problem(
            f"{source} has no {name}, which release.yaml asks for.",
            f"Add the line {name}=${{{{ secrets.{name} }}}} to it in the workflow that calls, and the secret to the "
            "repository.",
        )
        for name in dict.fromkeys(wanted.values())
        if name not in secrets
    ]
    if problems:
        raise InputError(problems=problems)
    return {key: secrets[name] for key, name in wanted.items()}
