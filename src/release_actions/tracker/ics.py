"""A schedule as a calendar file (RFC 5545), for a project's public calendar. Pure.

By hand, because the library for it needs a database of time zones, for events that are whole days and need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from release_actions.config.schedule import ScheduleForm

LINE_OCTETS = 75
"""Octets of a line before it is folded (section 3.1)."""


def write_calendar(schedule: ScheduleForm, repository: str, now: datetime) -> str:
    """The calendar file. An event keeps its UID as long as tag and name of its date stay, so that clients move it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//llm-d//release-actions//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{escape_text(f'Releases of {repository}' if repository else 'Releases')}",
        *_list_events(schedule, repository, now),
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in fold_line(line))


def _list_events(schedule: ScheduleForm, repository: str, now: datetime) -> Iterator[str]:
    domain = repository.replace("/", ".").lower() or "release-actions"
    stamp = f"{now.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"
    for tag, planned in schedule.releases.items():
        for name, day in planned.list_dates():
            is_open = planned.tentative or day.is_month
            yield "BEGIN:VEVENT"
            yield f"UID:{escape_text(f'{tag}-{name}@{domain}')}"
            yield f"DTSTAMP:{stamp}"
            yield f"DTSTART;VALUE=DATE:{day.first:%Y%m%d}"
            # The end of an event of whole days is the day after its last (section 3.6.1).
            yield f"DTEND;VALUE=DATE:{day.last + timedelta(days=1):%Y%m%d}"
            yield f"SUMMARY:{escape_text(f'{tag}: {name}' + ' (tentative)' * is_open)}"
            yield f"DESCRIPTION:{escape_text(f'Ends at midnight, {schedule.zone}.')}"
            yield f"STATUS:{'TENTATIVE' if is_open else 'CONFIRMED'}"
            yield "TRANSP:TRANSPARENT"
            yield "END:VEVENT"


def escape_text(text: str) -> str:
    """A text as a value (section 3.3.11)."""
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r\n", "\n").replace("\n", "\\n")


def fold_line(line: str) -> Iterator[str]:
    """A line in parts of at most 75 octets, each after the first begun with a space; no character is cut in two."""
    part, size, limit = "", 0, LINE_OCTETS
    for letter in line:
        octets = len(letter.encode())
        if size + octets > limit:
            yield part
            part, size = " ", 1
        part, size = part + letter, size + octets
    yield part
