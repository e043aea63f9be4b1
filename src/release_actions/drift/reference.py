"""A place in a file where a version follows one of the project's names, and what may be written there."""

from __future__ import annotations

import enum
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from release_actions.drift.catalogue import Name
from release_actions.errors import Place

LITERAL = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
"""A version, tag or branch as it is written in a file; a slash is allowed only where a pattern says so."""

DEFAULT = re.compile(rf"\$\{{(?P<variable>[A-Za-z_][A-Za-z0-9_]*):?[-=](?P<token>{LITERAL})\}}")
"""A shell variable with a default: the default is the version."""

VARIABLE = re.compile(r"\$(?:\{|\(|\{\{\s*)?\s*(?:env\.|vars\.)?(?P<variable>[A-Za-z_][A-Za-z0-9_]*)\s*(?:\}\}|\}|\))?")
"""A variable of a shell, a Makefile, Docker or a workflow."""

TOKEN = rf"(?:(?:\$\{{[^}}\n]*\}}+|\$\([^)\n]*\)|\{{\{{[^}}\n]*\}}\}}|\$[A-Za-z_]\w*|<[A-Za-z][\w. -]*>|{LITERAL})+)"
"""What stands where a version is expected: a template of some language, a placeholder for readers, or the version."""

COMMENT = re.compile(r"\s*(?:#|//|<!--|--\s|\{\{-?\s*/\*)")
"""A line that is a comment in the languages that name versions."""


class Form(enum.Enum):
    """How the version is bound to the name. The value is what reports call it."""

    IMAGE = "image reference"
    KUSTOMIZE = "kustomize image"
    VALUES = "values"
    CHART_FILE = "chart"
    CHART = "chart reference"
    OPTION = "command-line option"
    LINK = "link"
    SOURCE = "source of a clone or download"
    VARIABLE = "variable"
    TABLE = "table"


@dataclass(frozen=True)
class Reference:
    """A version bound to a name. `start` and `end` are the token's place in the text of the file, in characters.

    `token` is empty where a tag is missing, which means latest. `variable` names the variable that stands there in
    place of a version. `digest`: the reference is pinned by digest too. `writable` is false for text that no patch may
    change; `commented`: the line is a comment.
    """

    name: Name
    form: Form
    token: str
    place: Place
    start: int
    end: int
    variable: str = ""
    digest: str = ""
    writable: bool = True
    commented: bool = False

    @property
    def is_template(self) -> bool:
        """Whether something else decides the version when the file is used."""
        return not re.fullmatch(rf"{LITERAL}(?:/{LITERAL})*", self.token) and self.token != ""


@dataclass(frozen=True)
class Text:
    """The text of a file. Bytes that are no UTF-8 are kept as surrogates, so that nothing else changes when written.

    `path` is the file's name for people; `stored` is its name in git where that is no text.
    """

    path: str
    content: str = field(repr=False)
    stored: str = ""

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line starts."""
        return (0, *(match.end() for match in re.finditer("\n", self.content)))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends."""
        return tuple(line.rstrip("\r") for line in self.content.split("\n"))

    def line_number(self, offset: int) -> int:
        """The line of a place, counted from 1."""
        return bisect_right(self.starts, offset)

    def place(self, offset: int) -> Place:
        """File, line and column of a place."""
        line = self.line_number(offset)
        return Place(self.path, line, offset - self.starts[line - 1] + 1)

    def is_comment(self, offset: int) -> bool:
        """Whether a place is in a comment: its whole line is one, or a `#` after a blank stands before it."""
        line = self.line_number(offset)
        text = self.lines[line - 1]
        # A heading of Markdown begins with # too; nothing is pinned in one, so it may count as a comment.
        before = text[: offset - self.starts[line - 1]]
        return bool(COMMENT.match(text)) or bool(re.search(r"\s#\s", before) and not re.search(r"[\"']", before))

    def reference(self, name: Name, form: Form, start: int, end: int, *, digest: str = "") -> Reference:
        """The reference whose token stands between two places; a default inside a variable is the token."""
        token = self.content[start:end]
        variable = ""
        default = DEFAULT.fullmatch(token)
        if default:
            variable = default["variable"]
            start, end, token = start + default.start("token"), start + default.end("token"), default["token"]
        elif token.startswith("$"):
            named = VARIABLE.match(token)
            variable = named["variable"] if named else ""
        return Reference(
            name,
            form,
            token,
            self.place(start),
            start,
            end,
            variable=variable,
            digest=digest,
            commented=self.is_comment(start),
        )


def trim(token: str) -> str:
    """A token without the punctuation that ends a sentence."""
    return token.rstrip(".-_+") if re.fullmatch(LITERAL, token) else token
