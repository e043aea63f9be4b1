"""What each SIG still owes a release, for the weekly meeting: as a comment and as a text for chat. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from release_actions.runner import markdown
from release_actions.runner.report import counted
from release_actions.tracker.requirements import Status
from release_actions.tracker.states import FeatureState, Row

NO_SIG = "Without a SIG"
OWING = frozenset({FeatureState.NOT_READY, FeatureState.AT_RISK, FeatureState.VIOLATION, FeatureState.CANNOT_TELL})
CHAT_LENGTH = 3000
"""Characters of a message that chats take without folding it."""


def group_rows(rows: Sequence[Row], sigs: Mapping[str, Sequence[str]]) -> dict[str, list[Row]]:
    """The features by SIG in the order of the configuration; a feature of two SIGs is in both."""
    features = [row for row in rows if row.state and row.state is not FeatureState.DROPPED]
    groups = {sig: [row for row in features if sig in row.sigs] for sig in sigs}
    groups[NO_SIG] = [row for row in features if not row.sigs]
    return {sig: own for sig, own in groups.items() if own}


def list_debts(row: Row) -> tuple[str, ...]:
    """What a feature lacks, each as a phrase."""
    if row.state is FeatureState.VIOLATION or not row.requirements:
        return (row.why,)
    return tuple(each.name for each in row.requirements if each.status in {Status.MISSING, Status.CANNOT_TELL})


def write_digest(title: str, rows: Sequence[Row], sigs: Mapping[str, Sequence[str]], freeze: str) -> str:
    """The comment. Nobody is mentioned by it: a comment that is changed each day would call people each day."""
    parts = [f"## {markdown.plain(title)}: what is owed", markdown.plain(freeze)]
    for sig, own in group_rows(rows, sigs).items():
        leads = ", ".join(f"`{lead.lstrip('@')}`" for lead in sigs.get(sig, ()))
        owing = [row for row in own if row.state in OWING]
        ready = counted(len(own) - len(owing), "feature")
        parts.append(f"### {markdown.plain(sig)}" + (f" ({leads})" if leads else ""))
        lines = [
            f"* {row.ref}: {markdown.plain(row.title)} is **{row.state.value if row.state else ''}**"
            + (f", lacks {markdown.plain(', '.join(list_debts(row)))}" if list_debts(row) else "")
            for row in owing
        ]
        parts.append("\n".join(lines) if lines else f"Nothing: {ready} ready.")
    return markdown.cut("\n\n".join(parts), 60_000)


def write_chat(title: str, rows: Sequence[Row], sigs: Mapping[str, Sequence[str]]) -> str:
    """The same in short, as plain text: no sign of Markdown, no address, no mention."""
    lines = [f"{title}: what is owed"]
    for sig, own in group_rows(rows, sigs).items():
        owing = [row for row in own if row.state in OWING]
        lines.append(f"{sig}: {len(own) - len(owing)} of {len(own)} ready")
        lines += [f"  {row.ref.number} {row.title[:60]}: {', '.join(list_debts(row))}" for row in owing]
    text = "\n".join(line.replace("@", "(at)").replace("<", "(") for line in lines)
    return text if len(text) <= CHAT_LENGTH else text[:CHAT_LENGTH].rpartition("\n")[0] + "\n..."
