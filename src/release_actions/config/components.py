"""Components of a file: products of one repository, each with its own tags, images, branches and notes.

A component is read as a file of its own would be: what it says is put over what the file says, and the rest of the
suite sees an ordinary configuration that has no tag and no image of another component.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from release_actions.config.document import Document
from release_actions.config.shapes import suggest_nearest
from release_actions.config.source import MappingNode, Node, ScalarNode, SequenceNode
from release_actions.errors import Problem
from release_actions.versions.version import parse_or_none

OF_THE_FILE = frozenset({"components", "retired", "cleanup"})
"""Keys of the file that no component has: each of its own, or none."""

MERGED = frozenset({"versions", "notes"})
"""Keys of a component that are put over the file's key by key. The others take the place of the file's."""

SAMPLES = ("1.2.3", "1.2.3-rc.1", "1.2.3.post1")
"""Versions by which the tags of two components are compared."""


def list_component_nodes(origin: Node) -> dict[str, Node]:
    """Key of a component -> the file as that component sees it. Empty for a file without components."""
    described = origin.child("components")
    if not isinstance(origin, MappingNode) or not isinstance(described, MappingNode):
        return {}
    return {
        key: make_component_node(origin, value)
        for key, (_, value) in described.entries.items()
        if isinstance(value, MappingNode)
    }


def make_component_node(file: MappingNode, component: MappingNode) -> Node:
    """The file with what a component says in its place, and without the images of other components."""
    entries = {name: entry for name, entry in file.entries.items() if name not in OF_THE_FILE}
    for name, (written, value) in component.entries.items():
        before = file.child(name)
        if name == "images":
            entries[name] = (file.entries[name][0], keep_images(file.child(name), value))
        elif name in MERGED and isinstance(before, MappingNode) and isinstance(value, MappingNode):
            entries[name] = (written, replace(value, entries={**before.entries, **value.entries}))
        else:
            entries[name] = (written, value)
    return replace(file, entries=entries)


def keep_images(images: Node | None, keys: Node) -> Node:
    """The images of a file that a list names."""
    named = {item.text for item in keys.items if isinstance(item, ScalarNode)} if isinstance(keys, SequenceNode) else ()
    if not isinstance(images, MappingNode):
        return keys
    return replace(images, entries={key: entry for key, entry in images.entries.items() if key in named})


def every_image_is_in_a_component(document: Document) -> Iterator[Problem]:
    """A file with components has each image in exactly one of them."""
    owners: dict[str, str] = {}
    for key, component in document.components.items():
        for number, image in enumerate(component.images):
            place = document.origin.at("components", key, "images", number)
            if image not in document.images:
                yield Problem(f"'{image}' is not an image.", suggest_nearest(image, tuple(document.images)), place)
            elif image in owners:
                message = f"The image '{image}' is in the components '{owners[image]}' and '{key}'."
                yield Problem(message, "Keep it in one of them.", place)
            owners.setdefault(image, key)
    for image in document.images if document.components else ():
        if image not in owners:
            message = f"The image '{image}' is in no component."
            yield Problem(message, "Name it below 'images' of one.", document.origin.key_at("images", image))


def tags_of_components_are_apart(document: Document) -> Iterator[Problem]:
    """Each component names its prefix, and no tag could be a release of two components."""
    seen: dict[str, str] = {}
    for key, component in document.components.items():
        place = document.origin.at("components", key, "versions")
        if document.origin.at("components", key, "versions", "prefix") == place:
            yield Problem(f"The component '{key}' has no prefix.", "Add 'prefix', for example router-v.", place)
            continue
        prefix = component.versions.prefix
        other = next((other for other, name in seen.items() if could_be_both(prefix, name)), None)
        if other is not None:
            message = f"A tag could be a release of '{other}' and of '{key}'."
            place = document.origin.at("components", key, "versions", "prefix")
            yield Problem(message, "Give one of them another prefix.", place)
        seen[key] = prefix


def could_be_both(prefix: str, other: str) -> bool:
    """Whether a version with one prefix is a version with another."""
    return any(
        parse_or_none(f"{first}{sample}", second) is not None
        for first, second in ((prefix, other), (other, prefix))
        for sample in SAMPLES
    )


def what_components_say_is_not_said_twice(document: Document) -> Iterator[Problem]:
    """A file with components has neither a prefix of its own nor retired packages: each belongs to a component."""
    for steps in (("versions", "prefix"), ("versions", "skip"), ("retired",)):
        *way, last = steps
        holder: Node | None = document.origin
        for step in way:
            holder = holder.child(step) if holder else None
        if document.components and holder and holder.child(last):
            message = f"'{'.'.join(steps)}' is about releases, and each component has its own."
            yield Problem(message, "Move it to a component.", document.origin.key_at(*steps))
