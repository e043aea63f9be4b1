"""Judges what a call passes: values that the action would refuse, names that release.yaml lacks, deceptive patterns.

Only what is written out is judged. An expression is filled in by a run, and nobody knows its value before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from release_actions.adoption.callers import Caller, Written
from release_actions.adoption.rules import Findings, Hit, make_finding
from release_actions.config import CHANNELS, Config, shapes
from release_actions.errors import Place
from release_actions.runner import inputs
from release_actions.runner.report import Finding, Level
from release_actions.surface.model import Group, Interface

InputsOf = Callable[[str], type[Any] | None]
"""Name of an action -> the dataclass of its inputs, None for what is not an action."""

BOOLEANS = frozenset({"true", "false"})
ALL = "all"
ENDS = re.compile(r"(?:\^|\.\*|\\A)(?P<within>.*)(?:\$|\.\*|\\Z)", re.DOTALL)


def judge_values(caller: Caller, interface: Interface, inputs_of: InputsOf) -> Findings:
    """Values that the action refuses at its start, or that GitHub refuses for their type."""
    known = {name: written for name, written in caller.inputs.items() if written.is_known}
    for name, about in interface.elements(Group.INPUTS).items():
        written = known.get(name)
        if written is None:
            continue
        if about.get("type") == "boolean" and written.text not in BOOLEANS:
            yield make_finding("input-value", say_boolean(name, written), written.place)
        if about.get("type") == "number" and not re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", written.text):
            hit = Hit(f"Input '{name}' is {written.text!r}, which is not a number.", "GitHub refuses the run.")
            yield make_finding("input-value", hit, written.place)
    declared = None if caller.is_job else inputs_of(caller.name)
    if declared is not None:
        yield from read_values(declared, known)


def read_values(declared: type[Any], known: dict[str, Written]) -> Findings:
    """What the action's own reader says of each value."""
    for spec in inputs.specs(declared):
        written = known.get(spec.name)
        if written is None or not written.text or spec.secret:
            continue
        try:
            spec.parse(written.text)
        except ValueError as error:
            shown = written.text if len(written.text) <= inputs.SHOWN else written.text[: inputs.SHOWN] + "…"
            hit = Hit(f"Input '{spec.name}' is {shown!r}, {error}", suggest_duration(spec.parse, written.text))
            yield make_finding("input-value", hit, written.place)


def suggest_duration(parse: inputs.Parser[Any], text: str) -> str:
    """`2 days ago UTC` and `30` as this suite writes them; empty for anything else."""
    match = re.fullmatch(r"(\d+)\s*(seconds?|minutes?|hours?|days?|weeks?)?(?: ago.*)?", text.strip().lower())
    if parse is not inputs.duration or match is None:
        return ""
    return f"Did you mean {match[1]}{(match[2] or 'days')[0]}?"


def say_boolean(name: str, written: Written) -> Hit:
    return Hit(f"Input '{name}' is {written.text!r}, which is not a boolean.", "Write true or false.")


def judge_names(caller: Caller, config: Config | None, file: str) -> Findings:
    """Names that release.yaml does not have."""
    if config is None:
        return
    rules = [rule.name for rule in config.cleanup]
    for name, known in (("images", (*config.images, ALL)), ("rule", rules), ("channel", CHANNELS)):
        written = caller.inputs.get(name)
        # What promote and verify-images call an image is a package.
        if written is None or not written.is_known or (name == "images" and caller.name not in IMAGE_KEYS):
            continue
        for text in inputs.items(written.text):
            if text.lstrip("!") not in known and not re.search(r"[*?\[{]", text):
                word = {"images": "image", "rule": "clean-up rule", "channel": "channel"}[name]
                hit = Hit(f"{file} has no {word} '{text}'.", shapes.suggest_nearest(text, list(known)))
                yield make_finding("unknown-name", hit, written.place)


IMAGE_KEYS = frozenset(
    {"build-image.yml", "ci-release.yaml", "nightly-build-image.yml", "build-matrix", "release-plan", "protect-latest"}
)
"""What takes keys of images in the input `images`."""


def judge_patterns(caller: Caller) -> Findings:
    """Regular expressions of a call of ghcr-cleanup that were written for a search."""
    regex = caller.inputs.get("use-regex")
    if caller.name != "ghcr-cleanup" or regex is None or regex.text.lower() != "true":
        return
    for name in ("exclude-tags", "delete-tags"):
        written = caller.inputs.get(name)
        if written is not None and written.is_known:
            yield from judge_expressions(name, inputs.lines(written.text), written.place)


def judge_rule_patterns(config: Config) -> Findings:
    """The same of the clean-up rules in release.yaml."""
    for rule in config.cleanup:
        if rule.settings.use_regex:
            settings = rule.settings
            for name, patterns in (("exclude-tags", settings.exclude_tags), ("delete-tags", settings.delete_tags)):
                yield from judge_expressions(name, patterns, config.at("cleanup", rule.name, name))


def judge_expressions(name: str, patterns: Sequence[str], place: Place) -> Iterable[Finding]:
    """Expressions that do not say where they begin and end. One that protects too little is an error."""
    for pattern in patterns:
        if ENDS.fullmatch(pattern) is None:
            protects = name == "exclude-tags"
            less = "protects less" if protects else "deletes less"
            message = f"'{pattern}' in {name} has to match the whole tag, so it {less} than where it is searched for."
            hit = Hit(message, f"Write '^{pattern}$' for the whole tag, or '.*(?:{pattern}).*' for anywhere in it.")
            yield make_finding("false-friend", hit, place, Level.ERROR if protects else Level.WARNING)
