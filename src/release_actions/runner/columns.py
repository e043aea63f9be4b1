"""Rows as columns of text for a terminal or a log, never wider than asked: a long cell goes on in the line below."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Sequence

COLUMNS = 80
"""Width of a terminal that nobody has made wider."""

GAP = "  "
LEAST_WIDTH = 8
"""Columns that every cell has at least: a table with more than eight of them is wider than a terminal."""


def format_columns(rows: Sequence[Sequence[str]], width: int = COLUMNS) -> Iterator[str]:
    """The lines of a table; the first row is its head. Cells are cut at their line ends, and at blanks and hyphens."""
    widths = fit_widths(rows, width)
    for row in rows:
        cells = [wrap_cell(cell, room) for cell, room in zip(row, widths, strict=True)]
        for line in itertools.zip_longest(*cells, fillvalue=""):
            yield GAP.join(cell.ljust(room) for cell, room in zip(line, widths, strict=True)).rstrip()


def fit_widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The width of each column: what its longest cell needs, the widest ones narrowed until all fit."""
    widths = [max(len(line) for cell in cells for line in cell.split("\n")) for cells in zip(*rows, strict=True)]
    spare = width - len(GAP) * (len(widths) - 1)
    while sum(widths) > spare and max(widths) > LEAST_WIDTH:  # each turn narrows one column, so it ends
        widths[widths.index(max(widths))] -= 1
    return widths


def wrap_cell(text: str, width: int) -> list[str]:
    """A cell as lines of at most so many columns."""
    return [part for line in text.split("\n") for part in textwrap.wrap(line, max(width, 1)) or [""]]
