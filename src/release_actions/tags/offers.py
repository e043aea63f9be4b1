"""What may be pushed in place of a tag that names no version, judged by the repository's history and policy."""

from __future__ import annotations

from collections.abc import Sequence

from release_actions.config import FILE
from release_actions.tags.policy import Policy
from release_actions.versions import history
from release_actions.versions.grammar import TagRefused
from release_actions.versions.history import History
from release_actions.versions.prefixes import find_other_prefix
from release_actions.versions.version import parse_known, read_misspelt_candidates


def make_history(names: Sequence[str], policy: Policy) -> History:
    """The history that the tags of a repository give, with the candidates whose spelling is refused."""
    return History(
        parse_known(names, policy.prefix),
        misspelt=read_misspelt_candidates(names, policy.prefix),
        first_candidate=policy.first_candidate,
        skipped=frozenset(policy.skip),
    )


NO_LEVEL = "has no level to set: a tag that is not a version is always refused."


def offer_acceptable_tag(refused: TagRefused, names: Sequence[str], policy: Policy, *, is_pushed: bool) -> TagRefused:
    """The same refusal that offers only a tag which the rules accept, or none, and says what to do first.

    `names`: the repository's tags. The refused one may be among them.
    """
    others = [name for name in names if name != refused.tag]
    offer = history.find_acceptable(refused.meant, policy.prefix, make_history(others, policy), policy.levels)
    advice = [refused.advice]
    prefix = find_other_prefix(refused.tag, others, policy.prefix)
    if prefix is not None:
        offer, advice = "", [_advise_prefix(prefix, policy)]
    elif refused.meant and offer != refused.meant:
        why = "exists already" if refused.meant in others else "would be refused too"
        advice.insert(0, f"{refused.meant} {why}{f', and the next one is {offer}' if offer else ''}.")
    if is_pushed and refused.tag in names:
        advice.append("Delete the refused tag before you push another one.")
    advice.append(f"Rule {refused.rule} {NO_LEVEL}")
    changed = refused.offering(offer if offer == refused.meant else "", " ".join(filter(None, advice)))
    changed.meant = offer
    return changed


def _advise_prefix(prefix: str, policy: Policy) -> str:
    what = f"begin with {prefix}" if prefix else "have no prefix"
    where = policy.file or FILE
    return f"Most versions of this repository {what}: set versions.prefix to {prefix or repr('')} in {where}."
