"""What the platform shows of one action's run: the log, and the annotations within their limits.

Everything is masked on its way in. The limits are those of actions/runner's ExecutionContext; the inner steps of a
composite share the budget of the step that called it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from release_actions.rehearsal.masks import Masks
from release_actions.runner.report import Level

ANNOTATIONS = 10
"""Annotations of each level that a step keeps. The rest are lines of the log."""

ANNOTATION_LENGTH = 4096


@dataclass(frozen=True)
class Annotation:
    """A message beside a line of a file, or of the whole run. Numbers are 0 and texts empty where none was given."""

    level: Level
    message: str
    title: str = ""
    file: str = ""
    line: int = 0
    end_line: int = 0
    column: int = 0
    end_column: int = 0


@dataclass
class Journal:
    """Collects lines and annotations. `on_line` gets each line of the log as it is written."""

    masks: Masks
    workspace: Path
    debugging: bool = False
    on_line: Callable[[str], None] | None = None
    lines: list[str] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    seen: Counter[Level] = field(default_factory=Counter)

    def write(self, text: str) -> None:
        """Add to the log."""
        for line in self.masks.hide(text).split("\n"):
            self.lines.append(line)
            if self.on_line:
                self.on_line(line)

    def debug(self, text: str) -> None:
        """Add to the log where debug logging is on."""
        if self.debugging:
            self.write(f"##[debug]{text}")

    def error(self, message: str) -> None:
        """An error of the runner's own."""
        self.annotate(Level.ERROR, message, {})

    def warning(self, message: str) -> None:
        """A warning of the runner's own."""
        self.annotate(Level.WARNING, message, {})

    def annotate(self, level: Level, message: str, properties: Mapping[str, str]) -> None:
        """Log a message and keep it as an annotation while there is room."""
        text = self.masks.hide(message)[:ANNOTATION_LENGTH]
        self.write(f"##[{level.value}]{text}")
        self.seen[level] += 1
        if self.seen[level] <= ANNOTATIONS:
            place = parse_place(properties)
            self.annotations.append(
                Annotation(
                    level=level,
                    message=text,
                    title=self.masks.hide(properties.get("title", "")),
                    file=self.relative(properties.get("file", "")),
                    line=place.get("line", 0),
                    end_line=place.get("endline", 0),
                    column=place.get("col", 0),
                    end_column=place.get("endcolumn", 0),
                )
            )

    def relative(self, file: str) -> str:
        """A file as the repository names it, where it lies in the workspace."""
        path = Path(file)
        return path.relative_to(self.workspace).as_posix() if path.is_relative_to(self.workspace) else file


def parse_place(properties: Mapping[str, str]) -> dict[str, int]:
    """Lines and columns that make sense together. The runner drops the others (ValidateLinesAndColumns)."""
    fields = {
        name: int(properties[name])
        for name in ("line", "endline", "col", "endcolumn")
        if properties.get(name, "").strip().isdecimal()
    }
    for start, end in (("line", "endline"), ("col", "endcolumn")):
        if end in fields:
            fields.setdefault(start, fields[end])
    other_line = "endline" in fields and fields["endline"] != fields["line"]
    if "line" not in fields or other_line or fields.get("endcolumn", fields.get("col", 0)) < fields.get("col", 0):
        fields.pop("col", None)
        fields.pop("endcolumn", None)
    if fields.get("endline", fields.get("line", 0)) < fields.get("line", 0):
        fields.pop("line")
        fields.pop("endline")
    return fields
