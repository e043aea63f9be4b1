"""Release tags for property tests: every form the grammar knows, and lists of what repositories really hold."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from release_actions.versions.version import Version, parse

unhurried = settings(deadline=None)
"""A property is about what is computed, not how fast the machine is today."""

NUMBERS = st.one_of(st.integers(0, 3), st.integers(0, 12))
SPELLINGS = {
    "stable": ("",),
    "candidate": ("-rc.", "-rc", "rc"),
    "post": (".post",),
    "dev": (".dev", "-dev.", "-dev"),
    "prerelease": ("-alpha.", "-beta.", "a", "b", "-with-fix.", "-rc.1.", "-0."),
}


@st.composite
def tags(draw: st.DrawFn, *kinds: str, prefix: str = "v") -> str:
    """A tag of one of the classes; of any when none is named."""
    base = ".".join(str(draw(NUMBERS)) for _ in range(3))
    spelling = draw(st.sampled_from(SPELLINGS[draw(st.sampled_from(kinds or tuple(SPELLINGS)))]))
    return f"{prefix}{base}{spelling}{draw(NUMBERS) if spelling else ''}"


def versions(*kinds: str) -> st.SearchStrategy[Version]:
    """A version of one of the classes; of any when none is named."""
    return tags(*kinds).map(parse)


def histories(*kinds: str) -> st.SearchStrategy[list[Version]]:
    """Versions of one repository, each tag once, in any order."""
    return st.lists(versions(*kinds), max_size=12, unique_by=lambda version: version.tag)
