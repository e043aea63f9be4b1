"""What may be pushed in place of a tag that names no version, judged by the repository's history and policy."""

from __future__ import annotations

from collections.abc import Sequence

from release_actions.tags.policy import Policy
from release_actions.versions import history
from release_actions.versions.grammar import TagRefused
from release_actions.versions.history import History
from release_actions.versions.version import known, read_misspelt_candidates


def make_history(names: Sequence[str], policy: Policy) -> History:
    """The history that the tags of a repository give, with the candidates whose spelling is refused."""
    return History(
        known(names, policy.prefix),
        misspelt=read_misspelt_candidates(names, policy.prefix),
        first_candidate=policy.first_candidate,
    )


def offer_acceptable_tag(refused: TagRefused, names: Sequence[str], policy: Policy) -> TagRefused:
    """The same refusal that offers only a tag which the rules accept, or none.

    `names`: the repository's tags. The refused one may be among them: it has to be deleted before another is pushed.
    """
    others = [name for name in names if name != refused.tag]
    offer = history.find_acceptable(refused.meant, policy.prefix, make_history(others, policy), policy.levels)
    advice = refused.advice
    if refused.meant and offer != refused.meant:
        why = "exists already" if refused.meant in others else "would be refused too"
        instead = f"{refused.meant} {why}{f', and the next one is {offer}' if offer else ''}."
        advice = f"{instead} {advice}".rstrip()
    changed = refused.offering(offer if offer == refused.meant else "", advice)
    changed.meant = offer
    return changed
