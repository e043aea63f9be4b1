from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.versions.release_tags import histories, unhurried

from release_actions.tags.offers import TakenTags, make_history, offer_acceptable_tag
from release_actions.tags.policy import Policy
from release_actions.versions.grammar import POST_SPELLINGS, TagScheme
from release_actions.versions.history import DEFAULTS, RULES, Evidence, Level, judge
from release_actions.versions.version import Version, explain_refusal, parse, parse_known, parse_or_none

SUFFIXES = ["-RC1", "-rc-2", ".rc3", "-rc.l", "-rcO", "-final", "-GA", "-1", "-post1", ".patch2", ".4", "_beta.1", "+x"]
REFUSED = st.one_of(
    st.builds("v{}.{}.{}{}".format, *[st.integers(0, 3)] * 3, st.sampled_from(SUFFIXES)),
    st.builds("v{}.{}".format, st.integers(0, 3), st.integers(0, 3)),
    st.builds("{}.{}.{}".format, *[st.integers(0, 3)] * 3),
    st.sampled_from(["v0.5.O", "v20240930", "ray-2.9.3", "v01.2.3", " v1.2.3", "latest", "v1.2.3-rc"]),
)
LEVELS = st.dictionaries(st.sampled_from([rule.name for rule in RULES]), st.sampled_from(list(Level)), max_size=5)


POLICIES = st.builds(
    lambda spelling, first, levels: Policy(
        prefix=TagScheme("v", spelling), first_candidate=first, levels={**DEFAULTS, **levels}
    ),
    st.sampled_from(list(POST_SPELLINGS.values())),
    st.sampled_from([None, 0, 1]),
    LEVELS,
)


def judge_next_run(tag: str, taken: TakenTags, policy: Policy) -> list[str]:
    """The rules that refuse a tag, by all that a run about it reads."""
    version = parse(tag, policy.prefix)
    images = {"package": ""} if any(other.tag == tag for other in taken.published) else {}
    released = "2026-01-01" if tag in taken.released else ""
    reads_numbers = version.is_candidate and policy.levels["deleted-candidate"] is not Level.OFF
    past = replace(
        make_history(taken.names, policy),
        published=taken.published if reads_numbers else (),
        released=parse_known(set(taken.released) - set(taken.names)),
        about=Evidence(pushed=False, images=images, released=released),
    )
    return [each.rule for each in judge(version, past, policy.levels) if each.level is Level.ERROR]


@unhurried
@given(REFUSED, histories(), histories(), histories(), POLICIES)
def test_what_a_refusal_offers_is_accepted_by_the_next_run(
    tag: str, tags: list[Version], released: list[Version], published: list[Version], policy: Policy
) -> None:
    names = [version.tag for version in tags]
    taken = TakenTags(names, [version.tag for version in released], tuple(published))
    if parse_or_none(tag, policy.prefix):
        return
    explained = explain_refusal(tag, policy.prefix)

    refused = offer_acceptable_tag(explained, replace(taken, names=[*names, tag]), policy, is_pushed=True)

    assert refused.hint.endswith("has no level to set: a tag that is not a version is always refused.")
    assert ("Did you mean" in refused.hint) <= bool(refused.meant)
    if refused.meant:
        assert refused.meant in refused.hint
        assert refused.meant not in names
        assert judge_next_run(refused.meant, taken, policy) == []
    if "would be refused too" in refused.hint:
        assert judge_next_run(explained.meant, taken, policy)


@pytest.mark.parametrize("is_pushed", [True, False])
def test_a_refused_tag_is_to_be_deleted_only_once_it_was_pushed(*, is_pushed: bool) -> None:
    names = ["v0.4.0", "v0.5.0-RC1"] if is_pushed else ["v0.4.0"]

    refused = offer_acceptable_tag(explain_refusal("v0.5.0-RC1"), TakenTags(names), Policy(), is_pushed=is_pushed)

    assert refused.meant == "v0.5.0-rc.1"
    assert ("Delete the refused tag" in refused.hint) == is_pushed
