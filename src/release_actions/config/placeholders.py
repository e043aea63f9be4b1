"""Placeholders in what an image is built with: `{platform}`, `{run-id}`, `{file.CUDA_MAJOR}`. Pure.

One definition serves every channel, so there is no placeholder for the channel: a released image has to be built like
the one that was tested. Braces around anything else are kept; `{{name}}` is the text `{name}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

NAMES = ("image", "variant", "platform", "os", "arch", "tag", "sha", "short-sha", "run-id", "ref-name")
"""What a value can be made from, beside the keys of the version file."""

SOURCE = "source-"
OF_SOURCE = tuple(SOURCE + name for name in ("repository", "ref", "commit"))
"""What the source of an image gives to its arguments, labels and caches."""

OF_PLATFORM = ("platform", "os", "arch")
"""What differs between the platforms of an image."""

OF_VALUES = (*NAMES, *OF_SOURCE)
OF_SOURCES = tuple(name for name in NAMES if name not in OF_PLATFORM)
OF_CACHES = (*NAMES, *OF_SOURCE, "package")
"""The placeholders of build arguments and labels, of a source, and of caches. Where an image is pushed differs between
channels, so it may decide where layers are kept, and never what is built."""

FILE = "file."
"""What the name of a key of the version file begins with."""

NAME = r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z0-9_]+)?"
PLACEHOLDER = re.compile(rf"\{{(?P<literal>\{{{NAME}\}})\}}|\{{(?P<name>{NAME})\}}")


def list_names(template: str) -> Iterator[str]:
    """The placeholders of a template, in order."""
    yield from (match["name"] for match in PLACEHOLDER.finditer(template) if match["name"])


def list_file_keys(template: str) -> Iterator[str]:
    """The keys of the version file that a template needs."""
    yield from (name.removeprefix(FILE) for name in list_names(template) if name.startswith(FILE))


def fill(template: str, value: Callable[[str], str]) -> str:
    """A template with each placeholder replaced by what `value` gives for its name. Values are not filled again."""
    return PLACEHOLDER.sub(lambda match: match["literal"] or value(match["name"]), template)
