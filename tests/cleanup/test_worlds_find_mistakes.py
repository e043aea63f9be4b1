"""Random worlds would notice: a clean-up with one thing done wrong fails in one of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.cleanup.judging import judge

from release_actions.cleanup import apply, finish, order, proof, ranking, record, retention, selection, store
from release_actions.cleanup.retention import _Planner
from release_actions.cleanup.selection import Selection, Verdict
from release_actions.images.graph import Graph

MOST = 1_000
"""Worlds in which a mistake must be found: those of one run of the tests in CI."""

Break = Callable[[pytest.MonkeyPatch], None]


def tagged_beside_a_live_tag(patch: pytest.MonkeyPatch) -> None:
    """A version is deleted when one of its tags is selected."""
    real = _Planner.own_verdict

    def wrong(self: _Planner, version: Any, tags: Any) -> Verdict | None:
        dead = [tag for tag in version.names if tags[tag].selected]
        return tags[dead[0]] if dead else real(self, version, tags)

    patch.setattr(_Planner, "own_verdict", wrong)


def exclusions(patch: pytest.MonkeyPatch) -> None:
    """exclude-tags is not looked at."""
    patch.setattr(selection, "find_exclusion", lambda *_: None)
    patch.setattr(retention, "find_exclusion", lambda *_: None)


def shared_parts(patch: pytest.MonkeyPatch) -> None:
    """What goes takes its parts along, whoever else needs them."""
    real = _Planner.result

    def wrong(self: _Planner, tags: Any, roots: Any, end: Any) -> Any:
        taken = self.graph.reachable(end.gone) & set(self.there)
        selected = {digest for digest in end.selected if not self.there[digest].names or digest in end.gone}
        parts = self.graph.reachable(selected) & set(self.there)
        return real(self, tags, roots, dataclasses.replace(end, gone=frozenset(end.gone | taken | parts)))

    patch.setattr(_Planner, "result", wrong)


def nested_indexes(patch: pytest.MonkeyPatch) -> None:
    """Only the first level of an index is looked at."""

    def wrong(roots: Any, following: Any) -> frozenset[str]:
        first = {digest for root in roots for digest in following(root)}
        return frozenset([*roots, *first])

    patch.setattr(Graph, "_closure", staticmethod(wrong))


def attachments(patch: pytest.MonkeyPatch) -> None:
    """Signatures and the like are no parts of anything."""
    patch.setattr(Graph, "reachable", Graph.content)


def builds_in_flight(patch: pytest.MonkeyPatch) -> None:
    """Untagged versions of any age may go."""
    patch.setattr(Selection, "grace", timedelta())


def left_behind(patch: pytest.MonkeyPatch) -> None:
    """The parts of what goes stay."""
    real = _Planner.result

    def wrong(self: _Planner, tags: Any, roots: Any, end: Any) -> Any:
        return real(self, tags, roots, dataclasses.replace(end, gone=end.gone & end.selected))

    patch.setattr(_Planner, "result", wrong)


def children_first(patch: pytest.MonkeyPatch) -> None:
    """Parts go before what lists them."""
    real = order.order_deletions

    def wrong(*given: Any) -> Any:
        return tuple(dataclasses.replace(one, after=()) for one in reversed(real(*given)))

    patch.setattr(order, "order_deletions", wrong)


def the_newest(patch: pytest.MonkeyPatch) -> None:
    """keep-n spares nothing."""
    patch.setattr(ranking, "rank_newest", lambda *_, **__: {})


def age(patch: pytest.MonkeyPatch) -> None:
    """older-than is not looked at."""
    real = Selection._judged

    def wrong(self: Selection, rule: Any, names: Any) -> Any:
        young = dataclasses.replace(rule.settings, older_than=None)
        return real(self, dataclasses.replace(rule, settings=young), names)

    patch.setattr(Selection, "_judged", wrong)


def killed_runs(patch: pytest.MonkeyPatch) -> None:
    """No journal says what a killed run was about to delete."""
    patch.setattr(record, "begin", lambda *_: None)


def moves_meanwhile(patch: pytest.MonkeyPatch) -> None:
    """What was tagged since the plan goes all the same, and nobody looks afterwards."""

    def wrong(self: apply.Work, deletion: Any) -> apply.Ended:
        version = deletion.version
        refusal = self.store.packages.delete_version(self.store.name, version.id)
        return apply.Ended(refusal=refusal) if refusal else apply.Ended(deleted=True)

    patch.setattr(apply.Work, "delete", wrong)
    patch.setattr(finish, "restore", lambda *given: given[-1])


def needed_parts(patch: pytest.MonkeyPatch) -> None:
    """What an image needs that came during the run is not restored."""
    real = proof.check

    def wrong(*given: Any, **options: Any) -> Any:
        return dataclasses.replace(real(*given, **options), broken=(), needed=frozenset())

    patch.setattr(proof, "check", wrong)


def new_images(patch: pytest.MonkeyPatch) -> None:
    """Images that came during the run are not read to see whether their parts are there."""
    real = proof.needs

    def wrong(store: Any, roots: Any, graph: Graph) -> Any:
        return {root: frozenset({root}) for root in roots} | real(store, [*filter(graph.images.get, roots)], graph)

    patch.setattr(proof, "needs", wrong)


def lost_tags(patch: pytest.MonkeyPatch) -> None:
    """Tags that the plan keeps are believed to be where they were, also when they went with a deleted version."""
    patch.setattr(proof, "find_lost_tags", lambda *_: {})
    patch.setattr(proof, "choose_trusted_tags", lambda kept, *_: set(kept))


def the_last_look(patch: pytest.MonkeyPatch) -> None:
    """What is pushed after the proof is not looked for."""
    patch.setattr(finish, "is_pushed_to", lambda *_: False)


MISTAKES: dict[Break, int] = {
    tagged_beside_a_live_tag: 10,
    exclusions: 7,
    shared_parts: 24,
    nested_indexes: 10,
    attachments: 10,
    builds_in_flight: 12,
    left_behind: 3,
    children_first: 72,
    the_newest: 7,
    age: 16,
    killed_runs: 211,
    moves_meanwhile: 53,
    needed_parts: 53,
    new_images: 149,
    lost_tags: 80,
    the_last_look: 53,
}
"""Each with the seed of a world that it was seen in. That is tried first, since the search for one takes a minute."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.0)
    monkeypatch.setattr(store, "READERS", 2)
    monkeypatch.setattr(apply, "WORKERS", 3)


def fails(seed: int) -> bool:
    try:
        judge(seed)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_mistake_is_found(mistake: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake(monkeypatch)
    assert any(fails(seed) for seed in (MISTAKES[mistake], *range(MOST))), mistake.__doc__
