"""The intervals as an SVG picture: a row a comparison, no change in the middle, the tolerance as a line. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax import saxutils

from release_actions.performance import wording
from release_actions.performance.comparing import Judged
from release_actions.performance.summary import limit_of
from release_actions.runner.envelope import Verdict

ROW: int = 26
TOP: int = 34
LABELS: int = 420
WIDTH: int = 980
RIGHT: int = 90
"""Pixels: height of a row, room above, room for the labels, the whole width, room for the change."""

COLOURS = {Verdict.PASS: "#1a7f37", Verdict.WARN: "#9a6700", Verdict.FAIL: "#cf222e", Verdict.INCONCLUSIVE: "#6e7781"}
SHAPES = {Verdict.PASS: "", Verdict.WARN: "", Verdict.FAIL: "", Verdict.INCONCLUSIVE: ' stroke-dasharray="4 3"'}
"""Doubt is dashed, so that the picture needs no colour."""

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot have, not even escaped."""

LABEL_LENGTH = 62
MOST_ROWS = 120
LEAST_SCALE = 0.02
MARGIN = 1.05


def svg(judged: Sequence[Judged], *, title: str) -> str:
    """The picture. Rows are in the order given, the worst first."""
    rows = [item for item in judged if item.comparison.interval is not None][:MOST_ROWS]
    scale = scale_of(rows)
    height = TOP + ROW * max(len(rows), 1) + 30
    zero = place(0.0, scale)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="20" font-weight="bold">{escape(title)}</text>',
        f'<line x1="{zero:.1f}" y1="{TOP}" x2="{zero:.1f}" y2="{height - 24}" stroke="#8c959f"/>',
    ]
    for number, item in enumerate(rows):
        parts += row(item, TOP + ROW * number + ROW / 2, scale)
    if not rows:
        parts.append(f'<text x="8" y="{TOP + 16}">No comparison has an interval.</text>')
    for change in (-scale, 0.0, scale):
        label = f'<text x="{place(change, scale):.1f}" y="{height - 8}" text-anchor="middle" fill="#57606a">'
        parts.append(f"{label}{f'{100 * change:+.0f} %' if change else 'no change'}</text>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def escape(text: str) -> str:
    """A text as XML."""
    return saxutils.escape(NOT_IN_XML.sub("\ufffd", text))


def scale_of(rows: Sequence[Judged]) -> float:
    """The largest change that the picture has room for."""
    changes = [
        abs(change) for item in rows for change in (*(item.comparison.interval or ()), limit_of(item.comparison))
    ]
    largest: float = max([*changes, LEAST_SCALE])
    return largest * MARGIN


def place(change: float, scale: float) -> float:
    """Where a change is, in pixels from the left."""
    room = (WIDTH - LABELS - RIGHT) / 2
    return LABELS + room + room * change / scale


def row(item: Judged, y: float, scale: float) -> list[str]:
    """One interval with its label, its tolerance and its verdict."""
    comparison = item.comparison
    low, high = comparison.interval or (0.0, 0.0)
    colour = COLOURS[item.verdict]
    label = f"{comparison.rule.name}: {comparison.group.title}"
    shown = label if len(label) <= LABEL_LENGTH else label[: LABEL_LENGTH - 1] + "…"
    limit = place(limit_of(comparison), scale)
    return [
        f"<g><title>{escape(f'{label}: {wording.interval(comparison)}, {item.verdict.value}')}</title>",
        f'<text x="8" y="{y + 4:.1f}">{escape(shown)}</text>',
        f'<line x1="{limit:.1f}" y1="{y - 9:.1f}" x2="{limit:.1f}" y2="{y + 9:.1f}" stroke="#cf222e" '
        'stroke-width="1"/>',
        f'<line x1="{place(low, scale):.1f}" y1="{y:.1f}" x2="{place(high, scale):.1f}" y2="{y:.1f}" '
        f'stroke="{colour}" stroke-width="3"{SHAPES[item.verdict]}/>',
        f'<circle cx="{place(comparison.change or 0.0, scale):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>',
        f'<text x="{WIDTH - RIGHT + 8}" y="{y + 4:.1f}" fill="{colour}">{item.verdict.value}</text></g>',
    ]
