from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.versions.release_tags import histories, unhurried

from release_actions.tags.offers import make_history, offer_acceptable_tag
from release_actions.tags.policy import Policy
from release_actions.versions.grammar import POST_SPELLINGS, TagScheme
from release_actions.versions.history import DEFAULTS, RULES, Level, judge
from release_actions.versions.version import Version, explain_refusal, parse, parse_or_none

SUFFIXES = ["-RC1", "-rc-2", ".rc3", "-rc.l", "-rcO", "-final", "-GA", "-1", "-post1", ".patch2", ".4", "_beta.1", "+x"]
REFUSED = st.one_of(
    st.builds("v{}.{}.{}{}".format, *[st.integers(0, 3)] * 3, st.sampled_from(SUFFIXES)),
    st.builds("v{}.{}".format, st.integers(0, 3), st.integers(0, 3)),
    st.builds("{}.{}.{}".format, *[st.integers(0, 3)] * 3),
    st.sampled_from(["v0.5.O", "v20240930", "ray-2.9.3", "v01.2.3", " v1.2.3", "latest", "v1.2.3-rc"]),
)
LEVELS = st.dictionaries(st.sampled_from([rule.name for rule in RULES]), st.sampled_from(list(Level)), max_size=5)


@unhurried
@given(REFUSED, histories(), LEVELS, st.sampled_from([None, 0, 1]), st.sampled_from(list(POST_SPELLINGS.values())))
def test_what_a_refusal_offers_is_accepted_by_the_next_run(
    tag: str, tags: list[Version], levels: dict[str, Level], first: int | None, spelling: str
) -> None:
    policy = Policy(prefix=TagScheme("v", spelling), first_candidate=first, levels={**DEFAULTS, **levels})
    names = [version.tag for version in tags]
    if parse_or_none(tag, policy.prefix):
        return

    refused = offer_acceptable_tag(explain_refusal(tag, policy.prefix), [*names, tag], policy, is_pushed=True)

    assert refused.hint.endswith("has no level to set: a tag that is not a version is always refused.")
    assert ("Did you mean" in refused.hint) <= bool(refused.meant)
    if refused.meant:
        assert refused.meant in refused.hint
        assert refused.meant not in names
        judged = judge(parse(refused.meant, policy.prefix), make_history(names, policy), policy.levels)
        assert [violation for violation in judged if violation.level is Level.ERROR] == []


@pytest.mark.parametrize("is_pushed", [True, False])
def test_a_refused_tag_is_to_be_deleted_only_once_it_was_pushed(*, is_pushed: bool) -> None:
    names = ["v0.4.0", "v0.5.0-RC1"] if is_pushed else ["v0.4.0"]

    refused = offer_acceptable_tag(explain_refusal("v0.5.0-RC1"), names, Policy(), is_pushed=is_pushed)

    assert refused.meant == "v0.5.0-rc.1"
    assert ("Delete the refused tag" in refused.hint) == is_pushed
