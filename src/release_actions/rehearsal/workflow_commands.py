"""Recognises workflow commands in a step's output, as actions/runner's ActionCommand does.

`::name key=value,key=value::data` after blanks at the start of a line, `##[name key=value;key=value]data` anywhere in
one. A line that only looks like a command is a line of the log.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

COMMANDS = frozenset(
    {
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
        "warning",
    }
)

_DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
_PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
_BRACKET = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%25": "%"}


@dataclass(frozen=True)
class Command:
    """A command: its name in lower case, its properties by lower-case name, and its data."""

    name: str
    properties: Mapping[str, str]
    data: str


def parse(line: str, names: Collection[str] = COMMANDS) -> Command | None:
    """The command in a line, or None. `names` are the lower-case names that are known at this moment."""
    trimmed = line.lstrip()
    if trimmed.startswith("::"):
        info, separator, data = trimmed[2:].partition("::")
        if separator and (command := _make_command(info, data, names, ",", _PROPERTY, _DATA)):
            return command
    _, separator, rest = line.partition("##[")
    info, closed, data = rest.partition("]")
    return _make_command(info, data, names, ";", _BRACKET, _BRACKET) if separator and closed else None


def _make_command(  # the two syntaxes differ in all of these
    info: str,
    data: str,
    names: Collection[str],
    separator: str,
    property_escapes: Mapping[str, str],
    data_escapes: Mapping[str, str],
) -> Command | None:
    name, _, rest = info.partition(" ")
    if name.lower() not in names:
        return None
    properties = {}
    for text in rest.strip().split(separator):
        key, _, value = text.partition("=")
        if key and value:
            properties[key.lower()] = _unescape(value, property_escapes)
    return Command(name.lower(), properties, _unescape(data, data_escapes))


def _unescape(text: str, escapes: Mapping[str, str]) -> str:
    """One escape after the other, `%25` last, so that an escaped percent sign does not begin another escape."""
    for escape, character in escapes.items():
        text = text.replace(escape, character)
    return text
