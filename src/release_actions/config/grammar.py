"""What names and tags may look like: the distribution specification's grammar, platforms, and this file's templates.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests gives repository names and tags.
The patterns are written in the syntax that Python and ECMA-262 share, because the JSON Schema repeats them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from release_actions.runner.forms import NUMBER, has_form
from release_actions.versions.grammar import LONGEST

COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
"""One part of a repository name."""

NAME = rf"{COMPONENT}(?:/{COMPONENT})*"
"""A repository name."""

TAG = rf"[a-zA-Z0-9_][a-zA-Z0-9._-]{{0,{LONGEST - 1}}}"
"""A tag."""

LONGEST_REFERENCE = 255
"""Characters of registry host, `/` and repository name together that many clients take at most."""

HOST = r"[a-z0-9]+(?:[.-]+[a-z0-9]+)*(?::[0-9]{1,5})?"
"""A registry: host and, where it has one, port."""

REPOSITORY = r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+"
"""A repository on GitHub: owner and name."""

PLATFORM = r"[a-z0-9]+(?:\([A-Za-z0-9_.-]*(?:\+[A-Za-z0-9_.-]+)*\))?/[a-z0-9_]+(?:/[a-z0-9.]+)?"
"""os/arch or os/arch/variant, as an index writes them. In parentheses, version and features of the system."""

OCI_LABELS = "org.opencontainers.image."
"""What the names of the specification's labels and annotations begin with (OCI image-spec 1.1, annotations.md)."""

BUILT_AS = "io.github.llm-d.release-actions.built-as"
"""Label of every image that is built here: its image, variant and tag. An attestation binds it with the digest, so that
it tells the images of one package, commit and git tag apart."""

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
"""The name of a secret (GitHub's rules for naming secrets)."""

CANONICAL = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "arm64/v8": "arm64",
    "amd64/v1": "amd64",
    "armhf": "arm/v7",
    "armel": "arm/v6",
    "i386": "386",
}
"""Architectures by names that builders accept and then write otherwise into the index."""

COMMON_PLATFORMS = (
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/386",
    "linux/ppc64le",
    "linux/s390x",
    "linux/riscv64",
    "windows/amd64",
)
"""Platforms that images are built for, to name what was meant."""

PLACEHOLDER = re.compile(r"\{([A-Za-z-]*)\}")
"""A placeholder of a template."""

NUMBERS = frozenset({"{major}", "{minor}"})
"""A placeholder of a tag template, escaped for a pattern."""

PATH = (
    r"(?![-~/])"  # an option, a home folder, an absolute path
    r"(?!(?:.*/)?\.\.(?:/|$))"  # a way out of the repository
    r"(?!(?:\./)*\.git(?:/|$))"
    r"(?!git@|github\.com(?:/|$))"  # addresses of repositories to docker, with nothing that says so
    r"[A-Za-z0-9_.,+@=~#%()/ -]+"
)
"""A path inside the repository. What docker, git or an action would take for something else is none: an address, an
option, a placeholder of theirs."""

FOLDER = r"(?!(?:\.|/)*$)" + PATH
"""A folder inside the repository that is not the repository itself."""

NAME_TEMPLATE = r"(?:[a-z0-9._/-]|\{[A-Za-z-]*\})+"
TAG_TEMPLATE = r"(?:[A-Za-z0-9._-]|\{[A-Za-z-]*\})+"
BRANCH_TEMPLATE = r"(?:[A-Za-z0-9._/-]|\{[A-Za-z-]*\})+"
"""Texts with placeholders. Which placeholders there are is a rule of its own, so that the message can name them."""


def list_placeholders(template: str) -> tuple[str, ...]:
    """Names of the placeholders in a template, in order."""
    return tuple(match.group(1) for match in PLACEHOLDER.finditer(template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template with its placeholders filled. One without a value is kept as it is."""
    return PLACEHOLDER.sub(lambda match: values.get(match.group(1), match.group()), template)


def can_be_equal(first: str, second: str) -> bool:
    """Whether two templates of tags have a filling in common, the numbers of each being free."""
    return any(
        has_form(fill(b, {"major": "1", "minor": "2"}), [NUMBER if part in NUMBERS else part for part in split(a)])
        for a, b in ((first, second), (second, first))
    )


def split(template: str) -> list[str]:
    """A template as texts and placeholders by turns, these with their braces."""
    return re.split(r"(\{[A-Za-z-]*\})", template)


def has_adjacent_numbers(template: str) -> bool:
    """Whether a template of tags sets a number beside another number, so that 1.12 and 11.2 give one tag."""
    return bool(re.search(r"[0-9]\{|\}[0-9]|\}\{", template))


def is_name(text: str) -> bool:
    """Whether a text is a repository name."""
    return bool(re.fullmatch(NAME, text))


def is_tag(text: str) -> bool:
    """Whether a text is a tag."""
    return bool(re.fullmatch(TAG, text))


def is_branch(text: str) -> bool:
    """Whether a text of the letters that `BRANCH_TEMPLATE` takes is a branch's name (git-check-ref-format)."""
    parts = text.split("/")
    whole = not text.startswith("-") and not text.endswith(".") and ".." not in text
    return whole and all(part and not part.startswith(".") and not part.endswith(".lock") for part in parts)


def is_glob(text: str) -> bool:
    """Whether a text has a wildcard."""
    return any(sign in text for sign in "*?[")


def canonicalize_platform(platform: str) -> str:
    """A platform as an index writes it."""
    system, _, architecture = platform.partition("/")
    return f"{system}/{CANONICAL.get(architecture, architecture)}"
