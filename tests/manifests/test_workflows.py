"""The workflows that others call, and their callers in examples/: permissions, secrets, pins, and their length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from release_actions.runner.expressions import Scope, Template

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".github" / "workflows"
CALLERS = sorted([*ROOT.glob("examples/*.yml"), *ROOT.glob("examples/*/workflows/*.yml")])
ADDRESS = re.compile(r"(?:\$|llm-d/release-actions)/\.github/workflows/(?P<name>[\w.-]+?)(?:@v1)?")
DOCS = {
    "ci-release.yaml": ROOT / "docs" / "ci-release.md",
    "build-image.yml": ROOT / "docs" / "build-image.md",
    "draft-release.yml": ROOT / "docs" / "draft-release.md",
}
LEVELS = {"read": 1, "write": 2}

BEFORE = 2005
"""Lines of llm-d's own two workflows that build images, at the revision that examples/llm-d follows."""


def read(file: Path) -> dict[str, Any]:
    """A workflow, its key `on` as text."""
    found: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), yaml.CBaseLoader)
    return found


REUSABLE = sorted(file for file in HOME.iterdir() if "workflow_call" in read(file)["on"])


def called(job: Mapping[str, Any]) -> Path | None:
    """The workflow of ours that a job calls."""
    match = ADDRESS.fullmatch(job.get("uses", ""))
    return HOME / match["name"] if match else None


def union(file: Path) -> dict[str, str]:
    """Everything that the jobs of a workflow need, and those of the workflows that it calls."""
    found: dict[str, str] = {}
    for job in read(file)["jobs"].values():
        below = called(job)
        for name, level in (union(below) if below else job.get("permissions", {})).items():
            found[name] = max(found.get(name, "read"), level, key=LEVELS.__getitem__)
    return found


def calls() -> Iterator[Any]:
    """Every job that calls a workflow of ours."""
    for file in (*REUSABLE, *CALLERS):
        for name, job in read(file)["jobs"].items():
            below = called(job)
            if below:
                yield pytest.param(job, below, id=f"{file.parent.parent.name}/{file.name}-{name}")


@pytest.fixture(params=REUSABLE, ids=lambda file: file.name)
def workflow(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_nothing_is_permitted_but_what_a_job_names(workflow: Path) -> None:
    found = read(workflow)
    assert found["permissions"] == {}
    assert {name for name, job in found["jobs"].items() if "permissions" not in job} == set()


BUILDS = {("build-and-publish.yml", "build"), ("build-and-publish.yml", "command")}
"""Jobs that run code of the project, whose caches release.yaml names."""


def test_no_job_that_judges_or_releases_uses_a_cache() -> None:
    for file in (*REUSABLE, HOME / "publish.yml"):
        for name, job in read(file)["jobs"].items():
            # A job that calls another workflow says nothing: that one's jobs do.
            expected = None if (file.name, name) in BUILDS or "uses" in job else "none"
            assert job.get("cache-mode") == expected, f"{file.name}: {name}"


def test_cache_modes_are_whole_lines_that_can_be_taken_out() -> None:
    # actionlint, GitHub's checker and act do not know cache-mode: such lines are left out of what these three read.
    for file in HOME.iterdir():
        text = file.read_text(encoding="utf-8")
        plain = re.sub(r"(?m)^ +cache-mode: [a-z-]+\n", "", text)
        expected = read(file)
        modes = [job.pop("cache-mode") for job in expected["jobs"].values() if "cache-mode" in job]
        assert yaml.load(plain, yaml.CBaseLoader) == expected, file.name
        assert set(modes) <= {"none", "read", "write", "write-only"}, file.name


def uses(file: Path, action: str) -> Iterator[Mapping[str, Any]]:
    """The steps of a workflow that use an action."""
    for job in read(file)["jobs"].values():
        yield from (step for step in job.get("steps", []) if step.get("uses", "").startswith(f"{action}@"))


def test_every_builder_is_the_one_that_dependabot_updates() -> None:
    source = (ROOT / ".github" / "buildkit" / "Dockerfile").read_text(encoding="utf-8")
    (image,) = re.findall(r"(?m)^FROM (moby/buildkit:v[\d.]+@sha256:[0-9a-f]{64})$", source)

    builders = [step for file in (*HOME.iterdir(), *CALLERS) for step in uses(file, "docker/setup-buildx-action")]

    assert len(builders) == 3
    for step in builders:
        # What release.yaml says comes after it, on a line of its own.
        assert step["with"]["driver-opts"] == f"image={image}\n${{{{ matrix.driver-opts }}}}\n"
        assert step["with"]["cache-binary"] == "false"
    updates = read(ROOT / ".github" / "dependabot.yml")["updates"]
    assert "/.github/buildkit" in [one["directory"] for one in updates if one["package-ecosystem"] == "docker"]


def test_the_scanner_and_the_signer_are_pinned_and_the_scanner_reads_nothing_of_other_jobs() -> None:
    (scan,) = uses(HOME / "build-and-publish.yml", "aquasecurity/trivy-action")
    (signer,) = uses(HOME / "build-and-publish.yml", "sigstore/cosign-installer")

    assert re.fullmatch(r"v\d+\.\d+\.\d+", scan["with"]["version"])
    assert re.fullmatch(r"v\d+\.\d+\.\d+", signer["with"]["cosign-release"])
    tried = (HOME / "nightly-provenance.yml").read_text(encoding="utf-8")
    assert f"cosign/v3/cmd/cosign@{signer['with']['cosign-release']}\n" in tried
    compiled = (ROOT / ".ci" / "go" / "cosign" / "go.mod").read_text(encoding="utf-8")
    assert f"\nrequire github.com/sigstore/cosign/v3 {signer['with']['cosign-release']}\n" in compiled
    assert scan["with"]["cache"] == "false"
    assert {place.partition("/")[0] for place in scan["env"]["TRIVY_DB_REPOSITORY"].split(",")} == {
        "ghcr.io",
        "mirror.gcr.io",
    }
    # Files that an earlier job left in the workspace of a runner of one's own: the database, settings, exceptions.
    for place in (scan["with"]["cache-dir"], scan["with"]["trivy-config"], scan["env"]["TRIVY_IGNOREFILE"]):
        assert place.startswith("${{ runner.temp }}/")


@pytest.mark.parametrize(("job", "below"), list(calls()))
def test_a_caller_grants_exactly_what_is_needed(job: Mapping[str, Any], below: Path) -> None:
    assert job["permissions"] == union(below)


@pytest.mark.parametrize(("job", "below"), list(calls()))
def test_a_caller_gives_inputs_and_secrets_that_are_declared(job: Mapping[str, Any], below: Path) -> None:
    declared = read(below)["on"]["workflow_call"]
    assert set(job.get("with", {})) <= set(declared.get("inputs", {}))
    assert {name for name, one in declared.get("inputs", {}).items() if one.get("required") == "true"} <= set(
        job.get("with", {})
    )
    assert isinstance(job.get("secrets", {}), dict), "named, never inherit"
    assert set(job.get("secrets", {})) <= set(declared.get("secrets", {}))


@pytest.mark.parametrize("name", list(DOCS))
def test_the_page_has_the_block_that_callers_need(name: str) -> None:
    block = re.search(r"<!-- permissions -->\n\n```yaml\n(.*?)```", DOCS[name].read_text(encoding="utf-8"), re.DOTALL)
    assert block
    assert yaml.safe_load(block[1])["permissions"] == union(HOME / name)


@pytest.mark.parametrize("name", list(DOCS))
def test_the_page_has_every_input(name: str) -> None:
    text = DOCS[name].read_text(encoding="utf-8").partition(f"<!-- workflow-inputs {name} -->")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.partition("<!-- end -->")[0].splitlines()
    ]
    told = {row[0].strip("`"): (row[1].strip("`"), row[2]) for row in rows if len(row) == 3 and row[0].startswith("`")}
    inputs = read(HOME / name)["on"]["workflow_call"]["inputs"]
    assert told == {key: (one.get("default", ""), one["description"]) for key, one in inputs.items()}


def test_no_expression_is_pasted_into_a_script(workflow: Path) -> None:
    steps = [step for job in read(workflow)["jobs"].values() for step in job.get("steps", [])]
    assert [step["name"] for step in steps if "${{" in step.get("run", "")] == []


def test_others_are_pinned_by_commit_and_ours_come_with_the_workflow(workflow: Path) -> None:
    used = re.findall(r"uses: (\S+)(?: # (\S+))?", workflow.read_text(encoding="utf-8"))
    assert used
    for address, version in used:
        if address.startswith("$/"):
            path = ROOT / address[2:]
            assert (path / "action.yml").is_file() or path.is_file(), address
        else:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", address), address
            assert re.fullmatch(r"v\d+\.\d+\.\d+", version), address


def test_one_action_is_pinned_to_one_commit_everywhere() -> None:
    files = [*HOME.iterdir(), *ROOT.glob("examples/**/*.yml")]
    pins: dict[str, set[str]] = {}
    for file in files:
        for name, ref in re.findall(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40})", file.read_text(encoding="utf-8")):
            pins.setdefault(name, set()).add(ref)
    assert {name: refs for name, refs in pins.items() if len(refs) > 1} == {}


HEAD, OWN = "f" * 40, "0" * 40


def said(text: str, contexts: dict[str, Any]) -> str:
    """What an expression of a workflow comes to."""
    return Template.read(text, frozenset(contexts)).render(Scope(contexts))


@pytest.mark.parametrize(
    ("event", "commit", "push", "written"),
    [
        ("push", OWN, True, True),
        ("schedule", OWN, True, True),
        ("workflow_dispatch", OWN, True, True),
        ("pull_request", HEAD, True, True),  # its caches are its own
        ("pull_request", HEAD, False, False),
        ("pull_request_target", HEAD, True, False),
        ("workflow_dispatch", HEAD, True, False),
    ],
)
def test_code_of_others_writes_no_cache_that_releases_read(
    event: str, commit: str, *, push: bool, written: bool
) -> None:
    steps = read(HOME / "build-and-publish.yml")["jobs"]["build"]["steps"]
    template = next(step["with"]["cache-to"] for step in steps if step.get("id") == "build")
    contexts = {
        "github": {"event_name": event, "sha": OWN},
        "inputs": {"push": push},
        "matrix": {"commit": commit, "cache-to": "type=gha"},
    }
    assert said(template, contexts) == ("type=gha" if written else "")


PULL = {"pull_request": {"head": {"sha": HEAD}}}
LIKE_ZERO = f"0e{'1' * 38}"
"""A commit that GitHub's comparison takes for null, which it reads as 0. A fork can look for one."""


def is_refused(event: str, payload: Mapping[str, Any], **inputs: object) -> bool:
    """Whether build-image.yml refuses to plan what an event asks for."""
    steps = read(HOME / "build-image.yml")["jobs"]["plan"]["steps"]
    (condition,) = (step["if"] for step in steps if step["name"] == "Refuse code that nobody approves")
    assert [step["name"] for step in steps[:2]] == ["Refuse a release", "Refuse code that nobody approves"]
    given = {"approval": "", "without-approval": False, "commit": "", "pull-request": "", **inputs}
    github = {"event_name": event, "sha": OWN, "event": payload}
    return said(condition, {"github": github, "inputs": given}) == "true"


SECRETS = (
    "issue_comment",
    "workflow_run",
    "workflow_dispatch",
    "repository_dispatch",
    "schedule",
    "push",
    "merge_group",
)
"""Events whose runs have the secrets of the repository, whoever has brought them about."""


@pytest.mark.parametrize("event", SECRETS)
@pytest.mark.parametrize("commit", [HEAD, LIKE_ZERO, HEAD.upper()])
@pytest.mark.parametrize("number", ["", "7"])
def test_a_commit_that_is_not_the_events_needs_an_approval(event: str, commit: str, number: str) -> None:
    given: dict[str, object] = {"commit": commit, "pull-request": number}

    assert is_refused(event, {}, **given)
    assert not is_refused(event, {}, **given, approval="build-approval")
    assert not is_refused(event, {}, **given, **{"without-approval": True})
    # Its own commit, named or not.
    assert not is_refused(event, {}, commit=OWN)
    assert not is_refused(event, {})


def test_the_code_of_a_pull_request_needs_an_approval_where_it_has_secrets() -> None:
    assert is_refused("pull_request_target", PULL)
    assert is_refused("pull_request_target", PULL, commit=OWN)
    assert not is_refused("pull_request", PULL)
    assert not is_refused("pull_request", PULL, commit=HEAD)
    assert is_refused("pull_request", PULL, commit="a" * 40)


def test_an_approval_is_proved_twice_whatever_started_the_run() -> None:
    # Hand-over: approval, images.
    plan, approval, images = (read(HOME / "build-image.yml")["jobs"][name] for name in ("plan", "approval", "images"))
    checks = [
        step for job in (plan, approval) for step in job["steps"] if step.get("uses") == "$/actions/check-approval"
    ]

    assert [(step["with"]["proof"], step.get("if")) for step in checks] == [
        ("rules", "${{ inputs.approval }}"),
        ("review", None),
    ]
    assert plan["steps"].index(checks[0]) < min(at for at, step in enumerate(plan["steps"]) if "checkout" in str(step))
    assert approval["environment"] == "${{ inputs.approval }}"
    assert "approval" in images["needs"]
    condition = images["if"].replace("!cancelled() && ", "")
    for result, given, runs in (
        ("success", "build-approval", True),
        ("failure", "build-approval", False),
        ("skipped", "build-approval", False),
        ("skipped", "", True),
    ):
        needs = {"plan": {"outputs": {"any": "true"}}, "approval": {"result": result}}
        assert said(condition, {"needs": needs, "inputs": {"approval": given}}) == str(runs).lower()


@pytest.mark.parametrize(("ref", "refused"), [("refs/tags/v1.2.3", True), ("refs/heads/refs/tags/v1.2.3", False)])
def test_a_tag_is_no_build_of_build_image(ref: str, *, refused: bool) -> None:
    step = read(HOME / "build-image.yml")["jobs"]["plan"]["steps"][0]

    assert said(step["if"], {"github": {"ref": ref}}) == str(refused).lower()
    assert "exit 1" in step["run"]


def test_every_input_of_the_nightly_build_that_names_code_reaches_the_rule() -> None:
    nightly, builds = read(HOME / "nightly-build-image.yml"), read(HOME / "build-image.yml")
    passed = nightly["jobs"]["images"]["with"]

    for name in ("commit", "pull-request", "approval", "without-approval"):
        assert passed[name] == f"${{{{ inputs.{name} }}}}"
    for name in ("approval", "without-approval"):
        declared = nightly["on"]["workflow_call"]["inputs"][name]
        assert declared == builds["on"]["workflow_call"]["inputs"][name]


@pytest.mark.parametrize(
    ("event", "fork", "actor", "pushed"),
    [
        ("push", None, "ada", True),
        ("pull_request", False, "ada", True),
        ("pull_request", True, "ada", False),
        ("pull_request", False, "dependabot[bot]", False),
        ("pull_request_target", True, "ada", True),
        ("push", None, "dependabot[bot]", True),
    ],
)
def test_nothing_is_pushed_with_a_token_that_may_not(
    event: str, *, fork: bool | None, actor: str, pushed: bool
) -> None:
    template = read(HOME / "build-image.yml")["jobs"]["images"]["with"]["push"]
    payload = {} if fork is None else {"pull_request": {"head": {"repo": {"fork": fork}}}}
    github = {"event_name": event, "event": payload, "actor": actor}
    for plan, is_published in (("true", pushed), ("false", False)):
        contexts = {"github": github, "needs": {"plan": {"outputs": {"push": plan}}}}
        assert said(template, contexts) == ("true" if is_published else "false")


@pytest.mark.parametrize(
    ("scan", "signed"), [("success", True), ("skipped", True), ("failure", False), ("cancelled", False)]
)
def test_nothing_is_signed_before_every_scan_has_ended(scan: str, *, signed: bool) -> None:
    # Hand-over: scan, sign.
    assert sign(scan=scan) is signed


@pytest.mark.parametrize(
    ("verify", "ready"), [("failure", "true"), ("skipped", ""), ("cancelled", "true"), ("success", "false")]
)
def test_nothing_is_signed_before_it_is_verified(verify: str, ready: str) -> None:
    # Hand-over: verify, sign.
    assert sign(verify=verify, ready=ready) is False


def test_no_commit_but_the_runs_own_is_signed() -> None:
    assert sign(commit=HEAD) is False


def sign(*, scan: str = "success", verify: str = "success", ready: str = "true", commit: str = OWN) -> bool:
    """Whether the job that signs runs."""
    condition = read(HOME / "build-and-publish.yml")["jobs"]["sign"]["if"]
    assert "!cancelled() && " in condition
    needs = {"scan": {"result": scan}, "verify": {"result": verify, "outputs": {"ready": ready}}}
    inputs = {"push": True, "sign": True, "commit": commit}
    contexts = {"inputs": inputs, "needs": needs, "github": {"sha": OWN}}
    return said(condition.replace("!cancelled() && ", ""), contexts) == "true"


@pytest.mark.parametrize(
    ("any_built", "plan", "images", "built"),
    [
        ("true", '{"a":true}', '{"a":true}', '{"a":true}'),
        ("true", '{"a":true}', "", "{}"),  # refused by a reviewer, or not pushed
        ("false", '{"a":false}', "", '{"a":false}'),
        ("", "", "", "{}"),  # the plan failed
    ],
)
def test_what_was_built_can_always_be_read(any_built: str, plan: str, images: str, built: str) -> None:
    template = read(HOME / "build-image.yml")["on"]["workflow_call"]["outputs"]["built"]["value"]
    jobs = {
        "plan": {"outputs": {"any": any_built, "built": plan}},
        "images": {"outputs": {"built": images} if images else {}},
    }
    assert said(template, {"jobs": jobs}) == built


@pytest.mark.parametrize(
    ("promoted", "sign", "sign_promoted", "signs", "builds"),
    [
        ("", True, False, "true", "true"),  # versions.final: rebuild
        ("false", True, False, "true", "true"),  # no candidate, and versions.without-candidate: rebuild
        ("true", True, False, "false", "false"),
        ("true", True, True, "true", "false"),
        ("true", False, True, "false", "false"),
        ("", False, True, "false", "true"),
    ],
)
def test_what_is_promoted_is_signed_again_only_where_that_is_asked(
    promoted: str, *, sign: bool, sign_promoted: bool, signs: str, builds: str
) -> None:
    given = read(HOME / "ci-release.yaml")["jobs"]["images"]["with"]
    contexts = {
        "inputs": {"sign": sign, "sign-promoted": sign_promoted},
        "needs": {"plan": {"outputs": {"published": "false"}}, "promote": {"outputs": {"promoted": promoted}}},
    }

    assert said(given["sign"], contexts) == signs
    assert said(given["published"], contexts) == ("true" if builds == "false" else "false")


@pytest.mark.parametrize("name", ["ci-release.yaml", "build-image.yml"])
def test_no_run_that_waits_is_dropped(name: str) -> None:
    concurrency = read(HOME / name)["concurrency"]
    assert (concurrency["cancel-in-progress"], concurrency["queue"]) == ("false", "max")


def lines(folder: str) -> int:
    """Lines that a project writes: its release.yaml and its workflows."""
    files = [ROOT / "examples" / folder / "release.yaml", *ROOT.glob(f"examples/{folder}/workflows/*.yml")]
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def test_llm_d_writes_a_tenth_of_what_it_has_today() -> None:
    assert lines("llm-d") < 200 < BEFORE / 10


def test_a_project_with_one_image_writes_a_handful() -> None:
    assert lines("single-image") < 25


def test_what_was_promoted_goes_on_by_the_digest_that_was_proved() -> None:
    release, builds = read(HOME / "ci-release.yaml"), read(HOME / "build-and-publish.yml")
    (promote,) = (step for step in release["jobs"]["promote"]["steps"] if step.get("id") == "promotion")
    (merge,) = (step for step in builds["jobs"]["merge"]["steps"] if step.get("id") == "merge")

    assert promote["uses"] == "$/promote"
    assert release["jobs"]["promote"]["outputs"]["images"] == "${{ steps.promotion.outputs.images }}"
    assert "needs.promote.outputs.images" in release["jobs"]["images"]["with"]["proved"]
    assert merge["with"]["proved-images"] == "${{ inputs.proved }}"


@pytest.mark.parametrize(
    ("asked", "go", "moves"),
    [(False, "", True), (True, "true", True), (True, "false", False), (True, "", False)],
)
def test_floating_tags_move_only_where_the_gate_was_not_asked_or_said_go(*, asked: bool, go: str, moves: bool) -> None:
    steps = read(HOME / "build-and-publish.yml")["jobs"]["finish"]["steps"]
    template = next(step["if"] for step in steps if step.get("id") == "protect")
    contexts = {
        "inputs": {"floating": "release", "gate": asked},
        "needs": {"gate": {"outputs": {"go": go}}},
        "steps": {"ready": {"outputs": {"ready": "true"}}},
    }
    assert said(template, contexts) == str(moves).lower()


@pytest.mark.parametrize(
    ("asked", "result", "drafts"),
    [
        (False, "skipped", True),
        (True, "success", True),
        (True, "failure", False),
        (True, "skipped", False),
        (True, "cancelled", False),
    ],
)
def test_a_draft_is_made_only_where_the_gate_was_not_asked_or_said_go(
    *, asked: bool, result: str, drafts: bool
) -> None:
    template = read(HOME / "draft-release.yml")["jobs"]["draft"]["if"]
    contexts = {"inputs": {"gate": asked}, "needs": {"gate": {"result": result}}}
    assert said(template.replace("!cancelled() && ", ""), contexts) == str(drafts).lower()


@pytest.mark.parametrize("name", ["build-and-publish.yml", "draft-release.yml"])
def test_the_gate_may_read_reports_of_other_workflows_and_nothing_more(name: str) -> None:
    assert read(HOME / name)["jobs"]["gate"]["permissions"] == {"actions": "read", "contents": "read"}
