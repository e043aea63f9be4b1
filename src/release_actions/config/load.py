"""Reads `release.yaml`: its form, then its rules. Every mistake of the stage that fails is reported at once."""

from __future__ import annotations

from pathlib import Path

from release_actions.config import resolve, shapes
from release_actions.config.document import SHAPE, Document
from release_actions.config.model import Config
from release_actions.config.rules import RULES
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError

FILE = "release.yaml"
"""The file's usual name, at the top of a repository."""


def load_config(path: Path, *, name: str = "") -> Config:
    """The configuration in a file. `name` is how errors call the file, `path` by default.

    Raises `ConfigurationError` with every mistake.
    """
    hint = "Check out the repository first, or say where the file is with 'config'."
    return load_text(read_text(path, name=name, hint=hint), file=name or str(path))


def load_text(text: str, *, file: str = FILE) -> Config:
    """The configuration in a text. Raises `ConfigurationError` with every mistake."""
    document: Document = shapes.load(text, SHAPE, file=file)
    problems = [problem for rule in RULES for problem in rule(document)]
    if problems:
        raise ConfigurationError(problems=shapes.in_file_order(problems))
    return resolve.resolve_config(document)
