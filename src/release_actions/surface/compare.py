"""What changed between two surfaces, and whether it breaks those who rely on the first one.

Each rule takes what was and what is. What cannot be judged is unclear, which is never compatible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from release_actions.errors import Place
from release_actions.surface.actions_files import ALL, USE
from release_actions.surface.change import Change, Effect, Subject, capitalize, shown
from release_actions.surface.compare_schema import compare_keys
from release_actions.surface.model import (
    EXPERIMENTAL,
    LEVELS,
    Attributes,
    Group,
    Interface,
    Kind,
    Surface,
    is_experimental,
)

OFF: tuple[Any, ...] = (None, "", "false", False, "0", 0, [], {}, "[]", "{}", "none")
"""Defaults that switch something off."""

ALIKE = 0.6
"""How alike two names have to be for one to be taken for the other's new name, from 0 to 1."""


def compare_surfaces(base: Surface, head: Surface) -> tuple[Change, ...]:
    """Every difference, in the order of the addresses. Nothing is found between a surface and itself."""
    changes: list[Change] = []
    moved = {other for address in base.interfaces if (other := find_other_name(address, base, head))}
    for address in sorted({*base.interfaces, *head.interfaces} - moved):
        before = base.interfaces.get(address)
        after = head.interfaces.get(find_other_name(address, base, head) or address)
        place = Place(address)
        if after is None:
            message = f"{address} is gone, or cannot be called any more."
            hint = "Keep it, and let it do what its successor does, until the next major version."
            changes.append(Change("interface-removed", Effect.BREAKING, Subject(address, place=place), message, hint))
        elif before is None:
            subject = Subject(address, place=place)
            changes.append(Change("interface-added", Effect.COMPATIBLE, subject, f"{address} is new."))
        elif before.kind is not after.kind:
            message = f"{address} was of the kind {before.kind.value} and is of the kind {after.kind.value}."
            changes.append(Change("kind-changed", Effect.BREAKING, Subject(address, place=place), message))
        else:
            changes += compare_interfaces(address, before, after)
    return tuple(changes)


def find_other_name(address: str, base: Surface, head: Surface) -> str:
    """The manifest that has the place of another, as GitHub finds `action.yml` and `action.yaml`; empty if none has."""
    folder, slash, name = address.rpartition("/")
    other = {"action.yml": "action.yaml", "action.yaml": "action.yml"}.get(name)
    path = f"{folder}{slash}{other}" if other and address in base.interfaces and address not in head.interfaces else ""
    return path if path in head.interfaces and path not in base.interfaces else ""


def compare_interfaces(address: str, base: Interface, head: Interface) -> Iterator[Change]:
    """The differences of one interface. What is experimental may change, and must be off."""
    changes = list(compare_keys(address, base, head)) if base.kind in {Kind.CONFIGURATION, Kind.DOCUMENT} else []
    for group in Group:
        if group is not Group.KEYS:
            changes += compare_group(address, group, base, head)
    for change in changes:
        is_about_trial = is_experimental(change.subject.name)
        yield replace(change, effect=Effect.COMPATIBLE, hint="") if is_about_trial else change
    yield from check_experimental(address, base, head)


def compare_group(address: str, group: Group, base: Interface, head: Interface) -> Iterator[Change]:
    """The differences of one group of elements, schemas aside."""
    before, after = base.elements(group), head.elements(group)
    if group is Group.PERMISSIONS:
        yield from compare_permissions(address, base, head)
        return
    # GitHub compares names without case.
    spelled = {name.lower(): name for name in after}
    known = {name.lower() for name in before}
    added = [name for name in after if name.lower() not in known]
    for name, attributes in before.items():
        now = name if name in after else spelled.get(name.lower(), "")
        subject = Subject(address, group, name, head.places.get((group, now or name), Place(address)))
        if now:
            yield from compare_attributes(subject, attributes, after[now])
        else:
            yield describe_removal(subject, attributes, {new: after[new] for new in added})
    for name in added:
        subject = Subject(address, group, name, head.places.get((group, name), Place(address)))
        yield describe_addition(subject, after[name])


def describe_removal(subject: Subject, attributes: Attributes, added: Mapping[str, Attributes]) -> Change:
    """An element that is gone."""
    noun = subject.group.noun if subject.group else "file"
    rule = f"{noun.replace(' ', '-')}-removed"
    message = f"{capitalize(str(subject))} is gone."
    hint = "Keep it until the next major version; an input that does nothing can say so in deprecationMessage."
    like = [name for name, those in added.items() if not is_experimental(name) and those == attributes]
    for name in get_close_matches(subject.name, like, n=1, cutoff=ALIKE):
        rule = f"{noun.replace(' ', '-')}-renamed"
        message = f"{capitalize(str(subject))} is gone; '{name}' is new and looks like the same one."
        hint = f"Take both names until the next major version, '{subject.name}' as an alias."
    return Change(rule, Effect.BREAKING, subject, message, hint)


def is_filled_in(attributes: Attributes) -> bool:
    """Whether what is required may be left out: an action then takes the default, a workflow is refused by GitHub."""
    is_of_workflow = "type" in attributes
    return bool(attributes.get("default")) and not is_of_workflow


def describe_addition(subject: Subject, attributes: Attributes) -> Change:
    """An element that is new. It breaks a caller who has to do something about it."""
    noun = subject.group.noun if subject.group else "file"
    if attributes.get("required") and not is_filled_in(attributes):
        message = f"{capitalize(str(subject))} is new and required."
        hint = "Let it be left out, with a default that does what was done before."
        return Change(f"{noun}-required", Effect.BREAKING, subject, message, hint)
    return Change(f"{noun.replace(' ', '-')}-added", Effect.COMPATIBLE, subject, f"{capitalize(str(subject))} is new.")


def compare_permissions(address: str, base: Interface, head: Interface) -> Iterator[Change]:
    """What callers have to grant, and had to. A permission that nobody needs any more breaks nobody."""
    before, after = base.elements(Group.PERMISSIONS), head.elements(Group.PERMISSIONS)
    for name in sorted({*before, *after}):
        subject = Subject(address, Group.PERMISSIONS, name, head.places.get((Group.PERMISSIONS, name), Place(address)))
        if name in after:
            if before.get(name) != after[name]:
                yield describe_permission(subject, find_granted(name, before, after), str(after[name]["level"]), head)
        elif needed := find_level_now(name, before, after):
            yield describe_permission(subject, str(before[name]["level"]), needed, head)
        else:
            message = f"{capitalize(str(subject))} is not needed any more."
            yield Change("permission-removed", Effect.COMPATIBLE, subject, message)


def find_granted(name: str, before: Mapping[str, Attributes], after: Mapping[str, Attributes]) -> str:
    """The level that callers have granted where a permission is needed now.

    A permission of one use, such as `contents: for publish-draft`, that was not named was granted where every use
    needed it, or where the same use had other words.
    """
    permission = name.partition(USE)[0]
    names = {ALL, *([name] if name in before else [permission, *list_reworded(name, before, after)])}
    return max((str(before[known]["level"]) for known in names if known in before), key=LEVELS.index, default="none")


def find_level_now(name: str, before: Mapping[str, Attributes], after: Mapping[str, Attributes]) -> str:
    """What a use that needed less than the others needs now that it is not named; empty where it is just gone."""
    permission, use = name.partition(USE)[::2]
    is_reworded = any(after[other] == before[name] for other in list_reworded(name, after, before))
    return str(after[permission]["level"]) if use and permission in after and not is_reworded else ""


def list_reworded(name: str, here: Mapping[str, Attributes], there: Mapping[str, Attributes]) -> list[str]:
    """The uses of the same permission that are only here: one of them may be a use of there in other words."""
    permission = name.partition(USE)[0]
    return [other for other in here if other.partition(USE)[0] == permission and other not in there]


def describe_permission(subject: Subject, had: str, level: str, head: Interface) -> Change:
    """A permission that callers may not have granted: a run of theirs then fails, with a workflow before it starts."""
    if LEVELS.index(level) <= LEVELS.index(had):
        message = f"{capitalize(str(subject))} is {level}, which callers have granted."
        return Change("permission-changed", Effect.COMPATIBLE, subject, message)
    message = f"{capitalize(str(subject))} has to be {level}, and callers granted {had}."
    hint = "GitHub refuses the whole workflow of a caller who grants less. Wait for the next major version."
    if head.kind is Kind.ACTION:
        hint = "The action fails in the job of a caller who grants less. Wait for the next major version."
    if USE in subject.name and had == "none":
        hint = "If the use itself is new, nobody relies on it: waive the change."
        return Change("permission-raised", Effect.UNCLEAR, subject, message, hint)
    return Change("permission-raised", Effect.BREAKING, subject, message, hint)


def compare_attributes(subject: Subject, before: Attributes, after: Attributes) -> Iterator[Change]:
    """The differences of an element that was there and is."""
    noun = subject.group.noun.replace(" ", "-") if subject.group else "file"
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        if name == "required":
            yield describe_required(subject, noun, has_default=is_filled_in(after), is_required=bool(now))
        elif name == "deprecated":
            message = f"{capitalize(str(subject))} is {'deprecated' if now else 'not deprecated any more'}."
            yield Change(f"{noun}-deprecated", Effect.COMPATIBLE, subject, message)
        elif subject.group is Group.RUNTIME:
            message = f"{subject.address} runs on {now} and ran on {was}."
            hint = "Runners that do not have it cannot run the action: older ones, and some of Enterprise Server."
            yield Change("runtime-changed", Effect.BREAKING, subject, message, hint)
        else:
            message = f"The {name} of {subject} was {shown(was)} and is {shown(now)}."
            hint = "Whoever relies on it gets something else without having changed anything."
            yield Change(f"{name}-changed", Effect.BREAKING, subject, message, hint)


def describe_required(subject: Subject, noun: str, *, has_default: bool, is_required: bool) -> Change:
    """An element that has become required, or optional."""
    if is_required and not has_default:
        message = f"{capitalize(str(subject))} was optional and is required."
        return Change(f"{noun}-required", Effect.BREAKING, subject, message, "Let it stay optional.")
    message = f"{capitalize(str(subject))} is {'required, with a default' if is_required else 'optional now'}."
    return Change(f"{noun}-optional", Effect.COMPATIBLE, subject, message)


def check_experimental(address: str, base: Interface, head: Interface) -> Iterator[Change]:
    """What is experimental has to be off, and is kept as an alias for one release when it is not any more."""
    for group, elements in head.groups.items():
        for name, attributes in elements.items():
            subject = Subject(address, group, name, head.places.get((group, name)))
            is_trial = name.rpartition(".")[2].startswith(EXPERIMENTAL)
            if is_trial and (attributes.get("required") or attributes.get("default") not in OFF):
                message = f"{capitalize(str(subject))} is experimental and is not off by default."
                yield Change(
                    "experimental-on", Effect.BREAKING, subject, message, "Give it a default that changes nothing."
                )
    for group, elements in base.groups.items():
        for name in elements:
            above, _, last = name.rpartition(".")
            graduated = f"{above}.{last}".lstrip(".").replace(f".{EXPERIMENTAL}", ".").removeprefix(EXPERIMENTAL)
            now = head.elements(group)
            # Where the release had both names, the alias has been there for that one release.
            if last.startswith(EXPERIMENTAL) and name not in now and graduated in now and graduated not in elements:
                subject = Subject(address, group, name, head.places.get((group, graduated)))
                message = f"{capitalize(str(subject))} is '{graduated}' now, and its old name is gone."
                hint = "Take both names for one release."
                yield Change("alias-missing", Effect.BREAKING, subject, message, hint)
