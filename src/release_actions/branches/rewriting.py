"""Rewrites what a new release branch says differently than trunk: guides' variables, pins of workflows, links. Pure."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.builds.path_filter import matches
from release_actions.errors import ConfigurationError
from release_actions.runner.patterns import Pattern


@dataclass(frozen=True)
class RewriteRule:
    """What to replace in which files. `replacement` is a template with placeholders such as `{branch}`."""

    files: tuple[str, ...]
    pattern: str
    replacement: str


@dataclass(frozen=True)
class Rewritten:
    """A file before and after."""

    path: str
    before: str
    after: str

    @property
    def patch(self) -> str:
        """The change as `git apply` takes it."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.path}",
            f"b/{self.path}",
        )
        # A last line without an end is marked as git marks it.
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def rewrite_files(
    rules: Iterable[RewriteRule], paths: Iterable[str], read: Callable[[str], str | None], values: Mapping[str, str]
) -> tuple[Rewritten, ...]:
    """The files that the rules change. `read` gives a file's text, None for what is no text.

    Raises `ConfigurationError` for a rule that changes nothing: it would be forgotten otherwise; `InputError` for one
    that takes too long.
    """
    every = tuple(rules)
    for rule in every:
        check_pattern(rule.pattern)
    used: set[int] = set()
    rewritten = []
    for path in paths:
        fitting = [(number, rule) for number, rule in enumerate(every) if matches(rule.files, path)]
        before = read(path) if fitting else None
        if before is None:
            continue
        after = before
        for number, rule in fitting:
            changed = _replace(rule, after, values)
            used |= {number} if changed != after else set()
            after = changed
        if after != before:
            rewritten.append(Rewritten(path, before, after))
    unused = list(_list_unused(every, used))
    if unused:
        raise ConfigurationError("\n".join(unused), hint="Correct files and pattern under branches.rewrites.")
    return tuple(rewritten)


def check_pattern(pattern: str) -> None:
    """Raise `ConfigurationError` for what is no regular expression."""
    try:
        compile_pattern(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        message = f"A pattern under branches.rewrites is no regular expression: {pattern!r} ({error})."
        raise ConfigurationError(message, hint="Write it as Python's module re takes it.") from None


def _replace(rule: RewriteRule, text: str, values: Mapping[str, str]) -> str:
    filled = rule.replacement
    for name, value in values.items():
        filled = filled.replace(f"{{{name}}}", value)
    return compile_pattern(rule.pattern).replace(text, filled)


@functools.cache
def compile_pattern(pattern: str) -> Pattern:
    """A pattern, once for all files: it has a limit of time for all of them."""
    return Pattern(pattern, re.MULTILINE)


def _list_unused(rules: tuple[RewriteRule, ...], used: set[int]) -> Iterator[str]:
    for number, rule in enumerate(rules):
        if number not in used:
            yield f"The rewrite of {', '.join(rule.files)} matches nothing: {rule.pattern!r}."
