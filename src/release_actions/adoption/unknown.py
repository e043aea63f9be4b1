"""Fills in expressions with what is known of an event, and remembers what only a run knows.

A secret, a variable or the output of a program is a text that names where it would come from. What depends on one is
assumed: a step runs, an image is pushed. Each assumption is kept, for a person to judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from release_actions.errors import ActionError
from release_actions.runner.expression_values import CaseSensitive, Value
from release_actions.runner.expressions import Condition, Scope, Template

OPEN, CLOSE = "\u27e6", "\u27e7"
MARK = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
CONTEXTS = frozenset(
    {"github", "env", "vars", "secrets", "inputs", "matrix", "needs", "steps", "runner", "job", "strategy"}
)
FAILURES = (ActionError, ValueError, TypeError)
"""What an expression ends with that lies outside the supported part of the language, or works on a wrong type."""


class UnknownValues(CaseSensitive):
    """A context of which some values are known. Reading any other one is remembered in `reads`."""

    def __init__(self, path: str, known: Mapping[str, str], reads: list[str]) -> None:
        super().__init__(known)
        self.path = path
        self.reads = reads

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002  # what a mapping takes
        """The value, or the text that stands for it."""
        key = next((key for key in self if key.lower() == str(name).lower()), None)
        if key is not None and OPEN not in self[key]:
            return self[key]
        self.reads.append(f"{self.path}.{name}")
        if key is not None:
            return self[key]
        return f"{OPEN}{self.path}.{name}{CLOSE}"


def list_unknown(text: str) -> tuple[str, ...]:
    """What a text needs that only a run knows, such as `secrets.NAME`."""
    return tuple(MARK.findall(text))


@dataclass(frozen=True)
class Evaluator:
    """Contexts by name, what was read of the unknown, and the conditions that were assumed to hold."""

    contexts: Mapping[str, Value]
    reads: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def render(self, text: str) -> str:
        """A text with its expressions filled in. One that cannot be read is an unknown text."""
        if "${{" not in text:
            return text
        try:
            return Template.read(text, CONTEXTS).render(Scope(self.contexts))
        except FAILURES:
            return f"{OPEN}{' '.join(text.split())}{CLOSE}"

    def evaluate(self, text: str) -> Value:
        """The value of a text that may be one expression; None where it cannot be known."""
        before = len(self.reads)
        try:
            value = Template.read(text, CONTEXTS).evaluate(Scope(self.contexts))
        except FAILURES:
            return None
        return value if len(self.reads) == before else None

    def holds(self, condition: str) -> bool:
        """Whether a step or a job runs."""
        before = len(self.reads)
        try:
            holds = not condition.strip() or Condition.read(condition, CONTEXTS).holds(Scope(self.contexts))
        except FAILURES:
            holds = True
            self.reads.append("an expression outside the supported part")
        if len(self.reads) > before:
            self.assumed.append(" ".join(condition.split()))
            return True
        return holds

    def is_on(self, text: str) -> bool:
        """Whether an input is true; one that only a run knows is assumed to be."""
        rendered = self.render(text).strip().lower()
        if list_unknown(rendered):
            self.assumed.append(" ".join(text.split()))
            return True
        return rendered == "true"
