"""What may be pushed in place of a tag that names no version, judged by the repository's history and policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from release_actions.config import FILE
from release_actions.tags.policy import Policy
from release_actions.versions import history
from release_actions.versions.grammar import TagRefused
from release_actions.versions.history import History
from release_actions.versions.prefixes import find_other_prefix
from release_actions.versions.version import Version, parse_known, read_misspelt_candidates


def make_history(names: Sequence[str], policy: Policy) -> History:
    """The history that the tags of a repository give, with the candidates whose spelling is refused."""
    return History(
        parse_known(names, policy.prefix),
        misspelt=read_misspelt_candidates(names, policy.prefix),
        first_candidate=policy.first_candidate,
        skipped=frozenset(policy.skip),
    )


@dataclass(frozen=True)
class TakenTags:
    """What an offered tag must not collide with.

    `names`: the repository's tags. `released`: tags of the releases on GitHub. `published`: the versions that the
    registry has images of. Both are empty where no rule asks for them.
    """

    names: Sequence[str] = ()
    released: Sequence[str] = ()
    published: tuple[Version, ...] = ()

    def without(self, tag: str) -> TakenTags:
        """The same without a tag that is deleted first."""
        return replace(self, names=[name for name in self.names if name != tag])


NO_LEVEL = "has no level to set: a tag that is not a version is always refused."


def offer_acceptable_tag(refused: TagRefused, taken: TakenTags, policy: Policy, *, is_pushed: bool) -> TagRefused:
    """The same refusal that offers only a tag which the rules accept, or none, and says what to do first.

    The refused tag may be among those of the repository.
    """
    others = taken.without(refused.tag).names
    offer = find_offer(refused.meant, taken.without(refused.tag), policy)
    advice = [refused.advice]
    prefix = find_other_prefix(refused.tag, others, policy.prefix)
    if prefix is not None:
        offer, advice = "", [_advise_prefix(prefix, policy)]
    elif refused.meant and offer != refused.meant:
        why = _explain_refusal(refused.meant, others, taken)
        advice.insert(0, f"{refused.meant} {why}{f', and the next one is {offer}' if offer else ''}.")
    if is_pushed and refused.tag in taken.names:
        advice.append("Delete the refused tag before you push another one.")
    advice.append(f"Rule {refused.rule} {NO_LEVEL}")
    changed = refused.offering(offer if offer == refused.meant else "", " ".join(filter(None, advice)))
    changed.meant = offer
    return changed


def find_offer(meant: str, taken: TakenTags, policy: Policy) -> str:
    """The tag itself, or the next that a run of its own would accept; empty if there is none."""
    if not meant:
        return ""
    past = make_history(taken.names, policy)
    released = parse_known(set(taken.released).difference(taken.names), policy.prefix)
    past = replace(past, released=released, with_image=taken.published)
    return history.find_acceptable(meant, policy.prefix, past, policy.levels)


def _explain_refusal(tag: str, others: Sequence[str], taken: TakenTags) -> str:
    if tag in others:
        return "exists already"
    is_published = tag in taken.released or any(other.tag == tag for other in taken.published)
    return "is published already" if is_published else "would be refused too"


def _advise_prefix(prefix: str, policy: Policy) -> str:
    what = f"begin with {prefix}" if prefix else "have no prefix"
    where = policy.file or FILE
    return f"Most versions of this repository {what}: set versions.prefix to {prefix or repr('')} in {where}."
