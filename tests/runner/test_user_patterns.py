"""Every place where a pattern, glob or template of a user is matched: none of them can hang a run.

A text that an outsider writes is matched by expressions of our own, which are tried here as well.
"""

from __future__ import annotations

import ast
import contextlib
import re
import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from release_actions.adoption.events import Event, Occasion, compile_filter
from release_actions.adoption.metadata_action import Rule, make_value
from release_actions.branches.rewriting import RewriteRule, rewrite_files
from release_actions.branches.under_test import is_release_branch
from release_actions.builds import path_filter
from release_actions.builds.context_files import is_ignored
from release_actions.cleanup import selection
from release_actions.cleanup.gone import compile_branch
from release_actions.components.sources import find_by_pattern
from release_actions.config.channel_tags import fits_template
from release_actions.config.grammar import can_be_equal
from release_actions.drift.expectations import check_expectations, read_expectations
from release_actions.errors import InputError
from release_actions.people.owners import parse_owners
from release_actions.performance.files import matches_of
from release_actions.runner import patterns
from release_actions.versions.refusals import explain

ROOT = Path(__file__).parents[2] / "src" / "release_actions"
LIMIT = 2.0
"""Seconds of the processor, twenty times what one match may take here. What hangs would need years."""

A, ONES = "a" * 100, "1" * 100
NESTED, STARS = "(a+)+b", "**a" * 20 + "b"
NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
TAG_EVENT = Event(Occasion.FINAL, "push", f"refs/tags/{A}", "main", "acme/app")
MATCH_RULE = Rule("match", {"pattern": NESTED, "value": A})
DEPENDENCIES = f"dependencies:\n- {{name: x, version: '1', refPaths: [{{path: f, match: '{NESTED}'}}]}}\n"
OWNERS = f'filters: {{"{NESTED}": {{approvers: [ada]}}}}'

PLACES: dict[str, Callable[[Path], Any]] = {
    "cleanup, delete-tags with use-regex": lambda _: selection.matches(NESTED, A, regex=True),
    "cleanup, delete-tags": lambda _: selection.matches("*a" * 40 + "b", A),
    "channels, tags of a branch that is gone": lambda _: compile_branch("{branch}" * 40 + "x").fullmatch(A),
    "channels, tags": lambda _: fits_template(ONES, "{number}" * 40 + "x"),
    "floating-tags": lambda _: can_be_equal("{major}" * 40 + "x", "{minor}" * 60),
    "images, paths": lambda _: path_filter.matches([STARS], A),
    "a Dockerfile's .dockerignore": lambda _: is_ignored(A, (STARS,)),
    "components, version.pattern": lambda _: find_by_pattern(A, f"({NESTED})", "f"),
    "branches, templates of release branches": lambda _: is_release_branch(
        "1" * 60 + "x", ["{major}" * 40], (), "main"
    ),
    "branches, rewrites": lambda _: rewrite_files([RewriteRule(("f",), NESTED, "x")], ["f"], lambda _: A, {}),
    "drift, dependencies": lambda _: list(check_expectations(read_expectations(DEPENDENCIES, "d"), lambda _: A)),
    "OWNERS, filters": lambda _: parse_owners({"OWNERS": OWNERS}).find_approvers(A),
    "perf-gate, baseline": lambda folder: matches_of("**/" * 30 + "*.json", folder),
    "init, filters of a workflow": lambda _: compile_filter("a+" * 30 + "b").matches_whole(A),
    "init, docker/metadata-action": lambda _: make_value(MATCH_RULE, TAG_EVENT, NOW),
    "a pushed tag": lambda _: explain("v" * 90 + "x", "v", lambda _: False),
    "a pushed tag, with a prefix": lambda _: explain("v" * 90 + "x", "vv", lambda _: False),
}
"""Where a pattern is from -> matching one that tries every way, on a text that makes it do so."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """End what takes too long, by a clock that Pattern's own alarm does not touch."""

    def ring(_number: int, _frame: object) -> None:
        message = "it hangs"
        raise AssertionError(message)

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("place", PLACES)
def test_no_pattern_hangs_a_run(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS_PER_MATCH", LIMIT / 20)
    deep = tmp_path.joinpath(*"abcdefghijkl")
    deep.mkdir(parents=True)
    (deep / "result.json").touch()

    with limited(), contextlib.suppress(InputError):
        PLACES[place](tmp_path)


def test_a_replacement_is_what_an_expression_replaces() -> None:
    rule = RewriteRule(("f",), r"(?:^|(?<=,))(a|(b))?", r"\1{branch}")

    (changed,) = rewrite_files([rule], ["f"], lambda _: "a,b,c\nd", {"branch": "r"})

    assert changed.after == "\\1r,\\1r,\\1rc\n\\1rd"


OUR_OWN = {
    "adoption/templates.py:make_float": "numbers of a version",
    "builds/dockerfile_words.py:apply": "MOST_STARS and LONGEST_CUT limit it",
    "builds/dockerfile_words.py:cut": "MOST_STARS and LONGEST_CUT limit it",
    "builds/path_filter.py:pattern": "limit_pattern matches it where it has more than two wildcards",
    "cleanup/gone.py:compile_branch": "one part of any length, the others have a limit",
    "cleanup/selection.py:_compile_glob": "fnmatch does not go back behind a star",
    "config/rules.py:patterns_are_legal": "the shape's own pattern",
    "config/shapes/collections.py:load": "the shape's own pattern",
    "config/shapes/scalars.py:check": "the shape's own pattern",
    "notes/addresses.py:_match_inside": "a table's own patterns",
    "notes/change_forms.py:": "forms of our own",
    "notes/from_git.py:read_origin": "the server's name, escaped",
    "proposals/refusals.py:explain_refusal": "a table's own patterns",
    "runner/inputs.py:": "the units of a duration",
    "runner/patterns.py:__init__": "within a limit",
    "runner/patterns.py:groups": "within a limit",
    "teardown/plan.py:list_stumps": "a release, escaped",
    "tracker/calendar.py:find_release": "tags, escaped",
    "versions/floating.py:find_floating": "numbers have something between them: has_adjacent_numbers",
}
"""Where an expression is made of more than constants -> why it cannot hang, whatever a user writes."""

METHODS = {"compile", "match", "search", "fullmatch", "sub", "subn", "finditer", "findall", "split"}


def is_fixed(node: ast.AST) -> bool:
    """Whether an expression is made of constants and of escaped texts alone."""
    match node:
        case ast.JoinedStr(values=parts):
            return all(is_fixed(part.value) for part in parts if isinstance(part, ast.FormattedValue))
        case ast.Attribute(value=value, attr="pattern") | ast.Subscript(value=value):
            return is_fixed(value)
        case ast.BinOp(left=left, right=right):
            return is_fixed(left) and is_fixed(right)
        case ast.Call(func=ast.Attribute(attr="join"), args=[value]):
            return isinstance(value, ast.Name) and is_fixed(value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
    return isinstance(node, ast.Constant) or ast.unparse(node).startswith("re.escape(")


def list_sites(text: str) -> Iterator[str]:
    """The functions of a module that match an expression which is not fixed; empty for the module itself."""
    stack: list[tuple[ast.AST, str]] = [(ast.parse(text), "")] if re.search(r"(?m)^import re$", text) else []
    while stack:
        node, function = stack.pop()
        match node:
            case ast.FunctionDef(name=name):
                function = name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[expression, *_]):
                if method in METHODS and not is_fixed(expression):
                    yield function
        stack += [(below, function) for below in ast.iter_child_nodes(node)]


def test_no_expression_of_a_user_is_matched_without_a_limit() -> None:
    sites = {
        f"{file.relative_to(ROOT).as_posix()}:{function}"
        for file in ROOT.rglob("*.py")
        for function in list_sites(file.read_text(encoding="utf-8"))
    }

    assert sites == set(OUR_OWN), "match it with runner.patterns.Pattern or runner.forms.has_form, or say why not"


def test_an_expression_from_outside_is_seen() -> None:
    text = "import re\ndef f(rule):\n    return re.sub(rule.pattern, 'x', 'text')"

    assert list(list_sites(text)) == ["f"]
