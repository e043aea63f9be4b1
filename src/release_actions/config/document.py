"""What may be written in `release.yaml`: one dataclass per kind of mapping, as the user wrote it, before any default.

The loader, the JSON Schema and the reference page come from these declarations. Keys are an API: their meaning does not
change within a major version. A key is added together with what uses it, never before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from release_actions.config import grammar
from release_actions.config.branches import BranchesForm
from release_actions.config.building import BUILD_ARGS, PATH, PLATFORMS, RUNNERS, STAGE, TEXTS, BuildSpec
from release_actions.config.channel_tags import ChannelTagsForm
from release_actions.config.cleanup_settings import SELECTORS, CleanupSettings
from release_actions.config.drift import DriftForm
from release_actions.config.gate import GateForm
from release_actions.config.model import RetiredFloats
from release_actions.config.notes import NotesForm
from release_actions.config.performance import PerformanceForm
from release_actions.config.schedule import ScheduleForm
from release_actions.config.shapes import (
    Boolean,
    Choice,
    FormRecord,
    FormRecordOf,
    Integer,
    Key,
    KnownKeys,
    ListOf,
    MapOf,
    OneOrMore,
    OrFalse,
    Record,
    RecordOf,
    Text,
    key,
    make_glob,
)
from release_actions.config.shapes.scalars import PATH_GLOB
from release_actions.config.tracker import TrackerForm
from release_actions.versions import history
from release_actions.versions.grammar import GIT_TAG, POST_SPELLINGS, PREFIX, FinalImages, WithoutCandidate

NAME_TEMPLATE = Text("a template of package names", pattern=grammar.NAME_TEMPLATE, example="'{image}{suffix}'")
PATHS = ListOf(
    "a list of paths",
    Text(
        "a path or glob, relative to the repository",
        pattern=PATH_GLOB,
        example="docker/scripts/**",
    ),
    least=1,
)
FLOATING_TAGS = ListOf(
    "a list of tag templates",
    Text("a template of tags", pattern=grammar.TAG_TEMPLATE, example="'v{major}.{minor}'"),
    unique=True,
)
SECRET = Text("a secret's name", pattern=grammar.VARIABLE, example="QUAY_TOKEN")
BRANCH_TEMPLATE = Text(
    "a template of branch names", pattern=grammar.BRANCH_TEMPLATE, example="'release-{major}.{minor}'"
)

RULE_LEVELS = KnownKeys(
    "'rules'",
    "What each rule of `validate-tag` does when a tag breaks it: `error` refuses the tag, `warn` and `info` report it, "
    "`off` does not check.",
    tuple(
        Key(
            name=rule.name,
            shape=Choice(tuple(level.value for level in history.Level)),
            about=rule.about,
            required=False,
            default=rule.level.value,
        )
        for rule in history.RULES
    ),
)
"""A key for each rule about tags, made from the rules themselves."""


@dataclass(frozen=True, kw_only=True)
class VersionsSpec(Record):
    """Which git tags are releases."""

    prefix: str = key(
        Text("a prefix of release tags", pattern=PREFIX.pattern, example="v", empty=True),
        "What release tags begin with: `v`, a component's name such as `router-v`, or `''` for none. A path may stand "
        "before it: images of `cli/v1.2.3` are tagged `v1.2.3`.",
        default="v",
    )
    first_candidate: int | None = key(
        Integer(0, 1),
        "Number of the first candidate of a release, `0` or `1`. If this is left out, both are accepted.",
        default=None,
    )
    post_spelling: str = key(
        Choice(tuple(POST_SPELLINGS)),
        "How post releases are written: `post` is `v1.2.3.post1`, `patch` is `v1.2.3.patch1`, `four-numbers` is "
        "`v1.2.3.1`.",
        default="post",
    )
    final: str = key(
        Choice(tuple(each.value for each in FinalImages)),
        "Where the images of a final come from: `rebuild` builds them from its commit, `promote` publishes those of "
        "the last candidate of that commit.",
        default=FinalImages.REBUILD.value,
    )
    without_candidate: str = key(
        Choice(tuple(each.value for each in WithoutCandidate)),
        "With `final: promote`, what happens to a final whose commit no candidate is on: `refuse` releases nothing, "
        "`rebuild` builds it.",
        default=WithoutCandidate.REFUSE.value,
    )
    skip: Mapping[str, str] = key(
        MapOf(
            "a mapping of release tags to reasons",
            key=Text("a release tag", pattern=grammar.TAG, example="v0.4.0"),
            value=Text("a reason", example="'broken on arm64'"),
        ),
        "Releases that no floating tag may name, each with the reason.",
        default=TEXTS,
    )
    release_branch: tuple[str, ...] = key(
        OneOrMore(
            BRANCH_TEMPLATE, ListOf("a list of templates of branch names", BRANCH_TEMPLATE, least=1, unique=True)
        ),
        "Branch that the commits of candidates, finals and post releases are on: `release-{major}.{minor}`, "
        "`releases/v{major}.{minor}.{patch}`, or `main` where releases are made from the trunk. Of a list, the first "
        "branch that exists counts. `{newest}` in place of `{patch}` is the newest branch of the line. If this is left "
        "out, no branch is required.",
        default=(),
    )
    prerelease_branch: str | None = key(
        BRANCH_TEMPLATE,
        "The same for dev versions and other pre-releases, for example `main`.",
        default=None,
    )
    rules: Mapping[str, str] = key(
        RULE_LEVELS,
        "Levels of the rules that a tag is judged by, where they are not to be the default.",
        default=RULE_LEVELS.defaults,
    )


@dataclass(frozen=True, kw_only=True)
class DestinationSpec(Record):
    """A further place that a channel's images are copied to."""

    registry: str | None = key(
        Text("a registry's host", pattern=grammar.HOST, example="docker.io"),
        "Host of its registry, in place of the channel's.",
        default=None,
    )
    namespace: str | None = key(
        Text("a namespace", pattern=grammar.NAME, example="llm-d"),
        "What stands between that registry and the package's name, in place of the channel's.",
        default=None,
    )
    name: str | None = key(
        NAME_TEMPLATE, "Name of each package below the namespace, in place of the channel's template.", default=None
    )


DESTINATION = Text("a destination's key", pattern=grammar.COMPONENT, example="hub")


@dataclass(frozen=True, kw_only=True)
class ChannelSpec(Record):
    """Where the packages of a kind of build live."""

    name: str = key(
        NAME_TEMPLATE,
        "Name of each package below the namespace. `{image}` is the image's key, `{suffix}` the variant's suffix.",
    )
    registry: str | None = key(
        Text("a registry's host", pattern=grammar.HOST, example="quay.io"),
        "Host of the channel's registry, in place of the file's.",
        default=None,
    )
    namespace: str | None = key(
        Text("a namespace", pattern=grammar.NAME, example="llm-d"),
        "What stands between that registry and the package's name, in place of the file's.",
        default=None,
    )
    destinations: Mapping[str, DestinationSpec] = key(
        MapOf("a mapping of destinations", key=DESTINATION, value=RecordOf("a destination", DestinationSpec)),
        "Further places that each image is copied to, digest by digest, before it has its tag in any of them.",
        default={},
    )


@dataclass(frozen=True, kw_only=True)
class TaggedChannelSpec(ChannelSpec):
    """Where the packages of builds that are no release live, and what each build is found by there."""

    tags: ChannelTagsForm | None = key(
        RecordOf("'tags'", ChannelTagsForm),
        "Tags of the builds, in place of `sha-{short-sha}`, `pr-{number}`, `nightly-{date}`, the branch, and `latest` "
        "of the default branch. A channel that has them may share its packages with releases.",
        default=None,
    )


RELEASE = ChannelSpec(name="{image}{suffix}")
"""The release channel of a file that does not describe it."""


@dataclass(frozen=True, kw_only=True)
class ChannelsSpec(Record):
    """The kinds of builds that are published."""

    release: ChannelSpec = key(
        RecordOf("a channel", ChannelSpec),
        "Packages that release tags are published to. Named `{image}{suffix}` if this is left out.",
        default=RELEASE,
    )
    dev: TaggedChannelSpec | None = key(
        RecordOf("a channel", TaggedChannelSpec),
        "Packages for every other build. If this is left out, only releases are published.",
        default=None,
    )
    pull_request: TaggedChannelSpec | None = key(
        RecordOf("a channel", TaggedChannelSpec),
        "Packages for builds of pull requests, for example in a registry of their own. `dev` if this is left out.",
        default=None,
    )


@dataclass(frozen=True, kw_only=True)
class ImageDestinationSpec(Record):
    """What is special about an image in a destination."""

    name: str = key(NAME_TEMPLATE, "The package's name there, in place of the destination's template.")


@dataclass(frozen=True, kw_only=True)
class ImageChannelSpec(Record):
    """What is special about an image in one channel."""

    name: str | None = key(NAME_TEMPLATE, "The package's name, in place of the channel's template.", default=None)
    platforms: tuple[str, ...] | None = key(PLATFORMS, "Platforms, in place of the image's.", default=None)
    runners: Mapping[str, str] = key(RUNNERS, "Runner labels, before the image's.", default=TEXTS)
    required: bool | None = key(
        Boolean(), "Whether a run of the channel fails without it, in place of the image's.", default=None
    )
    destinations: Mapping[str, ImageDestinationSpec | bool] = key(
        MapOf(
            "a mapping of destinations",
            key=DESTINATION,
            value=OrFalse(RecordOf("an image in a destination", ImageDestinationSpec)),
        ),
        "What is special about it in a destination of the channel, or `false` if it is not copied there.",
        default={},
    )


@dataclass(frozen=True, kw_only=True)
class ImageChannelsSpec(Record):
    """An image's channels."""

    release: ImageChannelSpec | bool | None = key(
        OrFalse(RecordOf("an image in a channel", ImageChannelSpec)),
        "What is special about its release packages, or `false` if it is not released.",
        default=None,
    )
    dev: ImageChannelSpec | bool | None = key(
        OrFalse(RecordOf("an image in a channel", ImageChannelSpec)),
        "What is special about its dev packages, or `false` if it has none.",
        default=None,
    )
    pull_request: ImageChannelSpec | bool | None = key(
        OrFalse(RecordOf("an image in a channel", ImageChannelSpec)),
        "What is special about it in pull requests, or `false` if they do not build it. What is left out is as in "
        "`dev`, except for the name.",
        default=None,
    )

    def of(self, channel: str) -> ImageChannelSpec | bool | None:
        """What was written about a channel, by its name in the file; None if nothing was."""
        return {"release": self.release, "dev": self.dev, "pull-request": self.pull_request}[channel]


@dataclass(frozen=True, kw_only=True)
class VariantSpec(Record):
    """One of several builds of an image, for example on another base."""

    suffix: str | None = key(
        Text("a suffix of package names", pattern="[a-z0-9._-]*", example="-ubuntu", empty=True),
        "The value of `{suffix}`; if this is left out, `-` and the variant's key, or nothing for a variant with `tag`.",
        default=None,
    )
    tag: str | None = key(
        Text("a template of tags", pattern=grammar.TAG_TEMPLATE, example="'{tag}-alpine'"),
        "What each of the variant's tags looks like around the tag that it would have: with `'{tag}-alpine'`, one "
        "package has `v1.2.3` and `v1.2.3-alpine`. If this is left out, the variant's tags are the image's.",
        default=None,
    )
    floating_tags: tuple[str, ...] | None = key(
        FLOATING_TAGS,
        "Tags that name the variant's newest stable release, as they are written here, such as `alpine`. The file's "
        "`floating-tags` in the form of `tag` if this is left out.",
        default=None,
    )
    platforms: tuple[str, ...] | None = key(
        PLATFORMS, "Platforms, in place of the image's, in every channel.", default=None
    )
    build_args: Mapping[str, str] = key(BUILD_ARGS, "Build arguments, on top of the image's.", default=TEXTS)
    dockerfile: str | None = key(PATH, "Dockerfile, in place of the image's.", default=None)
    target: str | None = key(STAGE, "Stage to build, in place of the image's.", default=None)


@dataclass(frozen=True, kw_only=True)
class CredentialsSpec(Record):
    """Names of the secrets that log in to a registry. Never the secrets themselves."""

    username: str = key(SECRET, "Name of the secret that holds the user name.")
    password: str = key(SECRET, "Name of the secret that holds the password or token.")


@dataclass(frozen=True, kw_only=True)
class ImageSpec(BuildSpec):
    """An image: what is built and where it is published."""

    variants: Mapping[str, VariantSpec] = key(
        MapOf(
            "a mapping of variants",
            key=Text("a variant's key", pattern=grammar.COMPONENT, example="ubuntu"),
            value=RecordOf("a variant", VariantSpec),
            least=1,
        ),
        "Builds of the same image that differ, each in a package of its own, or under tags of its own in one package.",
        default={},
    )
    channels: ImageChannelsSpec = key(
        RecordOf("an image's channels", ImageChannelsSpec),
        "What is special about it in a channel. It is published in every channel if this is left out.",
        default=ImageChannelsSpec(),
    )
    built_by: str | None = key(
        Text("a tool's name", pattern="[A-Za-z0-9][A-Za-z0-9 ._/-]*", example="goreleaser"),
        "What builds and pushes it in place of release-actions, such as `goreleaser`, `ko` or `bake`. It is planned, "
        "verified, cleaned up and in the notes, and its floating tags are moved, and nothing of it is built or signed.",
        default=None,
    )
    paths: tuple[str, ...] = key(
        PATHS,
        "Files that it is made from: a change to one of them builds it. `*` is any text without `/`, `**` any text, "
        "and a pattern after `!` takes away what it matches. Its Dockerfile, its patch, and the version file if it "
        "uses that, always count. Without `paths` and `path-groups`, every change builds it.",
        default=(),
    )
    path_groups: tuple[str, ...] = key(
        ListOf("a list of path groups", Text("a path group", pattern=grammar.COMPONENT, example="cuda"), least=1),
        "Groups of `path-groups` that count too, before `paths`.",
        default=(),
    )


@dataclass(frozen=True, kw_only=True)
class RetiredSpec(Record):
    """A package that releases no longer publish, and that old ones left."""

    since: str = key(
        Text("a release tag", pattern=grammar.TAG, example="v0.5.0"), "The first release without the package."
    )
    reason: str = key(Text("a reason", example="'replaced by llm-d-cuda'"), "Why it is not published any more.")
    floating_tags: str = key(
        Choice(tuple(each.value for each in RetiredFloats)),
        "What protect-latest does with its floating tags: `frozen` does not read them, `moved` keeps them on the "
        "newest release before `since`, `removed` reports those that still exist.",
        default=RetiredFloats.FROZEN.value,
    )


RETIRED = MapOf(
    "a mapping of retired packages",
    key=Text("a package name without the namespace", pattern=grammar.NAME, example="llm-d-aws"),
    value=RecordOf("a retired package", RetiredSpec),
)


@dataclass(frozen=True, kw_only=True)
class CleanupScope(Record):
    """The packages that a clean-up rule is about."""

    channel: str | None = key(
        Choice(("release", "dev")), "The rule is about every package of this channel.", default=None
    )
    packages: tuple[str, ...] | None = key(
        ListOf("a list of package names or globs", make_glob("package names"), least=1),
        "The rule is about these packages, named without the namespace. A glob selects among the packages of this "
        "file; a plain name may also be one that the file no longer publishes.",
        default=None,
    )


@dataclass(frozen=True, kw_only=True)
class Cleanup(CleanupSettings, CleanupScope):
    """A rule about what is deleted."""


@dataclass(frozen=True, kw_only=True)
class ComponentSpec(Record):
    """A product with release tags of its own."""

    versions: VersionsSpec = key(
        RecordOf("'versions'", VersionsSpec),
        "Which git tags are its releases. Each key that is left out is as in the file's `versions`, but for `prefix`.",
    )
    images: tuple[str, ...] = key(
        ListOf(
            "a list of images",
            Text("an image's key", pattern=grammar.COMPONENT, example="router"),
            least=1,
            unique=True,
        ),
        "Keys of its images. Every image of the file is in exactly one component.",
    )
    image_tag: str | None = key(
        Text("a template of tags", pattern=grammar.TAG_TEMPLATE, example="'{version}'"),
        "Exact tag of its images, in place of the file's.",
        default=None,
    )
    floating_tags: tuple[str, ...] | None = key(
        FLOATING_TAGS, "Its floating tags, in place of the file's.", default=None
    )
    notes: NotesForm | None = key(
        RecordOf("'notes'", NotesForm),
        "How its release notes look, and which changes they list. What is left out is as in the file's `notes`.",
        default=None,
    )
    retired: Mapping[str, RetiredSpec] = key(RETIRED, "Its packages that are not published any more.", default={})


@dataclass(frozen=True, kw_only=True)
class Document(FormRecord):
    """What a project publishes."""

    repository: str = key(
        Text("a repository", pattern=grammar.REPOSITORY, example="llm-d/llm-d"),
        "The repository on GitHub that releases: `owner/name`.",
    )
    registry: str = key(
        Text("a registry's host", pattern=grammar.HOST, example="ghcr.io"),
        "Host of the registry.",
        default="ghcr.io",
    )
    namespace: str | None = key(
        Text("a namespace", pattern=grammar.NAME, example="llm-d"),
        "What stands between registry and package name; the repository's owner if left out.",
        default=None,
    )
    versions: VersionsSpec = key(
        RecordOf("'versions'", VersionsSpec), "Which git tags are releases.", default=VersionsSpec()
    )
    floating_tags: tuple[str, ...] | None = key(
        FLOATING_TAGS,
        "Tags that name the newest stable release: of all, or of each `{major}`, or of each `{major}` and `{minor}`. "
        "`latest`, and `{major}` and `{major}.{minor}` in place of the version in the exact tag, if left out; `[]` for "
        "none.",
        default=None,
    )
    image_tag: str = key(
        Text("a template of tags", pattern=grammar.TAG_TEMPLATE, example="'{version}'"),
        "Exact tag of a release's images: `{tag}` is the git tag, and `{version}` the same without the prefix, so that "
        "`'{version}'` publishes `v1.2.3` as `1.2.3`.",
        default=GIT_TAG,
    )
    version_file: str | None = key(
        PATH,
        "File of `KEY=value` lines, relative to this file's folder, whose values build arguments and labels name as "
        "`{file.KEY}`. It is read as data and never run.",
        default=None,
    )
    channels: ChannelsSpec = key(
        RecordOf("'channels'", ChannelsSpec), "Where packages live, by kind of build.", default=ChannelsSpec()
    )
    credentials: Mapping[str, CredentialsSpec] = key(
        MapOf(
            "a mapping of registries to credentials",
            key=Text("a registry's host", pattern=grammar.HOST, example="quay.io"),
            value=RecordOf("credentials", CredentialsSpec),
        ),
        "Which secrets log in to a registry. One that is not named takes the job's own token.",
        default={},
    )
    path_groups: Mapping[str, tuple[str, ...]] = key(
        MapOf(
            "a mapping of path groups",
            key=Text("a path group", pattern=grammar.COMPONENT, example="cuda"),
            value=PATHS,
        ),
        "Paths that several images are made from, by name.",
        default={},
    )
    defaults: BuildSpec = key(
        RecordOf("'defaults'", BuildSpec),
        "What holds for every image that says nothing else. An image's mappings are added to these key by key; "
        "everything else that an image says replaces them.",
        default=BuildSpec(),
    )
    images: Mapping[str, ImageSpec] = key(
        MapOf(
            "a mapping of images",
            key=Text("an image's key", pattern=grammar.COMPONENT, example="cuda"),
            value=RecordOf("an image", ImageSpec),
            least=1,
        ),
        "The images, by the key that names each in lists and logs.",
    )
    components: Mapping[str, ComponentSpec] = key(
        MapOf(
            "a mapping of components",
            key=Text("a component's key", pattern=grammar.COMPONENT, example="router"),
            value=RecordOf("a component", ComponentSpec),
        ),
        "Products of this repository whose releases have tags of their own, such as `router-v1.2.0` and `cli/v0.33.1`. "
        "Without it, the file is about one product.",
        default={},
    )
    retired: Mapping[str, RetiredSpec] = key(
        RETIRED,
        "Packages that were published and are not any more. `rc-teardown` takes candidates back there too, and a rule "
        "of `cleanup` covers them by a glob or by the channel `release`.",
        default={},
    )
    cleanup: Mapping[str, Cleanup] = key(
        MapOf(
            "a mapping of clean-up rules",
            key=Text("a rule's name", pattern="[a-z0-9]+(?:-[a-z0-9]+)*", example="dev-images"),
            value=RecordOf(
                "a clean-up rule",
                Cleanup,
                one_of=("channel", "packages"),
                any_of=SELECTORS,
            ),
        ),
        "What is deleted, as named rules.",
        default={},
    )
    notes: NotesForm = key(
        RecordOf("'notes'", NotesForm), "How release notes sort what was merged.", default=NotesForm()
    )
    performance: PerformanceForm = key(
        RecordOf("'performance'", PerformanceForm),
        "What `perf-gate` holds a candidate's benchmark results to.",
        default=PerformanceForm(),
    )
    branches: BranchesForm = key(
        RecordOf("'branches'", BranchesForm), "What may enter a release branch.", default=BranchesForm()
    )
    drift: DriftForm = key(
        RecordOf("'drift'", DriftForm), "What `version-audit` reads and reports.", default=DriftForm()
    )
    schedule: ScheduleForm = key(
        RecordOf("'schedule'", ScheduleForm), "When releases are planned.", default=ScheduleForm()
    )
    tracker: TrackerForm = key(
        RecordOf("'tracker'", TrackerForm),
        "What a release asks of its features, for `release-tracker`.",
        default=TrackerForm(),
    )
    gate: GateForm = key(
        RecordOf("'gate'", GateForm), "What must be known and approved before a release.", default=GateForm()
    )


SHAPE = FormRecordOf("the file", Document)
"""The shape of `release.yaml`."""
