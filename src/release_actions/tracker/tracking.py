"""Which release is tracked, and its board, read and judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timezone

from release_actions.config import Config
from release_actions.config.tracker import TrackerForm
from release_actions.errors import InputError
from release_actions.people.roles import Roles
from release_actions.runner.envelope import Verdict, verdict_of
from release_actions.runner.report import Finding
from release_actions.tracker.differences import Difference, find_differences
from release_actions.tracker.findings import list_findings
from release_actions.tracker.freeze import Freeze, find_freeze
from release_actions.tracker.guard_reading import GuardReader
from release_actions.tracker.guarding import find_current
from release_actions.tracker.model import Board, Milestone
from release_actions.tracker.requirements import Demands
from release_actions.tracker.states import FeatureState, Row, judge_board
from release_actions.versions.version import Version, parse


@dataclass(frozen=True)
class Subject:
    """The release that is asked about.

    `tag` is that of the input, else of the run; empty without either. `milestone`, `label` and `issues` are the inputs.
    """

    tag: str
    milestone: str
    label: str
    issues: tuple[int, ...]
    config: Config | None
    repository: str
    now: datetime

    @property
    def form(self) -> TrackerForm:
        """What a release asks of its features."""
        return self.config.tracker if self.config else TrackerForm()

    @property
    def version(self) -> Version | None:
        """The version of the tag; None without a tag, when the milestone is named. Raises `InputError`."""
        if self.tag:
            return parse(self.tag, self.config.tag_prefix if self.config else "v")
        if self.milestone:
            return None
        message = "It is not known which release to look at."
        raise InputError(message, hint="Set the input tag or milestone.")

    @property
    def title(self) -> str:
        """The title of its milestone."""
        return self.milestone or fill_title(self.form.milestone, self.version)

    @property
    def own_label(self) -> str:
        """The label of its items; empty for none."""
        return self.label or fill_title(self.form.label, self.version)


@dataclass(frozen=True)
class Tracked:
    """A board that was read and judged."""

    board: Board
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    freeze: Freeze | None
    findings: tuple[Finding, ...]
    requests: int

    @property
    def verdict(self) -> Verdict:
        """A feature that nobody can tell anything of makes it inconclusive, if nothing else is wrong."""
        verdict = verdict_of(self.findings)
        is_unknown = any(row.state is FeatureState.CANNOT_TELL for row in self.rows)
        return Verdict.INCONCLUSIVE if is_unknown and verdict is not Verdict.FAIL else verdict


def track(subject: Subject, reader: GuardReader) -> Tracked:
    """Read the board and judge it."""
    form = subject.form
    title, label = subject.title, subject.own_label
    reader.read_repository()
    milestone = reader.find_milestone(title)
    board = reader.read_board(milestone, label, subject.issues)
    board = reader.read_proposals(board, form.proposals.paths, form.proposals.labels)
    freeze = read_freeze(subject, milestone)
    demands = Demands(form, Roles(form.roles, reader.owners), subject.repository.partition("/")[0])
    rows = judge_board(board, demands, freeze, subject.now)
    differences = find_differences(board, subject.repository, freeze)
    findings = list_findings(rows, differences, form.rules)
    return Tracked(board, rows, differences, freeze, findings, reader.requests)


def read_freeze(subject: Subject, milestone: Milestone | None) -> Freeze | None:
    """When the freeze is: by its date, by the schedule of the milestone's release, or counted from its start."""
    planned = subject.config.schedule.releases.get(milestone.title) if subject.config and milestone else None
    day = planned.freeze if planned and not planned.tentative else None
    scheduled = day.first if day and not day.is_month else None
    started = milestone.created if milestone else None
    if planned and planned.start and not planned.start.is_month:
        started = datetime.combine(planned.start.first, time(12), tzinfo=timezone.utc)
    return find_freeze(subject.form.freeze, started, scheduled)


def find_guarded_milestone(subject: Subject, reader: GuardReader, *, is_named: bool) -> Milestone | None:
    """The milestone of the release whose freeze it is: the one that is named, else the next open one."""
    if is_named:
        return reader.find_milestone(subject.title)
    if subject.form.freeze.date is not None:
        return None
    return find_current(reader.milestones, subject.form.milestone)


def fill_title(template: str, version: Version | None) -> str:
    """A title of the configuration for a version; empty when there is none."""
    if version is None:
        return ""
    return template.replace("{major}", str(version.major)).replace("{minor}", str(version.minor))
