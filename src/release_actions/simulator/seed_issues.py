"""Issues, comments, reviews and events of a seed, put into the world."""

from __future__ import annotations

from collections.abc import Iterable

from release_actions.simulator.discussion import Comment, Issue, Reviewed, TimelineEvent
from release_actions.simulator.repositories import Repository
from release_actions.simulator.seed_discussion import EVENTS, CommentSeed, EventSeed, IssueSeed, ReviewSeed
from release_actions.simulator.world import World


def add_issue(world: World, repository: Repository, seed: IssueSeed) -> None:
    """Add an issue."""
    created = seed.created or world.now()
    is_closed = seed.state == "closed"
    repository.issues[seed.number] = Issue(
        id=world.next_id("issue"),
        number=seed.number,
        title=seed.title,
        author=seed.author,
        created=created,
        updated=created,
        body=seed.body,
        state=seed.state,
        state_reason=seed.reason if is_closed else "",
        closed=(seed.closed or created) if is_closed else None,
        labels=seed.labels,
        milestone=seed.milestone,
        assignees=seed.assignees,
        closing=seed.closed_by,
        sub_issues=seed.sub_issues,
        comments=make_comments(world, seed.comments),
        events=make_events(world, seed.events),
    )


def make_comments(world: World, seeds: Iterable[CommentSeed]) -> list[Comment]:
    """Comments, each with a number of its own."""
    return [
        Comment(world.next_id("comment"), seed.author, seed.body, seed.created or world.now(), seed.editor)
        for seed in seeds
    ]


def make_reviews(world: World, seeds: Iterable[ReviewSeed], commit: str) -> list[Reviewed]:
    """Reviews of a commit."""
    return [
        Reviewed(
            world.next_id("review"), seed.author, seed.state.upper(), seed.submitted or world.now(), seed.body, commit
        )
        for seed in seeds
    ]


def make_events(world: World, seeds: Iterable[EventSeed]) -> list[TimelineEvent]:
    """Events of a timeline, the oldest first."""
    events = [TimelineEvent(EVENTS[seed.event], seed.actor, seed.created or world.now(), seed.name) for seed in seeds]
    return sorted(events, key=lambda event: event.created)
