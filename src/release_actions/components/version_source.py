"""Where the version of a component may come from, as `components.yaml` says it: nine kinds of sources.

A kind says where a version is written, never how to read it; `sources` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.config import grammar
from release_actions.config.shapes import Choice, OneOf, Record, RecordOf, Text, key

VERSION = r"[A-Za-z0-9][A-Za-z0-9._+!-]*"
"""A version in any style that has been seen: v1.2.3, 1.2, 1.2.3.4, 1.2rc3, name-v1.2.3, a commit."""

IMAGE = rf"{grammar.HOST}/{grammar.NAME}"
PATH = Text("a path inside the repository", pattern=grammar.PATH, example="docker/common-versions")


@dataclass(frozen=True, kw_only=True)
class FromRelease(Record):
    """The version is the tag of the release itself."""

    kind: str = key(Choice(("release",)), "The version is the tag that is being released.")


@dataclass(frozen=True, kw_only=True)
class FromLiteral(Record):
    """The version is written here."""

    kind: str = key(Choice(("literal",)), "The version is written in this file.")
    version: str = key(Text("a version", pattern=VERSION, example="v1.2.3"), "The version.")


@dataclass(frozen=True, kw_only=True)
class FromFile(Record):
    """The version is found in a file by a pattern."""

    kind: str = key(Choice(("file",)), "The version is found in a text file by a pattern.")
    file: str = key(PATH, "The file, relative to the workspace.")
    pattern: str = key(
        Text("a pattern", example="'maps to (v[0-9.]+) tag'"),
        "A regular expression of Python with one group, the version. `^` and `$` match at lines. It has to match once.",
    )


@dataclass(frozen=True, kw_only=True)
class FromYaml(Record):
    """The version is the value of a key in a YAML file."""

    kind: str = key(Choice(("yaml",)), "The version is the value of a key in a YAML file.")
    file: str = key(PATH, "The file, relative to the workspace.")
    key: str = key(
        Text("a path of keys", example="'image.tag'"),
        "The keys that lead to it, joined by dots; `[0]` is the first item of a list.",
    )


@dataclass(frozen=True, kw_only=True)
class FromToml(Record):
    """The version is a text in a TOML file."""

    kind: str = key(Choice(("toml",)), "The version is a text in a TOML file, such as pyproject.toml.")
    file: str = key(PATH, "The file, relative to the workspace.")
    key: str = key(
        Text("a path of keys", pattern=r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", example="project.version"),
        "Table and key, joined by dots.",
    )


@dataclass(frozen=True, kw_only=True)
class FromVersionFile(Record):
    """The version is a value in a file of `KEY=value` lines."""

    kind: str = key(Choice(("version-file",)), "The version is a value in a file of `KEY=value` lines.")
    file: str = key(PATH, "The file, relative to the workspace. It is read as data, and never run by a shell.")
    key: str = key(Text("a key", pattern="[A-Za-z_][A-Za-z0-9_]*", example="ROUTER_VERSION"), "The key.")


@dataclass(frozen=True, kw_only=True)
class FromChart(Record):
    """The version is that of a Helm chart in the repository."""

    kind: str = key(Choice(("helm-chart",)), "The version is that of a Helm chart in the repository.")
    file: str = key(PATH, "Its Chart.yaml, relative to the workspace.")
    field: str = key(
        Choice(("version", "appVersion")),
        "Whether it is the chart's own version or its application's.",
        default="version",
    )


@dataclass(frozen=True, kw_only=True)
class FromGitTag(Record):
    """The version is the newest stable git tag of a repository."""

    kind: str = key(
        Choice(("git-tag",)),
        "The version is the newest stable git tag of a repository, by version. It may be another one tomorrow: a "
        "version that is pinned in a file is better.",
    )
    repository: str = key(
        Text("a repository", pattern=grammar.REPOSITORY, example="llm-d/llm-d-router"), "The repository on GitHub."
    )
    prefix: str = key(
        Text("a prefix of tags", pattern=r"[A-Za-z0-9._-]*", empty=True, example="router-v"),
        "What its release tags begin with. It is part of the version.",
        default="v",
    )


@dataclass(frozen=True, kw_only=True)
class FromImageTag(Record):
    """The version is the newest stable tag of an image."""

    kind: str = key(
        Choice(("image-tag",)),
        "The version is the newest stable tag of an image, by version. It may be another one tomorrow.",
    )
    image: str = key(Text("an image", pattern=IMAGE, example="ghcr.io/llm-d/llm-d-router"), "The image without a tag.")
    prefix: str = key(
        Text("a prefix of tags", pattern=r"[A-Za-z0-9._-]*", empty=True, example="v"),
        "What its release tags begin with. It is part of the version.",
        default="v",
    )


Source = (
    FromRelease | FromLiteral | FromFile | FromYaml | FromToml | FromVersionFile | FromChart | FromGitTag | FromImageTag
)

SOURCE = OneOf(
    "a version's source",
    "kind",
    {
        "release": RecordOf("a source of the kind release", FromRelease),
        "literal": RecordOf("a source of the kind literal", FromLiteral),
        "file": RecordOf("a source of the kind file", FromFile),
        "yaml": RecordOf("a source of the kind yaml", FromYaml),
        "toml": RecordOf("a source of the kind toml", FromToml),
        "version-file": RecordOf("a source of the kind version-file", FromVersionFile),
        "helm-chart": RecordOf("a source of the kind helm-chart", FromChart),
        "git-tag": RecordOf("a source of the kind git-tag", FromGitTag),
        "image-tag": RecordOf("a source of the kind image-tag", FromImageTag),
    },
)
