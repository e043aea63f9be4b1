"""Random surfaces: nothing is found between one and itself, and whatever is taken away is."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from release_actions.surface.change import Effect
from release_actions.surface.compare import compare_surfaces
from release_actions.surface.model import Group, Interface, Kind, Surface, read_surface

NAMES = st.text("abcdefgh-", min_size=1, max_size=6)
INPUT = st.fixed_dictionaries({"required": st.booleans(), "default": st.sampled_from(["", "x", "true"])})
GROUPS = {
    Group.INPUTS: INPUT,
    Group.OUTPUTS: st.just({}),
    Group.SECRETS: st.fixed_dictionaries({"required": st.booleans()}),
    Group.PERMISSIONS: st.fixed_dictionaries({"level": st.sampled_from(["read", "write"])}),
    Group.RUNTIME: st.fixed_dictionaries({"value": st.sampled_from(["node20", "node24"])}),
    Group.EXIT_CODES: st.fixed_dictionaries({"meaning": st.sampled_from(["pass", "refused"])}),
}


def interfaces() -> st.SearchStrategy[Interface]:
    groups: dict[Group, Any] = {group: st.dictionaries(NAMES, values, max_size=4) for group, values in GROUPS.items()}
    return st.builds(Interface, st.sampled_from([Kind.ACTION, Kind.WORKFLOW]), st.fixed_dictionaries(groups))


SURFACES = st.builds(Surface, st.dictionaries(NAMES, interfaces(), max_size=3))


@settings(max_examples=25, deadline=None)
@given(SURFACES)
def test_a_surface_and_itself_have_no_difference(surface: Surface) -> None:
    assert compare_surfaces(surface, read_surface(surface.text(), "file")) == ()


@settings(max_examples=25, deadline=None)
@given(SURFACES, st.data())
def test_whatever_is_taken_away_is_found_and_nothing_else(surface: Surface, data: st.DataObject) -> None:
    every = [
        (address, group, name)
        for address, interface in surface.interfaces.items()
        for group, elements in interface.groups.items()
        for name in elements
    ]
    gone = set(data.draw(st.lists(st.sampled_from(every), unique=True))) if every else set()
    after = Surface(
        {
            address: Interface(
                interface.kind,
                {
                    group: {name: those for name, those in elements.items() if (address, group, name) not in gone}
                    for group, elements in interface.groups.items()
                },
            )
            for address, interface in surface.interfaces.items()
        }
    )

    found = compare_surfaces(surface, after)

    assert {(change.subject.address, change.subject.group, change.subject.name) for change in found} == gone
    # A permission that is not needed any more is the one thing whose end breaks nobody.
    assert all((change.effect is Effect.COMPATIBLE) == (change.subject.group is Group.PERMISSIONS) for change in found)


@settings(max_examples=15, deadline=None)
@given(SURFACES, SURFACES)
def test_what_is_compatible_one_way_and_back_is_the_same_but_for_words(one: Surface, other: Surface) -> None:
    there, back = compare_surfaces(one, other), compare_surfaces(other, one)

    assert {str(change.subject) for change in there} == {str(change.subject) for change in back}
