"""What may be written in `components.yaml`: the components of a release, and where the version of each comes from.

Every type, name and version is kept as it is written, because it ends up in a table that other programs read. A key is
added together with what uses it, never before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from release_actions.components.version_source import IMAGE, SOURCE, FromFile, Source
from release_actions.config import grammar
from release_actions.config.shapes import (
    Choice,
    FormRecord,
    FormRecordOf,
    ListOf,
    MapOf,
    Record,
    RecordOf,
    Text,
    in_file_order,
    key,
    load,
)
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError, Place, Problem
from release_actions.runner.patterns import Pattern

FILE = "components.yaml"
"""The file's usual name, at the top of a repository."""

ID = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
"""The name of a component that never changes."""

TITLE = r"[A-Za-z0-9][A-Za-z0-9._/() -]*"
"""A component as a table calls it: `org/name` or `org/name (Variant)`."""

CELL = r"[A-Za-z0-9](?:[A-Za-z0-9 .,:;&+()/'_`-]*[A-Za-z0-9.)`])?"
"""What a cell of a table may hold beside versions: nothing in it ends the cell or begins a link."""

TEMPLATE = r"[A-Za-z0-9._/+-]*\{(?:version|number)\}[A-Za-z0-9._/+-]*"
"""`{version}` is the version as written, `{number}` the same without a leading v."""

CHART = r"(?:oci|https)://[A-Za-z0-9][A-Za-z0-9./:_-]*"

NAMES = ListOf("a list of names", Text("a component's name", pattern=TITLE, example="llm-d/llm-d-router"), unique=True)


NEEDS = {"git-tag": ("repository",), "image-tag": ("image",), "chart-version": ("chart",)}


@dataclass(frozen=True, kw_only=True)
class MatrixPart(Record):
    """What a component and a piece of infrastructure have in common."""

    version: Source = key(SOURCE, "Where the version comes from.")
    description: str = key(
        Text("a description", example="The scheduler of inference requests"),
        "What it is, in a sentence for readers of release notes.",
        default="",
    )
    aliases: tuple[str, ...] = key(NAMES, "Other names that tables use for it.", default=())
    renamed_from: tuple[str, ...] = key(NAMES, "Names or ids that it had in earlier releases.", default=())
    repository: str | None = key(
        Text("a repository", pattern=grammar.REPOSITORY, example="llm-d/llm-d-router"),
        "The repository on GitHub that has a git tag for each version. The link to the changes leads there.",
        default=None,
    )
    git_tag: str = key(
        Text("a template of git tags", pattern=TEMPLATE, example="'router-v{number}'"),
        "The git tag of a version. `{version}` is the version as written, `{number}` the same without a leading v.",
        default="{version}",
    )
    image: str | None = key(
        Text("an image", pattern=IMAGE, example="ghcr.io/llm-d/llm-d-router"),
        "The image, without a tag, that has a tag for each version.",
        default=None,
    )
    image_tag: str = key(
        Text("a template of tags", pattern=TEMPLATE, example="'{number}'"),
        "The image's tag of a version.",
        default="{version}",
    )
    chart: str | None = key(
        Text("the address of a Helm chart", pattern=CHART, example="oci://ghcr.io/llm-d/charts/router"),
        "The Helm chart: `oci://…`, which is looked up, or `https://…` of a chart repository, which is not looked up.",
        default=None,
    )
    chart_version: str = key(
        Text("a template of chart versions", pattern=TEMPLATE, example="'{number}'"),
        "The chart's version of a version.",
        default="{version}",
    )
    previous: str | None = key(
        Text("a version or a remark", pattern=CELL, example="'Deprecated in v0.4.0'"),
        "The previous column's text if the previous release did not have the component.",
        default=None,
    )


CORE, INCUBATING = "core", "incubating"


@dataclass(frozen=True, kw_only=True)
class Component(MatrixPart):
    """A component of the release."""

    organisation: str = key(
        Text("an organisation", pattern="[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", example="llm-d"),
        "The organisation, one of `organisations`.",
    )
    name: str | None = key(
        Text("a name", pattern="[A-Za-z0-9][A-Za-z0-9._/-]*", example="llm-d-router"),
        "The name after the organisation; the id if left out.",
        default=None,
    )
    variant: str | None = key(
        Text("a variant", pattern="[A-Za-z0-9][A-Za-z0-9._ -]*", example="EFA"),
        "The text in parentheses after the name.",
        default=None,
    )
    type: str = key(
        Text("a type", pattern=CELL, example="Image (New)"),
        "What it is, as the table says it: Image, Image (New), Image (Re-enabled), Helm Chart, Library, Wheel.",
    )
    stage: str | None = key(
        Choice((CORE, INCUBATING)),
        "How far it has come: `core` needs `owners`, `incubating` is said in the table. With it, the repository may "
        "not be archived. Without it, nobody asks.",
        default=None,
    )
    owners: tuple[str, ...] = key(
        ListOf(
            "a list of owners",
            Text("a login or a team", pattern="@?[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9_.-]+)?", example="octocat"),
            unique=True,
        ),
        "Who answers for it: logins, or teams as `organisation/team`.",
        default=(),
    )

    @property
    def described_type(self) -> str:
        """The text of the column Type: `Image (incubating)`."""
        return f"{self.type} ({INCUBATING})" if self.stage == INCUBATING else self.type


@dataclass(frozen=True, kw_only=True)
class Infrastructure(MatrixPart):
    """Something that the release is used with and that is not part of it."""

    name: str | None = key(
        Text("a name", pattern=CELL, example="Gateway API CRDs"), "The name; the id if left out.", default=None
    )


@dataclass(frozen=True, kw_only=True)
class RemovedComponent(Record):
    """A component that is no longer part of the release."""

    name: str = key(
        Text("a component's name", pattern=TITLE, example="llm-d/llm-d-aws (EFA)"), "What tables called it."
    )
    reason: str = key(Text("a reason"), "Why, for the list of changes.")


IDS = Text("an id", pattern=ID, example="router")


@dataclass(frozen=True, kw_only=True)
class ComponentsFile(FormRecord):
    """What a release consists of."""

    organisations: tuple[str, ...] = key(
        ListOf(
            "a list of organisations",
            Text("an organisation", pattern="[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", example="llm-d"),
            least=1,
            unique=True,
        ),
        "The organisations whose components may appear.",
    )
    heading: str = key(
        Text("a heading", pattern=CELL, example="LLM-D Component Summary"),
        "Heading of the table of components.",
        default="Component Summary",
    )
    infrastructure_heading: str = key(
        Text("a heading", pattern=CELL, example="Infrastructure Changes"),
        "Heading of the table of infrastructure.",
        default="Infrastructure Changes",
    )
    components: Mapping[str, Component] = key(
        MapOf("a mapping of components", key=IDS, value=RecordOf("a component", Component, needs=NEEDS), least=1),
        "The components in the order of the table, by an id that does not change with the name.",
    )
    infrastructure: Mapping[str, Infrastructure] = key(
        MapOf(
            "a mapping of infrastructure",
            key=IDS,
            value=RecordOf("a piece of infrastructure", Infrastructure, needs=NEEDS),
        ),
        "The rows of the second table, by id.",
        default={},
    )
    removed: Mapping[str, RemovedComponent] = key(
        MapOf("a mapping of removed components", key=IDS, value=RecordOf("a removed component", RemovedComponent)),
        "Components that earlier releases had, by id. One that is gone and not named here is a finding.",
        default={},
    )

    @property
    def headings(self) -> tuple[str, str]:
        """Headings of both tables."""
        return self.heading, self.infrastructure_heading

    def parts(self) -> Iterator[tuple[str, str, MatrixPart]]:
        """Every row of the tables: "components" or "infrastructure", id, and what the file says."""
        for table, rows in (("components", self.components), ("infrastructure", self.infrastructure)):
            for name, part in rows.items():
                yield table, name, part


SHAPE = FormRecordOf("the file", ComponentsFile)
"""The shape of `components.yaml`."""


def name_of(id_: str, part: MatrixPart) -> str:
    """The name without the variant: `llm-d/llm-d-aws`."""
    if isinstance(part, Component):
        return f"{part.organisation}/{part.name or id_}"
    return part.name or id_ if isinstance(part, Infrastructure) else id_


def title_of(id_: str, part: MatrixPart) -> str:
    """The text of the first column: `llm-d/llm-d-aws (EFA)`."""
    name = name_of(id_, part)
    return f"{name} ({part.variant})" if isinstance(part, Component) and part.variant else name


def check_unique_ids(document: ComponentsFile) -> Iterator[Problem]:
    """An id is in only one of `components`, `infrastructure` and `removed`."""
    seen: dict[str, str] = {}
    tables: tuple[tuple[str, Collection[str]], ...] = (
        ("components", document.components),
        ("infrastructure", document.infrastructure),
        ("removed", document.removed),
    )
    for table, ids in tables:
        for id_ in ids:
            if id_ in seen:
                message = f"The id '{id_}' is in '{seen[id_]}' and in '{table}'."
                yield Problem(message, "Remove one of them.", document.origin.key_at(table, id_))
            seen.setdefault(id_, table)


def check_unique_names(document: ComponentsFile) -> Iterator[Problem]:
    """No two rows share a name or an alias."""
    seen: dict[str, str] = {}
    for table, id_, part in document.parts():
        for name in dict.fromkeys((title_of(id_, part), *part.aliases)):
            if name.casefold() in seen:
                message = f"'{name}' is the name of '{seen[name.casefold()]}' and of '{id_}'."
                yield Problem(message, "Give one of them a variant.", document.origin.key_at(table, id_))
            seen.setdefault(name.casefold(), id_)


def check_pattern_groups(document: ComponentsFile) -> Iterator[Problem]:
    """The pattern of a `file` source is a regular expression with one group."""
    for table, id_, part in document.parts():
        if not isinstance(part.version, FromFile):
            continue
        place = document.origin.at(table, id_, "version", "pattern")
        try:
            groups = Pattern(part.version.pattern).groups
        except re.error as error:
            message = f"The pattern is not a regular expression: {error}."
            yield Problem(message, "Write a backslash before characters that are meant as they are.", place)
            continue
        if groups != 1:
            hint = "Put the version, and nothing else, into parentheses; (?:...) groups without counting."
            yield Problem(f"The pattern has {groups} groups.", hint, place)


RULES: tuple[Callable[[ComponentsFile], Iterator[Problem]], ...] = (
    check_unique_ids,
    check_unique_names,
    check_pattern_groups,
)
"""What a JSON Schema cannot say, in the order of the reference."""


def load_components(path: Path, *, name: str = "") -> ComponentsFile:
    """Read `components.yaml`. `name` is how errors call it. Raises `ConfigurationError` with every mistake."""
    hint = "Check out the repository first, or say where the file is with 'components'."
    return load_text(read_text(path, name=name, hint=hint), file=name or str(path))


def load_text(text: str, *, file: str = FILE) -> ComponentsFile:
    """The components in a text. Raises `ConfigurationError` with every mistake."""
    document: ComponentsFile = load(text, SHAPE, file=file)
    problems = [problem for rule in RULES for problem in rule(document)]
    if problems:
        raise ConfigurationError(problems=in_file_order(problems))
    return document


def fill_template(template: str, version: str) -> str:
    """A template of tags for one version."""
    number = version[1:] if re.match(r"v[0-9]", version) else version
    return template.replace("{version}", version).replace("{number}", number)


def place_of(document: ComponentsFile, table: str, id_: str, *steps: str) -> Place:
    """Where a row, or a value below it, stands in the file."""
    return document.origin.at(table, id_, *steps) if steps else document.origin.key_at(table, id_)
