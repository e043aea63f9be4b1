"""How an image is built and scanned, as `release.yaml` says it for one image or, in `defaults`, for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from release_actions.config import grammar
from release_actions.config.shapes import (
    Boolean,
    Choice,
    ListOf,
    MapOf,
    OrFalse,
    Record,
    RecordOf,
    Text,
    key,
    make_duration,
)

HALF_AN_HOUR = timedelta(minutes=30)
TEXTS: Mapping[str, str] = {}
"""The default of a mapping of texts."""

PLATFORMS = ListOf(
    "a list of platforms",
    Text("a platform", pattern=grammar.PLATFORM, example="linux/amd64"),
    least=1,
    unique=True,
)
LABEL = r"[!-+\--~]+(?: [!-+\--~]+)*"
"""A label of a runner: words of ASCII without commas."""

RUNNERS = MapOf(
    "a mapping of platforms to runner labels",
    key=Text("a platform", pattern=grammar.PLATFORM, example="linux/amd64"),
    value=Text("a runner label", pattern=rf"{LABEL}(?:, ?{LABEL})*", example="ubuntu-24.04"),
)
BUILD_ARGS = MapOf(
    "a mapping of build arguments",
    key=Text("a build argument's name", pattern="[A-Za-z_][A-Za-z0-9_]*", example="CUDA_MAJOR"),
    value=Text(empty=True),
)
LABELS = MapOf(
    "a mapping of labels",
    key=Text("a label", pattern="[A-Za-z0-9]+(?:[._/-]+[A-Za-z0-9]+)*", example="org.opencontainers.image.title"),
    value=Text(empty=True),
)
ANNOTATIONS = MapOf(
    "a mapping of annotations",
    key=Text("an annotation", pattern="[A-Za-z0-9]+(?:[._/-]+[A-Za-z0-9]+)*", example="com.example.team"),
    value=Text(empty=True),
)
STAGE = Text("a stage of a Dockerfile", pattern="[A-Za-z0-9][A-Za-z0-9_.-]*", example="runtime")
PATH = Text("a path inside the repository", pattern=grammar.PATH, example="docker/Dockerfile.cuda")
FOLDER = Text("a folder inside the repository", pattern=grammar.FOLDER, example=".cache/source")
SECRETS = MapOf(
    "a mapping of secrets",
    key=Text("a secret's id", pattern="[A-Za-z0-9_][A-Za-z0-9_.-]*", example="aws_access_key_id"),
    value=Text("a secret's name", pattern=grammar.VARIABLE, example="AWS_ACCESS_KEY_ID"),
)
OFF, WARN, GATE = "off", "warn", "gate"
SEVERITY = Choice((OFF, WARN, GATE))
OPTIONS = ListOf("a list of options", Text("an option", example="type=gha"), least=1)


@dataclass(frozen=True, kw_only=True)
class PrebuildSpec(Record):
    """A stage that is built first, in the same builder and with the same build arguments, and is not pushed."""

    target: str = key(STAGE, "Stage to build.")
    secrets: Mapping[str, str] = key(
        SECRETS, "Build secrets that only this stage gets: id to the name of the secret.", default=TEXTS
    )


@dataclass(frozen=True, kw_only=True)
class SourceSpec(Record):
    """Sources of another repository that are checked out before the build.

    The placeholders of `build-args` work, but for those of the platform and of the source itself.
    """

    repository: str = key(
        Text("a repository", example="sgl-project/sglang"), "The repository: `owner/name`, or its `https://` address."
    )
    ref: str = key(
        Text("a ref", example="'{file.SGLANG_REF}'"),
        "Commit, tag or branch. What a tag or branch names is looked up once a run, for every platform.",
    )
    path: str = key(FOLDER, "Folder to check it out to, relative to the repository.")
    patch: str | None = key(PATH, "Patch to apply to it, relative to the repository.", default=None)


@dataclass(frozen=True, kw_only=True)
class ScanSpec(Record):
    """What a known vulnerability in a published image means, by its severity, before a floating tag moves.

    `gate` fails the image, `warn` reports it, `off` does not check.
    """

    critical: str = key(SEVERITY, "What a critical vulnerability means.", default=WARN)
    high: str = key(SEVERITY, "What a high vulnerability means.", default=WARN)
    medium: str = key(SEVERITY, "What a medium vulnerability means.", default=WARN)
    low: str = key(SEVERITY, "What a low vulnerability means.", default=OFF)
    unknown: str = key(SEVERITY, "What a vulnerability of unknown severity means.", default=OFF)
    ignore_unfixed: bool = key(Boolean(), "Whether vulnerabilities without a fix are ignored.", default=False)
    skip_dirs: tuple[str, ...] = key(
        ListOf(
            "a list of folders",
            Text("a folder of the image", pattern="[A-Za-z0-9_.*?/@+-]+", example="/root/.cache/uv"),
            least=1,
        ),
        "Folders of the image that are not scanned, as paths or globs.",
        default=(),
    )
    timeout: timedelta = key(
        make_duration(), "How long the scan may take; half an hour if left out.", default=HALF_AN_HOUR
    )


@dataclass(frozen=True, kw_only=True)
class BuildSpec(Record):
    """How an image is built. The keys of `defaults`, and of each image."""

    platforms: tuple[str, ...] | None = key(
        PLATFORMS,
        "Platforms to build, all of them or nothing. `windows(10.0.20348)/amd64` names a version of the system, where "
        "an image is built for several.",
        default=None,
    )
    runners: Mapping[str, str] = key(
        RUNNERS,
        "Platform to the label of the runner that builds it, or to several labels with commas: the runner has all of "
        "them. GitHub's own runners build `linux/amd64` and `linux/arm64` if nothing else is said. No workflow sets up "
        "an emulator: name a runner that builds the platform.",
        default=TEXTS,
    )
    context: str | None = key(PATH, "Build context, relative to the repository; `.` if left out.", default=None)
    dockerfile: str | None = key(
        PATH,
        "Dockerfile, relative to the repository, inside the context or not; the context's `Dockerfile` if left out.",
        default=None,
    )
    target: str | None = key(STAGE, "Stage to build; the last one if left out.", default=None)
    build_args: Mapping[str, str] = key(
        BUILD_ARGS,
        "Build arguments, the same in every channel. `{file.KEY}` is a value of the version file; the other "
        "placeholders are `{image}`, `{variant}`, `{platform}`, `{os}`, `{arch}`, `{tag}`, `{sha}`, `{short-sha}`, "
        "`{run-id}` and `{ref-name}`, and of its `source` `{source-repository}`, `{source-ref}` and `{source-commit}`; "
        "`{{name}}` is the text `{name}`.",
        default=TEXTS,
    )
    labels: Mapping[str, str] = key(
        LABELS,
        "Labels of the image, and annotations of its manifests, with the same placeholders. Title, description, url, "
        "source, version, revision, created and licenses are filled in where they are not given.",
        default=TEXTS,
    )
    annotations: Mapping[str, str] = key(
        ANNOTATIONS,
        "Annotations of the image's manifests that are no labels, with the same placeholders. What all platforms have "
        "annotates the index too.",
        default=TEXTS,
    )
    required: bool | None = key(
        Boolean(),
        "Whether a release is incomplete without it; `true` if left out.",
        default=None,
    )
    secrets: Mapping[str, str] | bool = key(
        OrFalse(SECRETS),
        "Build secrets: id to the name of the secret; `false` for none where `defaults` has some.",
        default=TEXTS,
    )
    prebuild: PrebuildSpec | bool | None = key(
        OrFalse(RecordOf("a pre-build", PrebuildSpec)),
        "A stage to build first; `false` for none where `defaults` has one.",
        default=None,
    )
    source: SourceSpec | None = key(
        RecordOf("a source", SourceSpec), "Another repository to check out before the build.", default=None
    )
    command: str | None = key(
        Text("a command", example="make image-build"),
        "Shell command that builds, tags and pushes the image in place of docker buildx.",
        default=None,
    )
    cache_from: tuple[str, ...] | None = key(
        OPTIONS,
        "Caches to read, as docker buildx takes them. The placeholders of `build-args` work, and `{package}` is what "
        "a client pulls.",
        default=None,
    )
    cache_to: tuple[str, ...] | None = key(OPTIONS, "Caches to write, with the same placeholders.", default=None)
    no_cache: bool | None = key(Boolean(), "Whether layers are always built again; `false` if left out.", default=None)
    provenance: str | None = key(
        Choice(("none", "min", "max")),
        "How much provenance is attested and attached to each platform; `none` if left out.",
        default=None,
    )
    driver_opts: tuple[str, ...] | None = key(OPTIONS, "Options of the builder's driver.", default=None)
    buildkitd_flags: str | None = key(
        Text("flags", example="'--debug'"), "Flags of the BuildKit daemon of the builder.", default=None
    )
    scan: ScanSpec | bool | None = key(
        OrFalse(RecordOf("a scan", ScanSpec)),
        "How the published image is scanned for known vulnerabilities, or `false` if it is not. Those from medium to "
        "critical are reported if this is left out.",
        default=None,
    )
