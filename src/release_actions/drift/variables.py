"""Versions in variables: of shells, Makefiles, Dockerfiles, workflows and version files.

A variable belongs to a component when it stands where the component's version is expected
(`ghcr.io/llm-d/router:${ROUTER_TAG}`), or when its name is the component's (`LLM_D_ROUTER_VERSION`). A name that any
project could use, such as VERSION, belongs to a component only in the file that uses it so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from release_actions.drift.catalogue import Catalogue, Kind, Name
from release_actions.drift.reference import LITERAL, Form, Reference, Text, trim
from release_actions.drift.text_references import find_all

ENDINGS = ("_IMAGE_TAG", "_CHART_VERSION", "_RELEASE_VERSION", "_VERSION", "_RELEASE", "_TAG", "_REF", "_BRANCH")
"""Ends of names that say what a variable holds."""

COMMON = re.compile(
    r"(?:IMAGE|IMG|CHART|HELM|APP|RELEASE|GIT|REPO|BASE|DEFAULT|LATEST|DOCKER|K8S|TARGET|SOURCE|CURRENT|PREVIOUS)?"
    r"_?(?:VERSION|TAG|REF|BRANCH|RELEASE|IMAGE_TAG)",
    re.IGNORECASE,
)
"""Names that any project could use for anything."""


@dataclass(frozen=True)
class Bindings:
    """Which variables hold a version of which name: in every file, and in the files that say so themselves."""

    everywhere: Mapping[str, Name]
    in_file: Mapping[str, Mapping[str, Name]]

    def of(self, path: str) -> Mapping[str, Name]:
        """The variables of a file."""
        return {**self.everywhere, **self.in_file.get(path, {})}


def bind_variables(references: Iterable[Reference], catalogue: Catalogue) -> Bindings:
    """Variables from where they are used, and from the names of the components."""
    used: defaultdict[str, set[Name]] = defaultdict(set)
    in_file: defaultdict[str, dict[str, Name]] = defaultdict(dict)
    for reference in references:
        if reference.variable:
            used[reference.variable].add(reference.name)
            in_file[reference.place.file][reference.variable] = reference.name
    everywhere = dict(_named_after(catalogue))
    for variable, names in used.items():
        # Two components that share a variable share a version only by accident.
        if len({name.component for name in names}) == 1 and not COMMON.fullmatch(variable):
            everywhere[variable] = min(names, key=lambda name: name.text)
    return Bindings(everywhere, in_file)


def _named_after(catalogue: Catalogue) -> Iterator[tuple[str, Name]]:
    """Variables that bear the name of a component."""
    for name in catalogue.names:
        if name.current or name.is_dev or "-" not in name.basename:
            continue
        stem = re.sub(r"[^A-Za-z0-9]+", "_", name.basename).upper()
        for ending in ENDINGS:
            if ending != "_CHART_VERSION" or name.kind is Kind.CHART:
                yield f"{stem}{ending}", name


BEFORE = re.compile(r"[ \t]*(?:[#/]+[ \t]*)?(?:(?:export|readonly|local|ARG|ENV|declare(?: -\w+)?)[ \t]+)?")
"""What may stand before a variable that is assigned, from the start of the line."""

AFTER = re.compile(
    rf"(?:[ \t]*(?:\?|:|::)?=[ \t]*|:[ \t]+|[ \t]+(?=[\"']?v?[0-9]))"
    rf"[\"']?(?:\$\{{\w+:?[-=])?[\"']?(?P<token>{LITERAL}(?:/{LITERAL})*)"
)
"""What follows it: a sign of some language, a default of a shell, and the version."""

LISTED_BEFORE = re.compile(r"[ \t]*- name:[ \t]*[\"']?")
LISTED_AFTER = re.compile(rf"[\"']?[ \t]*\r?\n[ \t]*value:[ \t]*[\"']?(?P<token>{LITERAL}(?:/{LITERAL})*)")
"""A variable of a container: its name and its value in two lines."""


def read_assignments(text: Text, names: Mapping[str, Name]) -> Iterator[Reference]:
    """What a file gives to these variables."""
    for variable, name in names.items():
        for position in find_all(text.content, variable):
            line = text.content.rfind("\n", 0, position) + 1
            end = position + len(variable)
            listed = LISTED_BEFORE.fullmatch(text.content, line, position)
            if not listed and not BEFORE.fullmatch(text.content, line, position):
                continue
            match = (LISTED_AFTER if listed else AFTER).match(text.content, end)
            if match:
                start = match.start("token")
                yield text.reference(name, Form.VARIABLE, start, start + len(trim(match["token"])))
