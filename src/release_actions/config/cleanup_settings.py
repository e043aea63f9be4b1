"""What a clean-up rule may say, declared once: as keys of `release.yaml` and as inputs of ghcr-cleanup.

A new setting is added here and where it is applied, in `release_actions.cleanup.selection`. The loader, the schema, the
reference page and the inputs follow. What a rule leaves out selects nothing.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from release_actions.config.shapes import Boolean, Integer, ListOf, Shape, Text, make_duration
from release_actions.runner import inputs

T = TypeVar("T")

TAG_PATTERNS = ListOf("a list of globs over tags", Text("a glob over tags", pattern=r"[!-~]+", example="pr-*"), least=1)


def declare_setting(shape: Shape[T], parse: inputs.Parser[T], about: str, default: T) -> T:
    """Declare a setting: its shape in the file, its parser as an input, and what it does."""
    metadata = {"shape": shape, "about": about, "parse": parse, "required": False, "secret": False}
    field: T = dataclasses.field(default=default, metadata=metadata)
    return field


def declare_optional(shape: Shape[T], parse: inputs.Parser[T], about: str) -> T | None:
    """Declare a setting that has no value unless it is given; `about` says what happens then."""
    metadata = {"shape": shape, "about": about, "parse": parse, "required": False, "secret": False}
    field: T | None = dataclasses.field(default=None, metadata=metadata)
    return field


def switch(about: str) -> bool:
    """Declare a setting that is off unless it is given."""
    return declare_setting(Boolean(), inputs.boolean, about, default=False)


@dataclass(frozen=True, kw_only=True)
class CleanupSettings:
    """One clean-up rule: what it selects, and what of that it keeps."""

    delete_tags: tuple[str, ...] = declare_setting(
        TAG_PATTERNS,
        inputs.lines,
        "Globs over whole tags, case-sensitive: what they match is deleted.",
        default=(),
    )
    delete_released_candidates: bool = switch(
        "Whether release candidates are deleted once the package has their final release."
    )
    delete_closed_pull_requests: bool = switch(
        "Whether tags `pr-N` and `pr-N-…` are deleted once pull request N of `repository` is closed."
    )
    delete_gone_branches: bool = switch(
        "Whether tags of dev builds are deleted that only a branch which `repository` no longer has could have, a day "
        "after their image was pushed. A tag that somebody gave by hand looks the same: exclude it."
    )
    delete_gone_tags: bool = switch(
        "Whether releases and candidates are deleted whose git tag `repository` no longer has, a day after their image "
        "was pushed."
    )
    delete_ghost_images: bool = switch("Whether indexes are deleted of which every image is gone, tagged or not.")
    delete_partial_images: bool = switch("Whether indexes are deleted of which some images are gone, tagged or not.")
    delete_orphaned_attachments: bool = switch(
        "Whether signatures and other attachments are deleted of what is not in the package. Not for a package that "
        "holds the signatures of another one."
    )
    exclude_tags: tuple[str, ...] = declare_setting(
        TAG_PATTERNS,
        inputs.lines,
        "Globs over whole tags or digests: what they match is kept, whatever another rule says.",
        default=(),
    )
    use_regex: bool = switch(
        "Whether `delete-tags` and `exclude-tags` are regular expressions of Python, over whole tags."
    )
    keep_n: int | None = declare_optional(
        Integer(least=0),
        inputs.integer(0),
        "How many of the selected tags' images are kept: so many of the newest releases, by version, as many of the "
        "newest pre-releases, and as many of the newest others, by creation.",
    )
    keep_n_per_line: int | None = declare_optional(
        Integer(least=1),
        inputs.integer(0),
        "How many of the selected releases are kept of each line, such as v0.5 and v0.6: the newest by version, and as "
        "many of the pre-releases of that line. If the rule also selects tags that are not releases, `keep-n` has to "
        "say how many of those are kept.",
    )
    older_than: timedelta | None = declare_optional(
        make_duration(),
        inputs.duration,
        "Only selected tags whose images are older than this are deleted.",
    )
    delete_untagged: bool = switch("Whether untagged versions that nothing needs are deleted.")
    untagged_older_than: timedelta | None = declare_optional(
        make_duration(),
        inputs.duration,
        "Untagged versions that are younger are kept; a day if left out.",
    )
    keep_n_untagged: int | None = declare_optional(
        Integer(least=1),
        inputs.integer(0),
        "How many of the untagged versions that `delete-untagged` selects are kept: the newest by creation.",
    )
    untag: bool = switch(
        "Whether a selected tag is removed from a version that is kept because of another tag or index."
    )

    @property
    def selects_tags(self) -> bool:
        """Whether it can select tags by their names, so that `keep_n` and `older_than` have something to keep."""
        return (
            bool(self.delete_tags)
            or self.delete_released_candidates
            or self.delete_closed_pull_requests
            or self.asks_for_refs
        )

    @property
    def asks_for_refs(self) -> bool:
        """Whether it has to know the branches or git tags of the repository."""
        return self.delete_gone_branches or self.delete_gone_tags

    @property
    def needs_missing(self) -> bool:
        """Whether it asks which parts that images list are not there."""
        return self.delete_ghost_images or self.delete_partial_images or self.delete_orphaned_attachments

    @property
    def needs_everything(self) -> bool:
        """Whether it can select what no tag shows, so that a package has to be read to know that nothing is to do."""
        return self.delete_untagged or self.needs_missing

    @property
    def selects_nothing(self) -> bool:
        """Whether it can delete nothing."""
        return not self.selects_tags and not self.needs_everything


SELECTORS = (
    "delete-tags",
    "delete-released-candidates",
    "delete-closed-pull-requests",
    "delete-gone-branches",
    "delete-gone-tags",
    "delete-ghost-images",
    "delete-partial-images",
    "delete-orphaned-attachments",
    "delete-untagged",
)
"""The settings of a rule that select something. A rule in `release.yaml` has at least one of them."""
