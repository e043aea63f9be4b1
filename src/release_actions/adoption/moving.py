"""From a repository to all that moving over takes: what it publishes today, the configuration, and both compared.

Reads the workspace and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from release_actions.adoption.configuration_text import make_document, write_text
from release_actions.adoption.differences import Comparison, compare
from release_actions.adoption.events import Event, Filter, Occasion, Samples
from release_actions.adoption.inference import AdoptionPlan, plan_adoption
from release_actions.adoption.planned import plan_references
from release_actions.adoption.publications import Today
from release_actions.adoption.reading import RunReader, list_triggers
from release_actions.adoption.validating import WORKFLOWS, list_workflow_files
from release_actions.config import FILE, Config, load_text
from release_actions.errors import ConfigurationError
from release_actions.versions.floating import expand_template
from release_actions.versions.version import parse

NEWEST, BACKPORT = "7.8.9", "6.5.4"
"""Versions whose numbers are in nothing else."""

FINALS = (NEWEST, "1.8.9")
CANDIDATES = ("7.9.0-rc.1", "7.9.0-beta.rc1", "7.9.0-beta.1")


@dataclass(frozen=True)
class Surroundings:
    """What is known of the repository beside its files. `answers`: secrets and variables, `vars.NAME` to the value."""

    workspace: Path
    repository: str
    default_branch: str
    prefix: str
    now: datetime
    answers: Mapping[str, str] = field(default_factory=dict)

    def samples(self, *finals: str) -> Samples:
        """The events of this repository, with these versions as finals."""
        return Samples(
            self.repository,
            self.default_branch,
            tuple(f"{self.prefix}{text}" for text in finals),
            tuple(f"{self.prefix}{text}" for text in CANDIDATES),
        )


@dataclass
class Move:
    """All that moving over takes. `config` is None, and `refusal` says why, for what cannot be moved."""

    surroundings: Surroundings
    today: Today
    plan: AdoptionPlan
    text: str = ""
    config: Config | None = None
    refusal: str = ""
    comparisons: list[Comparison] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    happening: set[Event] = field(default_factory=set)

    @property
    def complete(self) -> int:
        """Events of which everything is published that should be."""
        return sum(each.is_complete for each in self.comparisons)


def plan_move(surroundings: Surroundings) -> Move:
    """Read a repository, plan its configuration, and compare."""
    today, happening, files = read_today(surroundings, surroundings.samples(*FINALS))
    plan = plan_adoption(today, happening, surroundings.prefix, surroundings.now)
    move = Move(surroundings, today, plan, files=files, happening=happening)
    move.refusal = explain_refusal(move)
    if move.refusal:
        return move
    move.text = write_text(make_document(plan, surroundings.repository, today.logins))
    try:
        move.config = load_text(move.text, file=FILE)
    except ConfigurationError as error:
        move.refusal = f"What would have to be written is refused: {error.problems[0].message}"
        return move
    move.comparisons = list(compare_all(move, move.config))
    return move


def read_today(surroundings: Surroundings, samples: Samples) -> tuple[Today, set[Event], list[str]]:
    """What the workflows publish, the events that start those that do, and the files that a move replaces."""
    today = Today()
    happening: set[Event] = set()
    files: list[str] = []
    for file in list_workflow_files(surroundings.workspace):
        if not file.startswith(f"{WORKFLOWS}/"):
            continue
        events = list(samples.events_of(list_triggers(surroundings.workspace, file)))
        before = count(today)
        strangers, unmoved = dict(today.strangers), dict(today.unmoved)
        for event in events:
            RunReader(surroundings.workspace, today, event, surroundings.now, surroundings.answers).read(file)
        if count(today) > before:
            happening |= set(events)
            files.append(file)
        else:
            # What tests or lints is nobody's counterpart. What builds by other means is worth a word.
            today.strangers = strangers
            today.unmoved = {**today.unmoved} if len(today.unmoved) > len(unmoved) else unmoved
    return today, happening, files


def count(today: Today) -> int:
    return sum(len(published) for published in today.publications.values())


def explain_refusal(move: Move) -> str:
    """Why nothing is moved; empty if something is."""
    # A matrix that only a run knows may be that of a test.
    reasons = " ".join(text for text in move.today.unmoved if not text.startswith("The matrix of"))
    if not move.plan.images:
        return reasons or "No workflow was found that publishes an image."
    released = any(event.tag for event in move.today.publications)
    if not released and any("depends on" in text for text in move.today.unmoved):
        return (
            f"Its versions are not git tags, and what is published follows from them. {next(iter(move.today.unmoved))}"
        )
    return ""


def compare_all(move: Move, config: Config) -> Iterator[Comparison]:
    """Every event that publishes, and a backport where there are releases."""
    surroundings = move.surroundings
    newest = parse(f"{surroundings.prefix}{NEWEST}", config.tag_prefix)
    floats = {expand_template(text, newest) for text in config.all_floating_tags}
    order = list(Occasion)
    events = [event for event, published in move.today.publications.items() if published]
    for event in sorted(events, key=lambda event: (order.index(event.occasion), event.name)):
        then = plan_references(config, event, surroundings.now)
        yield compare(event, move.today.references(event), then, floats, surroundings.now)
    older, _, _ = read_today(surroundings, surroundings.samples(BACKPORT))
    for event in older.publications:
        if event.occasion is Occasion.FINAL:
            then = plan_references(config, event, surroundings.now, (newest,))
            yield compare(event, older.references(event), then, floats, surroundings.now, is_backport=True)


def find_prefix(workspace: Path, tags: tuple[str, ...]) -> str:
    """What release tags begin with: of the repository's tags the most, else what the workflows wait for."""
    numbered = [tag for tag in tags if tag.lstrip("v")[:1].isdigit()]
    if numbered:
        return "v" if sum(tag.startswith("v") for tag in numbered) * 2 >= len(numbered) else ""
    for file in list_workflow_files(workspace):
        push = list_triggers(workspace, file).below("push")
        filters = Filter.read(push, "tags")
        if filters.patterns and not any(filters.lets(f"v{text}") for text in FINALS):
            return "" if any(filters.lets(text) for text in FINALS) else "v"
    return "v"
