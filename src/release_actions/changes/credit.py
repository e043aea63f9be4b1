"""Credits who wrote a change: a fix that a program picked to a branch is its author's, not the program's. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from release_actions.changes.authors import author_of
from release_actions.changes.mainline import co_authors
from release_actions.changes.model import Author, MergedChange, MergedPull
from release_actions.changes.picks import original_title, picked_commits, ported_numbers
from release_actions.changes.programs import is_program
from release_actions.changes.titles import trailing_numbers


@dataclass(frozen=True)
class Originals:
    """What changes were picked from, by number and by commit."""

    by_number: Mapping[int, MergedPull] = field(default_factory=dict)
    by_commit: Mapping[str, MergedPull] = field(default_factory=dict)


def find_picked_by_programs(changes: Iterable[MergedChange]) -> tuple[MergedChange, ...]:
    """The changes by programs that bring what another one wrote. `mark_programs` has marked the programs."""
    return tuple(change for change in changes if change.author.bot and (_numbers(change) or picked_commits(change)))


def named_numbers(changes: Iterable[MergedChange]) -> frozenset[int]:
    """The pull requests that changes were picked from, as far as they name them."""
    return frozenset(number for change in changes for number in _numbers(change))


def _numbers(change: MergedChange) -> frozenset[int]:
    # A program that picks keeps the number in its title: "Fix the cache (#11)", or names it as what it ports.
    return (ported_numbers(change) | set(trailing_numbers(change.title))) - {change.number}


def credit_originals(changes: Iterable[MergedChange], originals: Originals) -> tuple[MergedChange, ...]:
    """The changes, what programs picked with author, labels, title and number of what it was picked from."""
    every = tuple(changes)
    picked = {change.commits for change in find_picked_by_programs(every)}
    return tuple(_credited(change, originals) if change.commits in picked else change for change in every)


def _credited(change: MergedChange, originals: Originals) -> MergedChange:
    pulls = [originals.by_commit[sha] for sha in picked_commits(change) if sha in originals.by_commit]
    pulls += [originals.by_number[number] for number in sorted(_numbers(change)) if number in originals.by_number]
    written = list({pull.number or pull.merge: pull for pull in pulls if not pull.author.bot}.values())
    if not written:
        # Whoever squashed it may have kept its author as a co-author.
        people = [author_of(name, email) for name, email in co_authors(change)]
        people = [author for author in people if not author.bot and not is_program(author.login)]
        return replace(change, author=people[0], others=tuple(people[1:])) if people and not pulls else change
    first, *others = written
    labels = tuple(dict.fromkeys(label for pull in written for label in pull.labels))
    if others:
        authors = {pull.author.key: pull.author for pull in others if pull.author.key != first.author.key}
        return replace(change, author=first.author, others=tuple(authors.values()), labels=labels or change.labels)
    return replace(
        change,
        title=original_title(first.title),
        author=first.author,
        number=first.number or change.number,
        labels=labels or change.labels,
        merged=first.merged or change.merged,
    )


def add_co_authors(changes: Iterable[MergedChange], programs: Collection[str]) -> tuple[MergedChange, ...]:
    """The changes with the people that the trailers of their commits name. Programs and the author are left out."""
    return tuple(replace(change, others=_others(change, programs)) for change in changes)


def _others(change: MergedChange, programs: Collection[str]) -> tuple[Author, ...]:
    people = {author.key: author for author in change.others}
    for name, email in co_authors(change):
        author = author_of(name, email)
        same = author.key == change.author.key or (author.name and author.name == change.author.name)
        if author.key and not same and not author.bot and not is_program(author.login or author.name, programs):
            people.setdefault(author.key, author)
    return tuple(people.values())
