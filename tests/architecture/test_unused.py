"""Nothing is declared that nobody reads: no input of a command, no function that only tests call."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "release_actions"
CALLERS = (PACKAGE, ROOT / "scripts", ROOT / "benchmarks", ROOT / "actions")

CALLED_BY_LIBRARIES = {
    "run_wsgi": "werkzeug's server calls it",
    "associatedPullRequests": "graphql-core finds a field's resolver by its name",
    "getheaders": "PyGithub calls it on the answer of our client",
    "getresponse": "PyGithub calls it on the connection that we give it",
    "pullRequest": "graphql-core, as above",
}
"""Name -> who calls it without naming it in our code."""

FOR_TESTS = {
    "applied": "where the floating tags are after a plan, so that a test can plan again",
    "faults_from_list": "the embedding interface of the simulator, beside faults_named",
    "make_github_pace": "the pace of a clean-up for GitHub's API, written to be shared by every client",
    "is_right": "that a plan has nothing to do",
    "lint": "the rules with everything at once, as the tests of every rule need it",
    "mount_blob": "contract tests hold the simulator to it",
    "pass_on": "what the platform passes between jobs, held against documented cases",
}
"""Name -> why it is in the package though only tests call it. Nothing is added here for convenience."""


@functools.cache
def read(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def attributes_read(tree: ast.Module) -> set[str]:
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in nodes if isinstance(node.ctx, ast.Load)}


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Modules and their contents that a module imports, by full name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def declared(tree: ast.Module) -> Iterator[str]:
    """Fields of the classes that hold a command's inputs, or the settings of a rule, which may be inputs too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Inputs", "Settings")):
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield line.target.id


def defined(tree: ast.Module) -> Iterator[str]:
    """Functions, classes and methods of a module, not those inside functions."""
    bodies = [tree.body]
    while bodies:
        for node in bodies.pop():
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                yield node.name
            if isinstance(node, ast.ClassDef):
                bodies.append(node.body)


READ_BY_MAIN = frozenset({"report"})
"""Inputs that `main` reads from their texts, for every command that has them."""


def test_every_input_is_read() -> None:
    trees = {file: read(file) for file in PACKAGE.rglob("*.py")}
    imported = {file: set(imports_of(tree)) for file, tree in trees.items()}
    unread = []
    for file, tree in trees.items():
        module = ".".join(file.relative_to(ROOT / "src").with_suffix("").parts)
        # Inputs are read where they are declared, or by a module that imports their class.
        readers = [other for other in trees if other == file or module in imported[other]]
        names = set(declared(tree))
        seen = {name for reader in readers for name in attributes_read(trees[reader])} if names else set()
        unread += [f"{module}: {name}" for name in sorted(names - seen - READ_BY_MAIN)]

    assert not unread, "read it where it has an effect, or remove it"
    text = (PACKAGE / "main.py").read_text(encoding="utf-8")
    assert all(f'texts["{name}"]' in text for name in READ_BY_MAIN)


def test_no_function_is_called_by_tests_alone() -> None:
    used: Counter[str] = Counter()
    for folder in CALLERS:
        for file in folder.rglob("*.py"):
            for node in ast.walk(read(file)):
                if isinstance(node, ast.Name):
                    used[node.id] += 1
                elif isinstance(node, ast.Attribute):
                    used[node.attr] += 1
    names = {name for file in PACKAGE.rglob("*.py") for name in defined(read(file)) if not name.startswith("__")}

    unused = {name for name in names if not used[name]}

    assert unused - {*CALLED_BY_LIBRARIES, *FOR_TESTS} == set(), "call it, or remove it and its tests"
