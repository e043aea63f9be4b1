"""Which tag a run is about: the one of its input, else the one of its event."""

from __future__ import annotations

from release_actions.errors import InputError
from release_actions.runner.context import Context
from release_actions.tags.existing import TAG_REF


def find_requested_tag(given: str, context: Context) -> str:
    """The tag of the input, else that of a push or a `release` event. Raises `InputError` when there is neither.

    As it was written: with or without `refs/tags/`, and perhaps not a legal name.
    """
    name = given or (context.ref if context.ref.startswith(TAG_REF) else find_release_event_tag(context))
    if not name:
        message = f"No tag was given, and the event{f' {context.event_name}' if context.event_name else ''} has none."
        hint = "Set the input tag, or run on the push of a tag. Mode check takes no tag from the event."
        raise InputError(message, hint=hint)
    return name


def find_release_event_tag(context: Context) -> str:
    """The tag of a `release` event; empty for other events."""
    release = context.event.get("release")
    return str(release.get("tag_name", "")) if isinstance(release, dict) else ""
