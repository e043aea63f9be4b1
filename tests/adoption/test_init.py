"""init: what a repository publishes today is planned under the same references, and what is not has a reason."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from release_actions import main
from release_actions.config import load_config
from release_actions.errors import ExitCode

BUILD = """\
      - uses: docker/build-push-action@v6
        with:
          push: ${{ github.event_name != 'pull_request' }}
          platforms: linux/amd64,linux/arm64
          tags: ${{ steps.meta.outputs.tags }}
"""
LADDER = f"""\
on:
  push: {{branches: [main], tags: ["v*"]}}
  pull_request:
env: {{IMAGE: "ghcr.io/${{{{ github.repository }}}}"}}
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ${{{{ env.IMAGE }}}}
          tags: |
            type=semver,pattern={{{{version}}}}
            type=semver,pattern={{{{major}}}}.{{{{minor}}}}
            type=ref,event=branch
{BUILD}"""
NATIVE = """\
on: {push: {tags: ["v*"]}, schedule: [{cron: "0 3 * * *"}]}
jobs:
  build:
    strategy:
      matrix:
        include:
          - {platform: linux/amd64, runner: ubuntu-24.04}
          - {platform: linux/arm64, runner: ubuntu-24.04-arm}
    runs-on: ${{ matrix.runner }}
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: ${{ matrix.platform }}
          outputs: type=image,name=ghcr.io/acme/web,push-by-digest=true,push=true
  merge:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: docker/metadata-action@v5
        with:
          images: ghcr.io/acme/web
          flavor: latest=false
          tags: |
            type=ref,event=tag
            type=raw,value=nightly,enable=${{ github.event_name == 'schedule' }}
      - run: docker buildx imagetools create $(jq -cr '.tags' <<< "$DOCKER_METADATA_OUTPUT_JSON") $(ls)
"""
FLAVOURS = """\
on: {push: {tags: ["v*"]}}
jobs:
  image:
    strategy: {matrix: {base: [debian, alpine]}}
    runs-on: ubuntu-latest
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ghcr.io/acme/web
          flavor: suffix=-${{ matrix.base }},onlatest=true
          tags: |
            type=semver,pattern={{version}}
            type=semver,pattern={{version}},suffix=,enable=${{ matrix.base == 'debian' }}
      - uses: docker/build-push-action@v6
        with: {push: true, file: "docker/${{ matrix.base }}", tags: "${{ steps.meta.outputs.tags }}"}
"""

Init = Callable[..., dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (tmp_path / "docker").mkdir()
    for base in ("debian", "alpine"):
        (tmp_path / "docker" / base).write_text("FROM scratch\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def init(folder: Path, capsys: pytest.CaptureFixture[str]) -> Init:
    """Run the command on a workflow, and give its outputs."""

    def run(workflow: str, *flags: str, exits: int = ExitCode.PASS) -> dict[str, Any]:
        write_workflow(folder, workflow)
        argv = ["init", "--repository", "acme/web", "--json", *(flags or ("--yes",))]
        code = main.main(argv, {"GITHUB_WORKSPACE": str(folder)})
        document: dict[str, Any] = json.loads(capsys.readouterr().out)

        assert code == exits, document
        return document

    return run


def write_workflow(folder: Path, text: str, name: str = "docker.yml") -> None:
    file = folder / ".github" / "workflows" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def list_files(folder: Path) -> set[str]:
    files = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return {name for name in files if not name.startswith((".git/", "docker/"))}


def test_a_ladder_is_moved_and_its_workflows_call_ours(init: Init, folder: Path) -> None:
    outputs = init(LADDER)

    assert (outputs["events"], outputs["complete"]) == (4, 4)
    assert (folder / "release.yaml").read_text(encoding="utf-8").splitlines()[1:] == [
        "repository: acme/web",
        'floating-tags: ["{major}.{minor}", latest]',
        'image-tag: "{version}"',
        "",
        "channels:",
        '  release: {name: "{image}"}',
        "  dev:",
        '    name: "{image}"',
        '    tags: {branch: ["{branch}"]}',
        "",
        "images:",
        "  web: {platforms: [linux/amd64, linux/arm64]}",
    ]
    assert outputs["files"] == [
        "release.yaml",
        ".github/workflows/release-images.yml",
        ".github/workflows/build-images.yml",
        "MIGRATION.md",
    ]


@pytest.mark.parametrize("workflow", [LADDER, NATIVE, FLAVOURS], ids=["ladder", "native", "flavours"])
def test_what_init_writes_passes_validate(init: Init, folder: Path, workflow: str) -> None:
    init(workflow, "--yes", "--callers", "release,build,protect-latest,notes")

    assert main.main(["validate", "--strict"], {"GITHUB_WORKSPACE": str(folder)}) == ExitCode.PASS


def test_a_wrong_float_is_named_and_not_published(init: Init, folder: Path) -> None:
    rules = "type=ref,event=branch\n            type=raw,value=latest,enable={{is_default_branch}}"
    init(LADDER.replace("type=ref,event=branch", rules))

    page = (folder / "MIGRATION.md").read_text(encoding="utf-8")
    assert "| `latest` | ghcr.io/acme/web | yes | no | wrong float: no release |" in page
    assert "| `latest` | ghcr.io/acme/web | yes | no | wrong float: backport |" in page
    assert "A backport takes the floating tags of its own line" in page


def test_digests_of_native_runners_are_one_image(init: Init, folder: Path) -> None:
    outputs = init(NATIVE)

    (package,) = load_config(folder / "release.yaml").packages("release")
    assert package.platforms == ("linux/amd64", "linux/arm64")
    assert outputs["complete"] == outputs["events"] == 4
    assert 'cron: "0 3 * * *"' in (folder / ".github/workflows/build-images.yml").read_text(encoding="utf-8")


def test_flavours_share_a_package_with_a_dockerfile_each(init: Init, folder: Path) -> None:
    outputs = init(FLAVOURS)

    packages = load_config(folder / "release.yaml").packages("release")
    assert {(each.tag_form, each.dockerfile, each.floating_tags) for each in packages} == {
        ("{tag}", "docker/debian", ()),
        ("{tag}-alpine", "docker/alpine", ("latest-alpine",)),
        ("{tag}-debian", "docker/debian", ("latest-debian",)),
    }
    assert outputs["complete"] == outputs["events"] == 3


def test_every_registry_is_a_destination_with_its_own_path_and_secrets(init: Init, folder: Path) -> None:
    login = (
        "      - uses: docker/login-action@v3\n"
        "        with: {username: '${{ secrets.HUB_USER }}', password: '${{ secrets.HUB_TOKEN }}'}\n"
    )
    text = LADDER.replace("images: ${{ env.IMAGE }}", "images: |\n            ${{ env.IMAGE }}\n            webs/site")

    outputs = init(text.replace("    steps:\n", f"    steps:\n{login}"))

    assert outputs["complete"] == outputs["events"] == 4
    packages = load_config(folder / "release.yaml").packages("release")
    assert [package.reference for package in packages] == ["ghcr.io/acme/web", "docker.io/webs/site"]
    assert packages[1].credentials.username == "HUB_USER"
    caller = (folder / ".github/workflows/release-images.yml").read_text(encoding="utf-8")
    assert "HUB_TOKEN=${{ secrets.HUB_TOKEN }}" in caller


def test_an_image_that_is_never_released_leaves_floating_tags_to_those_that_are(init: Init, folder: Path) -> None:
    tool = LADDER.partition("on:")[2].replace("${{ env.IMAGE }}", "ghcr.io/acme/tool")
    rules = tool.partition("          tags: |\n")
    branch_only = f"on: {{push: {{branches: [main]}}}}\nenv:{rules[0].partition('env:')[2]}"
    write_workflow(folder, f"{branch_only}          tags: type=edge\n{BUILD}", "tool.yml")

    init(LADDER)

    config = load_config(folder / "release.yaml")
    assert config.floating_tags == ("{major}.{minor}", "latest")
    assert [package.image for package in config.packages("release")] == ["web"]


def test_a_second_spelling_of_a_release_has_a_name(init: Init, folder: Path) -> None:
    init(LADDER.replace("type=ref,event=branch", "type=ref,event=tag"))

    page = (folder / "MIGRATION.md").read_text(encoding="utf-8")
    assert "| `v7.8.9` | ghcr.io/acme/web | yes | no | second spelling |" in page


def test_a_local_workflow_is_followed_with_its_inputs(init: Init, folder: Path) -> None:
    called = LADDER.partition("env:")[2].replace("github.event_name != 'pull_request'", "inputs.publish")
    head = "on: {workflow_call: {inputs: {publish: {type: boolean, default: false}}}}\nenv:"
    write_workflow(folder, head + called, "image.yml")

    outputs = init(
        "on: {push: {tags: ['v*']}, pull_request: {}}\njobs:\n  image:\n    uses: ./.github/workflows/image.yml\n"
        "    with: {publish: \"${{ github.ref_type == 'tag' }}\"}\n"
    )

    assert (outputs["events"], outputs["complete"]) == (3, 3)


def test_what_a_script_writes_to_its_outputs_is_read(init: Init, folder: Path) -> None:
    script = '      - id: name\n        run: echo "image=ghcr.io/${GITHUB_REPOSITORY,,}" >> "$GITHUB_OUTPUT"\n'
    text = LADDER.replace("    steps:\n", f"    steps:\n{script}").replace("env.IMAGE", "steps.name.outputs.image")

    assert init(text)["complete"] == 4


def test_a_name_that_only_a_run_knows_is_asked_for(init: Init) -> None:
    text = LADDER.replace("${{ env.IMAGE }}", "ghcr.io/${{ vars.IMAGE }}")

    refused = init(text, exits=ExitCode.REFUSED)

    assert "depends on vars.IMAGE" in refused["why-not"]
    assert init(text, "--yes", "--values", "vars.IMAGE=acme/web")["complete"] == 4


@pytest.mark.parametrize("step", ["uses: goreleaser/goreleaser-action@v6", "run: ko build ./cmd/web"])
def test_what_another_tool_builds_is_not_moved(init: Init, folder: Path, step: str) -> None:
    workflow = f"on: {{push: {{tags: ['v*']}}}}\njobs:\n  image:\n    runs-on: x\n    steps:\n      - {step}\n"

    outputs = init(workflow, exits=ExitCode.REFUSED)

    assert outputs["moved"] is False
    assert "not moved" in outputs["why-not"]
    assert list_files(folder) == {"Dockerfile", ".github/workflows/docker.yml"}


def test_an_emulated_platform_needs_a_runner(init: Init, folder: Path) -> None:
    init(LADDER.replace("linux/arm64", "linux/arm64,linux/arm/v7"))

    assert "runners: {linux/arm/v7: name-a-runner}" in (folder / "release.yaml").read_text(encoding="utf-8")
    assert "Replace `name-a-runner`" in (folder / "MIGRATION.md").read_text(encoding="utf-8")


def test_every_old_line_without_a_counterpart_is_listed(init: Init, folder: Path) -> None:
    steps = "    steps:\n      - name: Build the site\n        run: npm run build\n"
    init(LADDER.replace("    steps:\n", steps) + "          cache-from: type=gha\n")

    page = (folder / "MIGRATION.md").read_text(encoding="utf-8")
    assert "- .github/workflows/docker.yml:10:9: `Build the site`, a script" in page
    assert "- .github/workflows/docker.yml:24:11: `cache-from` of the build" in page


def test_a_file_that_differs_is_never_replaced_unasked(init: Init, folder: Path) -> None:
    (folder / "release.yaml").write_text("mine\n", encoding="utf-8")

    refused = init(LADDER, exits=ExitCode.BAD_INPUT)

    assert refused["errors"][0]["message"].startswith("release.yaml would be replaced")
    assert (folder / "release.yaml").read_text(encoding="utf-8") == "mine\n"
    assert not (folder / "MIGRATION.md").exists()
    assert init(LADDER, "--yes", "--overwrite")["complete"] == 4
    assert "acme/web" in (folder / "release.yaml").read_text(encoding="utf-8")


def test_nothing_is_written_where_nobody_can_be_asked(init: Init, folder: Path) -> None:
    init(LADDER, "--callers", "release", exits=ExitCode.BAD_INPUT)

    assert not (folder / "release.yaml").exists()


def test_a_dry_run_shows_a_diff_that_git_applies(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_workflow(folder, LADDER)
    (folder / "MIGRATION.md").write_text("old\n", encoding="utf-8")

    main.main(["init", "--repository", "acme/web", "--dry-run"], {"GITHUB_WORKSPACE": str(folder)})

    diff = capfd.readouterr().out
    assert not (folder / "release.yaml").exists()
    subprocess.run(["git", "-C", str(folder), "apply", "-"], input=diff, text=True, check=True)
    assert "image-tag" in (folder / "release.yaml").read_text(encoding="utf-8")
    assert "old" not in (folder / "MIGRATION.md").read_text(encoding="utf-8")


def test_the_repository_comes_from_the_remote(folder: Path) -> None:
    write_workflow(folder, LADDER)
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", "git@github.com:acme/web.git"], check=True)

    assert main.main(["init", "--yes"], {"GITHUB_WORKSPACE": str(folder)}) == ExitCode.PASS
    assert load_config(folder / "release.yaml").repository == "acme/web"


def test_a_workflow_that_init_does_not_know_is_bad_input(init: Init) -> None:
    refused = init(LADDER, "--yes", "--callers", "nightly", exits=ExitCode.BAD_INPUT)

    assert refused["errors"][0]["hint"] == "It writes release, build, clean-up, protect-latest, notes."
