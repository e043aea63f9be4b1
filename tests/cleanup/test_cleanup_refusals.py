"""What GitHub or the limits refuse is said in words that help, and the rest goes on."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from tests.cleanup.command import CUDA, Clean, digests, image, messages, new_tag, parts, undo

from release_actions.cleanup import plan_output
from release_actions.errors import ExitCode, InputError
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import Role, TokenKind
from release_actions.simulator.faults import Fault
from release_actions.simulator.packages import LAST_TAGGED, POPULAR


def test_a_token_that_may_not_delete_leaves_no_tag_of_a_journal(world: World, clean: Clean) -> None:
    package = world.package(CUDA)
    assert package is not None
    package.roles["llm-d/llm-d"] = Role.WRITE
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    assert clean(delete_tags="v*-rc.*").exit_code is ExitCode.REFUSED
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}


def test_the_last_tagged_version_is_refused_in_githubs_words_and_its_children_stay(world: World, clean: Clean) -> None:
    only = image("only")
    world.push(CUDA, only, ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.REFUSED
    assert LAST_TAGGED in messages(report)
    assert digests(world) == parts(only)
    [refused] = json.loads(json.dumps(report.outputs["refused"]))
    assert refused["package"] == CUDA
    assert refused["tags"] == ["v0.5.0-rc.1"]
    assert LAST_TAGGED in refused["message"]
    assert undo(report) == {}


def test_a_popular_version_is_refused_and_the_rest_goes(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    popular = image("popular")
    world.push(CUDA, popular, ["v0.5.0-rc.1"]).downloads = 6000
    world.push(CUDA, image("other"), ["v0.5.0-rc.2"])
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.REFUSED
    assert POPULAR in messages(report)
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}
    assert parts(popular) <= digests(world)
    assert report.outputs["deleted"] == 3


def test_a_token_without_the_admin_role_is_told_once(world: World, clean: Clean) -> None:
    package = world.package(CUDA)
    assert package is not None
    package.roles["llm-d/llm-d"] = Role.WRITE
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("two"), ["v0.5.0-rc.2"])
    before = digests(world)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.REFUSED
    assert len([finding for finding in report.findings if finding.rule == "refused"]) == 1
    assert "Manage Actions access" in messages(report)
    assert before <= digests(world)
    # The journal of what could not be begun waits for a run that may, without a tag.
    assert len(digests(world) - before) == 1
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1", "v0.5.0-rc.2"}
    package.roles["llm-d/llm-d"] = Role.ADMIN
    assert clean(delete_tags="v*-rc.*").exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0"}
    assert digests(world) < before


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("ghs_reads", "The job needs the permission 'packages: write', and its repository the Admin role"),
        ("ghp_deletes", "a classic token needs the scopes write:packages and delete:packages"),
        ("ghs_nothing", "The token needs the permission packages=read."),
        ("ghp_nothing", "a classic token needs the scope read:packages"),
        (
            "github_pat_everything",
            "The token is a fine-grained personal access token, and GitHub's packages take none.",
        ),
    ],
)
def test_the_right_that_a_token_lacks_is_named(world: World, clean: Clean, token: str, words: str) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    world.add_account("bob")
    world.accounts["llm-d"].members["bob"] = "admin"
    for secret, permissions in (("ghs_reads", {"packages": "read"}), ("ghs_nothing", {"contents": "read"})):
        world.add_token(secret, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions=permissions)
    world.add_token("ghp_deletes", login="bob", scopes=["read:packages", "delete:packages"])
    world.add_token("github_pat_everything", TokenKind.FINE_GRAINED, login="bob", permissions={"packages": "write"})
    before = digests(world)
    report = clean(token=token, delete_tags="*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert words in messages(report)
    assert digests(world) == before


def test_an_unreadable_manifest_leaves_its_package_alone_and_the_others_go_on(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    cpu = "llm-d/llm-d-cpu"
    world.add_package(cpu, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, cpu):
        world.push(path, image(f"final {path}"), ["v0.5.0"])
        world.push(path, image(f"candidate {path}"), ["v0.5.0-rc.1"])
    before = digests(world)
    broken = world.tags(CUDA)["v0.5.0"]
    simulator.faults.add(Fault(path=f"/v2/{CUDA}/manifests/{broken}", times=0, answer=404))
    report = clean(packages="llm-d-cuda\nllm-d-cpu", delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert digests(world) == before
    assert set(world.tags(cpu)) == {"v0.5.0"}
    assert f"The registry does not have {broken} of {CUDA}" in messages(report)
    assert "Nothing of this package was deleted." in messages(report)


def test_a_manifest_that_is_no_manifest_leaves_its_package_alone(world: World, clean: Clean) -> None:
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    version = world.push(CUDA, image("final"), ["v0.5.0"])
    version.manifest = replace(version.manifest, body=b"{}")
    before = digests(world)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert digests(world) == before


def test_a_tag_that_only_one_side_knows_leaves_the_package_alone(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    before = digests(world)
    moving = Fault(path="/orgs/llm-d/packages/container/llm-d-cuda/versions", times=0, steps=(new_tag(),))
    simulator.faults.add(moving)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "which GitHub does not list" in messages(report) or "list changed" in messages(report)
    assert before <= digests(world)


def test_many_refusals_pass_between_steps(world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_output, "REFUSED_LENGTH", 1000)
    world.push(CUDA, image("final"), ["v0.5.0"])
    for number in range(9):
        world.push(CUDA, image(f"candidate {number}"), [f"v0.5.0-rc.{number}"]).downloads = 5001
    report = clean(delete_tags="*-rc.*")
    assert len(json.dumps(report.outputs["refused"])) < 1100
    assert len([finding for finding in report.findings if finding.rule == "refused"]) == 9


def test_pull_requests_that_cannot_be_read_leave_the_package_alone(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("pr"), ["pr-7", "x-1"])
    simulator.faults.add(Fault(path="/repos/*/pulls/*", times=0, answer=403))
    report = clean(delete_closed_pull_requests="true", delete_tags="x-*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "pull-requests: read" in messages(report)
    assert "pr-7" in world.tags(CUDA)


def test_a_plan_that_takes_too_large_a_share_deletes_nothing_of_any_package(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    before = digests(world)
    report = clean(delete_tags="v*-rc.*", max_share="49%")
    assert report.exit_code is ExitCode.REFUSED
    assert f"The plan of {CUDA} deletes 3 of 6 versions, more than the 49% that are allowed." in messages(report)
    assert digests(world) == before
    assert clean(delete_tags="v*-rc.*", max_share="50%").outputs["deleted"] == 3


def test_the_summary_of_a_refused_plan_shows_no_tag_as_gone(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0", "v0.5.0-rc.2"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*", untag="true", max_deletions="0")
    assert "**Refused.** The plan deletes 4 versions or tags" in report.summary
    assert f"| `{CUDA}` | 6 | 3 | 0 |   | Refused. |" in report.summary
    assert "3 tags that did not change" in report.summary
    assert "| none |" not in report.summary
    assert sum(" is in the plan. " in line for line in report.lines) == 4
    assert report.lines[-2:] == (
        f"{CUDA}: the plan has 3 of 6 versions and 1 tag of others.",
        "Nothing was changed.",
    )
    assert "would be" not in "\n".join(report.lines)


def test_the_summary_says_why_a_selected_tag_is_still_there(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("popular"), ["v0.5.0-rc.1"]).downloads = 5001
    summary = clean(delete_tags="v*-rc.*").summary
    unchanged = summary[summary.index("tags that did not change") :]
    assert re.search(r"\| `v0.5.0-rc.1` \| `[0-9a-f]{12}` \| GitHub answered 400, ", unchanged)


def test_a_plan_above_the_limit_deletes_nothing_of_any_package(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    before = digests(world)
    report = clean(delete_tags="v*", max_deletions="5")
    assert report.exit_code is ExitCode.REFUSED
    assert "The plan deletes 6 versions, more than the 5 that are allowed. Nothing was deleted." in messages(report)
    assert digests(world) == before


def test_a_package_that_does_not_exist_is_reported_and_the_others_go_on(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    report = clean(packages="llm-d-absent, llm-d-cuda", delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert re.search(r"llm-d/llm-d-absent: Could not .*404", messages(report))
    assert "does not exist, or this token may not see it" in messages(report)
    assert set(world.tags(CUDA)) == {"v0.5.0"}


def test_a_package_that_can_be_pulled_and_not_listed_is_said_to_need_a_right(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    simulator.faults.add(Fault(path="*/packages/container/*/versions", times=0, answer=404))
    report = clean(delete_tags="v*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "so the token may pull it and not list its versions" in messages(report)
    assert "It does not exist" not in messages(report)


def test_a_missing_token_is_asked_for_with_its_permission(clean: Clean, simulator: Simulator) -> None:
    with pytest.raises(InputError, match="ghcr-cleanup needs a token") as caught:
        clean(token="", delete_tags="v*-rc.*")
    assert "packages: write" in caught.value.hint
    assert "Manage Actions access" in caught.value.hint
    assert simulator.requests.entries == ()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "Nothing is selected"),
        ({"keep_n": "3"}, "Input 'keep-n' keeps some of the tags that are selected, and no tag is"),
        ({"older_than": "3d"}, "Input 'older-than' keeps some of the tags that are selected, and no tag is"),
        ({"delete_untagged": "true", "keep_n_per_line": "1"}, "Input 'keep-n-per-line' keeps some of the tags"),
        ({"delete_untagged": "true", "untag": "true"}, "Input 'untag' is about tags that the inputs select"),
        ({"delete_tags": "pr-(.*", "use_regex": "true"}, "'pr-(.*' is not a regular expression: missing )"),
        ({"delete_tags": "*", "exclude_tags": "!v*"}, "begins with '!'"),
        ({"delete_tags": "*", "exclude_tags": "{v1,v2}*"}, "'{v1' is not a glob over tags."),
        ({"delete_tags": "*", "exclude_tags": "v1 v2"}, "'v1 v2' is not a glob over tags."),
        ({"delete_tags": "*", "exclude_tags": "v[0-9.*"}, "'v[0-9.*' is not a glob over tags."),
        ({"delete_tags": "[^v]*"}, "'[^v]*' is not a glob over tags."),
        (
            {"delete_tags": "sha256-*"},
            "'sha256-*' in delete-tags is about attachments, which are deleted with",
        ),
        ({"delete_tags": "sha256-.*[.]sig", "use_regex": "true"}, "is about attachments"),
        ({"delete_tags": "sha256:0*"}, "'sha256:0*' in delete-tags looks like a digest, but delete-tags selects tags."),
        ({"delete_tags": "pr-.*,sha-.*", "use_regex": "true"}, "'pr-.*,sha-.*' holds a comma"),
        ({"delete_tags": "a{99999999999999}", "use_regex": "true"}, "'a{99999999999999}' is not a regular expression"),
        ({"delete_tags": "*", "packages": "ghcr.io/llm-d/llm-d-cuda"}, "'ghcr.io/llm-d/llm-d-cuda' is not the name of"),
        (
            {"delete_tags": "*", "packages": "llm-d-cuda:latest"},
            "'llm-d/llm-d-cuda:latest' is not the name of a package",
        ),
        ({"delete_tags": "*", "packages": ""}, "No package is named."),
        ({"delete_tags": "*", "older_than": "30"}, "which is not a duration"),
        ({"delete_tags": "*", "keep_n": "-1"}, "which is not a whole number"),
    ],
)
def test_inputs_that_make_no_sense_are_refused_before_anything_is_asked(
    clean: Clean, simulator: Simulator, inputs: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        clean(**inputs)
    assert words in str(caught.value)
    assert simulator.requests.entries == ()


def test_a_version_that_is_listed_and_answers_404_is_said_to_need_a_right(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate", "linux/amd64"), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="DELETE", path="*/versions/*", times=0, answer=404))

    report = clean(delete_tags="v*-rc.*")

    assert report.exit_code is ExitCode.REFUSED
    assert "GitHub still shows this version, so the token may see it and not delete it. To delete," in messages(report)
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}


def test_a_keep_rule_that_was_refused_shows_no_plan(
    world: World, clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    for tag in ("1.2", "1.3", "1.2.3", "1.2.4"):
        world.push(CUDA, image(tag), [tag])

    report = clean(delete_tags="*", keep_n_per_line="1")

    assert (report.outputs["plan"], report.outputs["plan-digest"]) == ([], "")
    assert f"| `{CUDA}` | 12 | none | 0 |   | Refused. |" in report.summary
    assert report.summary.endswith("\nNothing was changed.\n")
    assert "versions are to be deleted" not in capsys.readouterr().out


def test_a_refused_journal_is_no_finding_beside_the_images(world: World, clean: Clean, simulator: Simulator) -> None:
    world.push(CUDA, image("1", "linux/amd64"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("final"), ["v0.4.0"])
    simulator.faults.add(Fault(method="DELETE", path="*/versions/*", times=0, answer=404))

    report = clean(delete_tags="v*-rc.*")

    assert len(report.findings) == 1
    assert "does not exist" not in messages(report)


def test_a_refused_journal_alone_says_what_it_is(world: World, clean: Clean, simulator: Simulator) -> None:
    version = world.push(CUDA, image("1", "linux/amd64"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("final"), ["v0.4.0"])
    # The journal is what is pushed next: the simulator numbers versions one after another.
    number = world.push(CUDA, image("last", "linux/amd64"), ["v0.3.0"]).id + 1
    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{number}", times=0, answer=404))

    report = clean(delete_tags="v*-rc.*")

    assert report.outputs["undo"] == {CUDA: [version.id]}
    assert len(report.findings) == 1
    assert "It is the journal of this clean-up and not an image." in messages(report)
    assert "GitHub still shows this version" in messages(report)


def test_a_tag_that_cannot_be_taken_off_says_what_is_known(world: World, clean: Clean, simulator: Simulator) -> None:
    world.push(CUDA, image("final"), ["v0.5.0", "v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="DELETE", path="*/versions/*", times=0, answer=404))

    said = messages(clean(delete_tags="v*-rc.*", untag="true"))

    assert (
        "so the tag was put back. GitHub still shows this version, so the token may see it and not delete it." in said
    )
    assert "does not exist" not in said


def test_a_restoration_that_is_refused_is_one_finding_about_what_github_lists(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("1", "linux/amd64"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("final"), ["v0.4.0"])
    undo_file = str(clean(delete_tags="v*-rc.*").outputs["undo-file"])
    simulator.faults.add(Fault(method="POST", path="*/restore", times=0, answer=404))

    report = clean(delete_tags="", mode="restore", undo_file=undo_file, packages="")

    assert len(report.findings) == 1
    assert "GitHub lists this version as deleted, so the token may see it and not restore it." in messages(report)
    assert "does not exist" not in messages(report)


@pytest.mark.parametrize("owner", ["acme", "llm-d"])
def test_a_package_that_is_missing_is_named_with_its_slash(world: World, clean: Clean, owner: str) -> None:
    world.add_account("acme", organization=True)

    said = messages(clean(owner=owner, packages="charts/web", delete_tags="v*-rc.*"))

    assert "exist" in said
    assert "For the package 'web' of the account 'charts', set owner to charts." in said
