"""Other projects' inputs, and what takes their place here: one table for `validate` and for the migration guides.

The names are theirs, the words are ours. An input that means something else here than it seems to is `refused`: the
sentence says what it does there, and why nothing here is called so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CLEANUP = "ghcr-cleanup"
IMAGES = (
    "build-image.yml",
    "ci-release.yaml",
    "nightly-build-image.yml",
    "build-matrix",
    "release-plan",
    "merge-digests",
)
NOTES = ("release-notes", "draft-release.yml")
SAME = "the same"
NOTHING = "leave it out"


@dataclass(frozen=True)
class PeerInput:
    """What to write here for an input of theirs, to follow "Write"; `why` says more. `refused`: never translated."""

    ours: str
    why: str = ""
    refused: bool = False


@dataclass(frozen=True)
class Peer:
    """An action that people move over from. `replaced_by`: names of ours. `old`: names of versions before."""

    repository: str
    title: str
    replaced_by: tuple[str, ...]
    inputs: Mapping[str, PeerInput]
    old: Mapping[str, PeerInput] = field(default_factory=dict)

    def find(self, name: str) -> PeerInput | None:
        """What is known of an input, of any version."""
        return self.inputs.get(name) or self.old.get(name)


UNTAGGED_ONLY = PeerInput(
    "delete-untagged: true",
    "There, false deletes whole packages. Nothing here does, and `delete-tags: '*'` is no translation.",
    refused=True,
)
IGNORE_VERSIONS = PeerInput(
    "exclude-tags",
    "There it is compared with digests, so it protects no tag. exclude-tags protects what it names, so more is kept "
    "than before.",
    refused=True,
)
CUT_OFF = PeerInput(
    "older-than: 30d and untagged-older-than: 30d",
    "Ages count from when an image was first pushed, and those of untagged versions have a setting of their own.",
)
OWNER = PeerInput("owner")
PACKAGES = PeerInput("packages", "A list, one name a line.")
EVERYTHING = PeerInput(
    "delete-tags and keep-n", "Without delete-tags nothing is selected here. `delete-tags: '*'` includes releases."
)

DATAAXIOM = Peer(
    "dataaxiom/ghcr-cleanup-action",
    "ghcr-cleanup-action",
    (CLEANUP,),
    {
        "owner": OWNER,
        "repository": PeerInput("packages", "Name the package; the repository's name is not taken for it."),
        "package": PACKAGES,
        "packages": PeerInput("packages", "Globs are always understood."),
        "expand-packages": PeerInput(NOTHING, "Globs in packages are always understood."),
        "token": PeerInput(SAME),
        "tags": PeerInput("delete-tags"),
        "delete-tags": PeerInput(SAME),
        "exclude-tags": PeerInput(
            SAME, "With use-regex, `v\\d+` has to match the whole tag here: write `.*(?:v\\d+).*`."
        ),
        "use-regex": PeerInput(SAME, "An expression has to match the whole tag, in the syntax of Python."),
        "keep-n-tagged": EVERYTHING,
        "keep-n-untagged": PeerInput(SAME, "0 is not allowed: `delete-untagged: true` alone keeps none."),
        "delete-untagged": PeerInput(SAME, "Off unless it is set; there it is on when nothing is set."),
        "delete-ghost-images": PeerInput(SAME),
        "delete-partial-images": PeerInput(SAME),
        "delete-orphaned-images": PeerInput("delete-orphaned-attachments"),
        "older-than": PeerInput("older-than and untagged-older-than", "It limits tags only: untagged ones have a day."),
        "validate": PeerInput(NOTHING, "Every remaining tag is always checked."),
        "dry-run": PeerInput(SAME),
        "log-level": PeerInput(NOTHING, "Set ACTIONS_STEP_DEBUG for more lines."),
        "registry-url": PeerInput(NOTHING, "It is known from the run."),
        "github-api-url": PeerInput(NOTHING, "It is known from the run."),
    },
)
SNOK = Peer(
    "snok/container-retention-policy",
    "container-retention-policy",
    (CLEANUP,),
    {
        "account": PeerInput("owner"),
        "token": PeerInput(SAME),
        "image-names": PACKAGES,
        "image-tags": PeerInput("delete-tags and exclude-tags", "What has a `!` there goes to exclude-tags."),
        "shas-to-skip": PeerInput("exclude-tags", "It takes digests too."),
        "skip-shas": PeerInput("exclude-tags", "It takes digests too."),
        "keep-n-most-recent": PeerInput("keep-n", "Images are counted, not versions."),
        "timestamp-to-use": PeerInput(NOTHING, "Ages count from when an image was first pushed."),
        "cut-off": CUT_OFF,
        "tag-selection": PeerInput("delete-untagged: true and delete-tags", "Neither is on unless it is set."),
        "dry-run": PeerInput(SAME),
        "rust-log": PeerInput(NOTHING, "Set ACTIONS_STEP_DEBUG for more lines."),
    },
    {
        "account-type": PeerInput(NOTHING, "It is found out."),
        "org-name": PeerInput("owner"),
        "untagged-only": PeerInput("delete-untagged: true, and no delete-tags"),
        "skip-tags": PeerInput("exclude-tags"),
        "keep-at-least": PeerInput("keep-n"),
        "filter-tags": PeerInput("delete-tags"),
        "filter-include-untagged": PeerInput("delete-untagged"),
        "token-type": PeerInput(NOTHING, "The job's token is enough."),
    },
)
DELETE_PACKAGE_VERSIONS = Peer(
    "actions/delete-package-versions",
    "delete-package-versions",
    (CLEANUP,),
    {
        "package-version-ids": PeerInput("exclude-tags and delete-tags", "Versions are not named by their id here."),
        "owner": OWNER,
        "package-name": PACKAGES,
        "package-type": PeerInput(NOTHING, "Only container packages are cleaned up here."),
        "num-old-versions-to-delete": PeerInput("max-deletions", "A larger plan is refused whole, not cut."),
        "min-versions-to-keep": PeerInput("keep-n with delete-tags", "Images are counted, not versions."),
        "ignore-versions": IGNORE_VERSIONS,
        "delete-only-pre-release-versions": PeerInput(
            "delete-released-candidates: true", "It deletes candidates whose release is out."
        ),
        "delete-only-untagged-versions": PeerInput(
            "delete-untagged: true", "The platforms of tagged images are untagged too; they are kept here."
        ),
        "token": PeerInput(SAME),
    },
    {"ignored-version-names": IGNORE_VERSIONS, "repo": PeerInput(NOTHING, "A package belongs to an owner.")},
)
VLAURIN = Peer(
    "vlaurin/action-ghcr-prune",
    "action-ghcr-prune",
    (CLEANUP,),
    {
        "token": PeerInput(SAME),
        "organization": PeerInput("owner"),
        "user": PeerInput("owner"),
        "container": PACKAGES,
        "dry-run": PeerInput(SAME),
        "older-than": PeerInput("older-than and untagged-older-than", "A bare number of days gets its unit: `30d`."),
        "keep-younger-than": PeerInput("older-than and untagged-older-than", "They say the same."),
        "keep-last": PeerInput("keep-n", "Images are counted, not versions."),
        "keep-tags": PeerInput("exclude-tags"),
        "keep-tags-regexes": PeerInput(
            "exclude-tags with use-regex: true", "An expression has to match the whole tag: put .* around it."
        ),
        "prune-untagged": PeerInput("delete-untagged"),
        "prune-tags-regexes": PeerInput(
            "delete-tags with use-regex: true", "An expression has to match the whole tag: put .* around it."
        ),
    },
    {"untagged": PeerInput("delete-untagged"), "tag-regex": PeerInput("delete-tags with use-regex: true")},
)
CHIZKIYAHU = Peer(
    "Chizkiyahu/delete-untagged-ghcr-action",
    "delete-untagged-ghcr-action",
    (CLEANUP,),
    {
        "token": PeerInput(SAME),
        "repository_owner": PeerInput("owner"),
        "repository": PeerInput("packages", "Packages are named, not looked up by a repository."),
        "package_name": PACKAGES,
        "untagged_only": UNTAGGED_ONLY,
        "except_untagged_multiplatform": PeerInput(NOTHING, "The platforms of an image that is kept are always kept."),
        "with_sigs": PeerInput("delete-orphaned-attachments", "Signatures go with their image in any case."),
        "owner_type": PeerInput(NOTHING, "It is found out."),
    },
)
CAMARGO = Peer(
    "camargo/delete-untagged-action",
    "delete-untagged-action",
    (CLEANUP,),
    {
        "github-token": PeerInput("token"),
        "package-name": PACKAGES,
        "personal-account": PeerInput(NOTHING, "It is found out."),
        "organization": PeerInput("owner"),
    },
)

IN_FILE = "in release.yaml"
METADATA = Peer(
    "docker/metadata-action",
    "metadata-action",
    (*IMAGES, "validate-tag", "protect-latest"),
    {
        "context": PeerInput(NOTHING, "The tag or commit of the event counts."),
        "images": PeerInput(f"`images` {IN_FILE}"),
        "tags": PeerInput(
            f"`image-tag`, `floating-tags` and `channels.dev.tags` {IN_FILE}", "docs/metadata-action.md has every rule."
        ),
        "flavor": PeerInput(f"`floating-tags` {IN_FILE}; `variants` with `tag: '{{tag}}-alpine'` for a suffix"),
        "labels": PeerInput(f"`labels` of an image {IN_FILE}"),
        "annotations": PeerInput(f"`labels` of an image {IN_FILE}", "Labels of all platforms annotate the index too."),
        "sep-tags": PeerInput(NOTHING, "Lists are JSON."),
        "sep-labels": PeerInput(NOTHING, "Lists are JSON."),
        "sep-annotations": PeerInput(NOTHING, "Lists are JSON."),
        "bake-target": PeerInput(NOTHING, "There is no bake file."),
        "github-token": PeerInput("token"),
    },
)
BUILD_PUSH = Peer(
    "docker/build-push-action",
    "build-push-action",
    IMAGES,
    {
        "context": PeerInput(f"`context` of an image {IN_FILE}"),
        "file": PeerInput(f"`dockerfile` of an image {IN_FILE}"),
        "target": PeerInput(f"`target` of an image {IN_FILE}"),
        "platforms": PeerInput(f"`platforms` of an image {IN_FILE}", "Each has a runner of its own: `runners`."),
        "build-args": PeerInput(f"`build-args` of an image {IN_FILE}"),
        "labels": PeerInput(f"`labels` of an image {IN_FILE}"),
        "tags": PeerInput(f"`image-tag` and `channels` {IN_FILE}"),
        "push": PeerInput(NOTHING, "A build that has a tag is pushed; a pull request of a fork never is."),
        "secrets": PeerInput(f"`secrets` of an image {IN_FILE}, id to the secret's name"),
        "secret-envs": PeerInput(f"`secrets` of an image {IN_FILE}"),
        "secret-files": PeerInput(f"`secrets` of an image {IN_FILE}"),
        "cache-from": PeerInput(f"`cache-from` of an image {IN_FILE}"),
        "cache-to": PeerInput(f"`cache-to` of an image {IN_FILE}"),
        "no-cache": PeerInput(f"`no-cache` of an image {IN_FILE}"),
        "provenance": PeerInput(f"`provenance` of an image {IN_FILE}"),
        "sbom": PeerInput(NOTHING, "No SBOM is made here; attach one to the published digest in a later job."),
        "outputs": PeerInput(NOTHING, "Platforms are pushed by digest and merged."),
        "load": PeerInput(NOTHING, "Nothing is loaded into a local docker."),
        "pull": PeerInput(NOTHING, "Every build begins with an empty builder."),
        "builder": PeerInput(f"`driver-opts` of an image {IN_FILE}"),
        "annotations": PeerInput(f"`labels` of an image {IN_FILE}", "Labels of all platforms annotate the index too."),
        "github-token": PeerInput("token"),
        "username": PeerInput(f"`credentials` {IN_FILE}"),
        "password": PeerInput(f"`credentials` {IN_FILE}"),
    },
)
SOFTPROPS = Peer(
    "softprops/action-gh-release",
    "action-gh-release",
    NOTES,
    {
        "body": PeerInput("file", "The notes are a file of the workspace."),
        "body_path": PeerInput("file"),
        "name": PeerInput(NOTHING, "A release is called by its tag."),
        "tag_name": PeerInput("tag"),
        "draft": PeerInput(NOTHING, "A person publishes: a release is always a draft first."),
        "prerelease": PeerInput(NOTHING, "It follows from the tag."),
        "make_latest": PeerInput(NOTHING, "It follows from version order, so a backport never takes the badge."),
        "files": PeerInput("`gh release upload TAG FILES`", "Assets are not handled here; upload to the draft."),
        "generate_release_notes": PeerInput("mode: generate"),
        "previous_tag": PeerInput("previous-tag"),
        "append_body": PeerInput(NOTHING, "What a person wrote in a draft is kept."),
        "target_commitish": PeerInput(NOTHING, "The tag has to exist, and is never made here."),
        "token": PeerInput(SAME),
        "repository": PeerInput(NOTHING, "It is known from the run."),
    },
)
NCIPOLLO = Peer(
    "ncipollo/release-action",
    "release-action",
    NOTES,
    {
        "tag": PeerInput(SAME),
        "name": PeerInput(NOTHING, "A release is called by its tag."),
        "body": PeerInput("file", "The notes are a file of the workspace."),
        "bodyFile": PeerInput("file"),
        "artifacts": PeerInput("`gh release upload TAG FILES`", "Assets are not handled here; upload to the draft."),
        "commit": PeerInput(NOTHING, "The tag has to exist, and is never made here."),
        "draft": PeerInput(NOTHING, "A person publishes: a release is always a draft first."),
        "prerelease": PeerInput(NOTHING, "It follows from the tag."),
        "makeLatest": PeerInput(NOTHING, "It follows from version order, so a backport never takes the badge."),
        "allowUpdates": PeerInput(NOTHING, "A draft is updated; a published release never is."),
        "generateReleaseNotes": PeerInput("mode: generate"),
        "generateReleaseNotesPreviousTag": PeerInput("previous-tag"),
        "token": PeerInput(SAME),
    },
)

PEERS = (
    DATAAXIOM,
    SNOK,
    DELETE_PACKAGE_VERSIONS,
    VLAURIN,
    CHIZKIYAHU,
    CAMARGO,
    METADATA,
    BUILD_PUSH,
    SOFTPROPS,
    NCIPOLLO,
)
"""Every action that has a migration guide."""


def find_peer_input(action: str, name: str) -> tuple[Peer, PeerInput] | None:
    """Whose input a name is, of those that an action of ours replaces. The first one that knows it."""
    for peer in PEERS:
        known = peer.find(name) if action in peer.replaced_by else None
        if known:
            return peer, known
    return None
