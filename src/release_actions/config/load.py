"""Reads `release.yaml`: its form, then its rules. Every mistake of the stage that fails is reported at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from release_actions.config import resolve, shapes
from release_actions.config.components import list_component_nodes
from release_actions.config.document import SHAPE, Document
from release_actions.config.model import Config
from release_actions.config.rules import RULES, RULES_OF_COMPONENTS, Rule
from release_actions.config.source import Node, parse, read_text
from release_actions.errors import ConfigurationError, InputError, PolicyError, Problem
from release_actions.versions.version import parse_or_none

FILE = "release.yaml"
"""The file's usual name, at the top of a repository."""

HINT = "Check out the repository first, or say where the file is with 'config'."


def load_config(path: Path, *, name: str = "", component: str = "", tag: str = "") -> Config:
    """The configuration in a file. `name` is how errors call the file, `path` by default.

    Of a file with components, the one that `component` names, else the one whose release `tag` is. Raises
    `ConfigurationError` with every mistake, `InputError` where it is not known which component is meant, and
    `PolicyError` for a tag of none.
    """
    whole = load_whole(path, name=name)
    if not whole.parts:
        if component:
            message = f"Input 'component' is {component!r}, and {whole.at().file} has no components."
            raise InputError(message, hint="Remove the input, or describe the component below 'components'.")
        return whole
    return choose_component(whole, component, tag)


def load_whole(path: Path, *, name: str = "") -> Config:
    """All of a file, with its components in `parts`. For what is about no release. Raises `ConfigurationError`."""
    return load_text(read_text(path, name=name, hint=HINT), file=name or str(path))


def load_text(text: str, *, file: str = FILE) -> Config:
    """The configuration in a text, with its components in `parts`. Raises `ConfigurationError` with every mistake."""
    origin = parse(text, file)
    document: Document = shapes.load_node(origin, SHAPE)
    nodes = list_component_nodes(origin)
    problems = find_problems(document, [rule for rule in RULES if not nodes or rule not in RULES_OF_COMPONENTS])
    raise_problems(problems)
    parts = {key: load_component(key, node) for key, node in nodes.items()}
    raise_problems([problem for part in parts.values() if isinstance(part, list) for problem in part])
    made = tuple(part for part in parts.values() if isinstance(part, Config))
    retired = {name: spec for component in document.components.values() for name, spec in component.retired.items()}
    document = replace(document, retired={**document.retired, **retired})
    return replace(resolve.resolve_config(document), parts=made)


def load_component(key: str, node: Node) -> Config | list[Problem]:
    """The configuration of a component, or what is wrong with it."""
    try:
        document: Document = shapes.load_node(node, SHAPE)
    except ConfigurationError as error:
        return list(error.problems)
    problems = find_problems(document, RULES_OF_COMPONENTS)
    return problems or replace(resolve.resolve_config(document), component=key)


def find_problems(document: Document, rules: Iterable[Rule]) -> list[Problem]:
    """What breaks the rules."""
    return [problem for rule in rules for problem in rule(document)]


def raise_problems(problems: list[Problem]) -> None:
    """Raise `ConfigurationError` if there are any. What two components have from the file is reported once."""
    if problems:
        raise ConfigurationError(problems=shapes.in_file_order(list(dict.fromkeys(problems))))


def choose_component(whole: Config, component: str, tag: str) -> Config:
    """The component that is named, or whose tag it is. Raises `InputError` and `PolicyError`."""
    file = whole.at().file
    by_key = {part.component: part for part in whole.parts}
    if component:
        if component not in by_key:
            message = f"Input 'component' names {component!r}, which is not a component of {file}."
            raise InputError(message, hint=f"Its components are {', '.join(by_key)}.")
        return by_key[component]
    name = tag.removeprefix("refs/tags/")
    if not name:
        message = f"{file} has several components, and this run does not say which one is meant."
        raise InputError(message, hint=f"Set the input component to one of {', '.join(by_key)}, where there is one.")
    owners = [part for part in whole.parts if parse_or_none(name, part.tag_prefix)]
    # A tag that is misspelt is refused by the component that it resembles most.
    alike = sorted((part for part in whole.parts if name.startswith(part.tag_prefix)), key=lambda p: len(p.tag_prefix))
    chosen = (owners or alike[-1:])[:1]
    if not chosen:
        prefixes = ", ".join(repr(str(part.tag_prefix)) for part in whole.parts)
        message = f"The tag {name[:100]!r} is of no component of {file}: their release tags begin with {prefixes}."
        raise PolicyError(message, hint="Push the tag of one component.")
    return chosen[0]
