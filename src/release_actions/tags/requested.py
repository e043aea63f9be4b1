"""Which tag a run is about, and how it is to be judged."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from release_actions.errors import InputError
from release_actions.registry.login import Login
from release_actions.runner.context import TAG_REF, Context
from release_actions.tags.existing import TagSource


class Mode(str, enum.Enum):
    """Whether a tag is judged for its release, or only asked about before its push."""

    RELEASE = "release"
    CHECK = "check"


@dataclass(frozen=True)
class TagRequest:
    """A tag to judge, as the inputs of a command give it.

    `config`: name of the configuration. `existing_tags`: the repository's tags by hand, empty if they are to be read.
    `commit`: the one that would be released, empty if not known. `token` is GitHub's, `login` the registry's.
    """

    tag: str = ""
    mode: Mode = Mode.RELEASE
    config: str = "release.yaml"
    source: TagSource = TagSource.API
    existing_tags: tuple[str, ...] = ()
    commit: str = ""
    token: str = field(default="", repr=False)
    login: Login = field(default_factory=lambda: Login(""))

    @property
    def is_pushed(self) -> bool:
        """Whether the tag is in git because the run is of its push."""
        return self.mode is Mode.RELEASE


def find_requested_tag(given: str, context: Context) -> str:
    """The tag of the input, else that of a push or a `release` event. Raises `InputError` when there is neither.

    As it was written: with or without `refs/tags/`, and perhaps not a legal name.
    """
    name = given or (context.ref if context.ref.startswith(TAG_REF) else find_release_event_tag(context))
    if not name:
        message = f"No tag was given, and the event{f' {context.event_name}' if context.event_name else ''} has none."
        hint = (
            "Set the input 'tag', or run on the push of a tag. In mode check, validate-tag does not use the event's "
            "tag."
        )
        raise InputError(message, hint=hint)
    return name


def find_release_event_tag(context: Context) -> str:
    """The tag of a `release` event; empty for other events."""
    release = context.event.get("release")
    return str(release.get("tag_name", "")) if isinstance(release, dict) else ""
