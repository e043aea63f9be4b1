"""What one package's run does on the wire: which bytes it puts, when it waits, and what it says of others' moves."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.floating.shipped import BOTH, CUDA, Project, faults, is_right, package, quick, ship_all, world

from release_actions.errors import PartialError, RemoteError
from release_actions.floating.journal import Journal
from release_actions.floating.package_state import JudgedPackage
from release_actions.floating.plan import Orphan
from release_actions.floating.reconcile import Reconciler
from release_actions.simulator import World, build_image, oci
from release_actions.simulator.faults import Fault, tag_step
from release_actions.simulator.oci import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

MANIFEST = "/v2/llm-d/llm-d-cuda/manifests/"


@pytest.fixture
def project() -> Project:
    project = Project()
    ship_all(project, ["v0.4.0", "v0.4.1", "v0.5.0", "v0.6.0-rc.1"])
    for tag, release in (("latest", "v0.4.1"), ("v0", "v0.4.1"), ("v0.4", "v0.4.0")):
        project.world.tag(CUDA, release, tag)
    return project


def enforce(project: Project, journal: Journal, sleep: Callable[[float], object] = lambda _: None) -> JudgedPackage:
    with quick() as http:
        reconciler = project.reconciler(http, sleep=sleep)
        judged = reconciler.judge(project.package)
        assert judged is not None
        return reconciler.enforce(project.package, judged, journal)


def names(project: Project) -> dict[str, str]:
    """Floating tag -> the version that it names."""
    tags = project.tags()
    versions = {digest: tag for tag, digest in tags.items() if tag.count(".") > 1}
    return {tag: versions[digest] for tag, digest in tags.items() if tag.count(".") < 2}


RIGHT = {"latest": "v0.5.0", "v0": "v0.5.0", "v0.4": "v0.4.1", "v0.5": "v0.5.0"}


def test_latest_moves_last(project: Project) -> None:
    journal = Journal()
    enforce(project, journal)
    assert [change.tag for change in journal.done] == ["v0.4", "v0.5", "v0", "latest"]
    assert names(project) == RIGHT
    assert journal.notes == []


@pytest.mark.parametrize("docker", [False, True])
@pytest.mark.parametrize("platforms", [("linux/amd64",), BOTH])
def test_the_bytes_and_their_type_stay(platforms: tuple[str, ...], *, docker: bool) -> None:
    project = Project(platforms=platforms)
    project.ship("v1.0.0", docker=docker, index=len(platforms) > 1)
    enforce(project, Journal())
    made = project.world.version(CUDA, "v1.0.0").manifest
    expected = {(True, True): DOCKER_LIST, (True, False): DOCKER_MANIFEST, (False, True): OCI_INDEX}
    assert made.media_type == expected.get((docker, len(platforms) > 1), OCI_MANIFEST)
    for tag in ("latest", "v1", "v1.0"):
        assert project.world.version(CUDA, tag).manifest == made


def test_it_looks_twice_after_a_write_and_waits_longer_each_time(project: Project) -> None:
    waits: list[float] = []
    enforce(project, Journal(), waits.append)
    assert waits == [2.0, 4.0]


def test_reads_that_lag_are_waited_for_and_nothing_is_written_twice(project: Project) -> None:
    faults(project, Fault(method="PUT", path=f"{MANIFEST}latest", lag=12))
    waits: list[float] = []
    journal = Journal()
    enforce(project, journal, waits.append)
    assert names(project) == RIGHT
    assert project.puts() == 4
    assert waits == [2.0, 4.0, 8.0]


def test_pauses_end_at_half_a_minute_and_tries_are_counted(project: Project) -> None:
    # Whoever it is moves `latest` back before every look.
    faults(
        project, Fault(method="HEAD", path=f"{MANIFEST}latest", times=0, steps=(tag_step(CUDA, "latest", "v0.4.0"),))
    )
    waits: list[float] = []
    journal = Journal()
    with pytest.raises(PartialError) as caught:
        enforce(project, journal, waits.append)
    old, new = project.tags()["v0.4.0"], project.tags()["v0.5.0"]
    assert str(caught.value) == (
        f"ghcr.io/llm-d/llm-d-cuda:latest is moved away again: after 3 writes it names {old}, not {new}. "
        "Find the workflow that pushes floating tags: only protect-latest may. Then run this again."
    )
    assert [change.tag for change in journal.done].count("latest") == 3
    assert waits == [2.0, 4.0] * 3
    assert journal.notes == [f"ghcr.io/llm-d/llm-d-cuda:latest was put on {new} and still names {old}."] * 3
    assert {name: names(project)[name] for name in ("v0", "v0.5", "v0.4")} == {
        "v0": "v0.5.0",
        "v0.5": "v0.5.0",
        "v0.4": "v0.4.1",
    }


def test_tags_that_never_rest_are_reported(project: Project) -> None:
    turn = iter(["v0.4.0", "v0.5.0", "v0.4.1"] * 100)

    def flip(made: World, _path: str) -> None:
        made.tag(CUDA, next(turn), "latest")

    faults(project, Fault(method="HEAD", path=f"{MANIFEST}latest", nth=3, times=0, steps=(flip,)))
    waits: list[float] = []
    with pytest.raises(PartialError, match=r"is moved away again|keeps moving"):
        enforce(project, Journal(), waits.append)
    assert waits == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0] * 3


def test_a_last_look_that_is_right_by_chance_is_not_enough(project: Project) -> None:
    turn = iter(["v0.4.0", "v0.5.0"] * 100)

    def flip(made: World, _path: str) -> None:
        made.tag(CUDA, next(turn), "latest")

    faults(project, Fault(method="HEAD", path=f"{MANIFEST}latest", nth=3, times=0, steps=(flip,)))
    with pytest.raises(PartialError) as caught:
        enforce(project, Journal())
    assert str(caught.value) == (
        "Another workflow keeps moving the floating tags of ghcr.io/llm-d/llm-d-cuda. Find the "
        "workflow that pushes floating tags: only protect-latest may. Then run this again."
    )


def test_a_wrong_move_by_somebody_else_is_repaired_and_told(project: Project) -> None:
    faults(
        project, Fault(method="HEAD", path=f"{MANIFEST}latest", nth=3, steps=(tag_step(CUDA, "latest", "v0.6.0-rc.1"),))
    )
    journal = Journal()
    enforce(project, journal)
    assert names(project) == RIGHT
    candidate = project.tags()["v0.6.0-rc.1"]
    assert journal.notes == [f"Another workflow moved ghcr.io/llm-d/llm-d-cuda:latest to {candidate}, which is wrong."]


def test_a_right_move_by_somebody_else_is_accepted_and_told(project: Project) -> None:
    def release(made: World, _path: str) -> None:
        project.ship("v0.5.1")
        for tag in ("v0.5", "v0", "latest"):
            made.tag(CUDA, "v0.5.1", tag)

    faults(project, Fault(method="GET", path="/v2/llm-d/llm-d-cuda/tags/list", nth=2, steps=(release,)))
    journal = Journal()
    enforce(project, journal)
    newest = project.tags()["v0.5.1"]
    assert names(project) == {**RIGHT, "latest": "v0.5.1", "v0": "v0.5.1", "v0.5": "v0.5.1"}
    assert project.puts() == 4
    assert journal.notes[-1] == (
        f"Another workflow moved ghcr.io/llm-d/llm-d-cuda:latest on to {newest}, which is right now."
    )


def test_a_release_that_is_published_meanwhile_is_moved_to(project: Project) -> None:
    faults(
        project,
        Fault(method="GET", path="/v2/llm-d/llm-d-cuda/tags/list", nth=2, steps=(lambda *_: project.ship("v0.5.1"),)),
    )
    journal = Journal()
    enforce(project, journal)
    assert names(project)["latest"] == names(project)["v0.5"] == "v0.5.1"
    assert [change.tag for change in journal.done] == ["v0.4", "v0.5", "v0", "latest", "v0.5", "v0", "latest"]


def test_a_release_whose_git_tag_goes_meanwhile_is_moved_away_from(project: Project) -> None:
    def go(_world: World, _path: str) -> None:
        project.git.discard("v0.5.0")

    faults(project, Fault(method="PUT", path=f"{MANIFEST}latest", steps=(go,)))
    enforce(project, Journal())
    assert names(project) == {"latest": "v0.4.1", "v0": "v0.4.1", "v0.4": "v0.4.1", "v0.5": "v0.5.0"}


def test_a_list_of_git_tags_that_lags_moves_no_tag_off_the_newest_release(project: Project) -> None:
    project.ship("v0.7.0")
    enforce(project, Journal())
    project.lagging = {"v0.7.0"}

    last = enforce(project, Journal())

    assert last.plan.findings == ()
    assert names(project)["latest"] == names(project)["v0"] == names(project)["v0.7"] == "v0.7.0"


def test_a_new_release_that_the_list_of_git_tags_lacks_is_moved_to(project: Project) -> None:
    project.ship("v0.7.0")
    project.lagging = {"v0.7.0"}

    enforce(project, Journal())

    assert names(project)["latest"] == "v0.7.0"


def test_only_releases_that_a_floating_tag_would_name_are_asked_about(project: Project) -> None:
    for tag in ("v0.3.0", "v0.3.1", "v0.7.0"):
        project.push(tag)

    enforce(project, Journal())

    assert set(project.asked) == {"v0.3.1", "v0.7.0"}
    assert names(project)["latest"] == RIGHT["latest"]


def test_a_floating_tag_on_a_release_that_broke_stays_and_the_others_move(project: Project) -> None:
    for tag in ("latest", "v0.5"):
        project.world.tag(CUDA, "v0.5.0", tag)
    project.lose_a_child("v0.5.0")
    last = enforce(project, Journal())
    assert names(project) == {"latest": "v0.5.0", "v0": "v0.4.1", "v0.4": "v0.4.1", "v0.5": "v0.5.0"}
    assert [(item.tag, item.message) for item in last.plan.stuck] == [
        ("latest", "latest names v0.5.0, which is not complete."),
        ("v0.5", "v0.5 names v0.5.0, which is not complete."),
    ]
    assert last.broken["v0.5.0"].startswith("its child sha256:")
    (missing,) = last.plan.findings
    assert (missing.name, missing.version) == ("missing-release", "v0.5.0")


def test_an_image_of_too_few_platforms_is_no_target() -> None:
    project = Project()
    ship_all(project, ["v0.4.0"])
    project.ship("v0.5.0", platforms=["linux/amd64"], index=True)
    project.ship("v0.6.0", platforms=["linux/amd64"])
    last = enforce(project, Journal())
    assert names(project) == {"latest": "v0.4.0", "v0": "v0.4.0", "v0.4": "v0.4.0"}
    assert last.broken == {"v0.5.0": "it lacks linux/arm64", "v0.6.0": "it lacks linux/arm64"}


def test_the_release_below_a_broken_one_of_an_older_line_is_the_target() -> None:
    project = Project()
    ship_all(project, ["v0.4.0", "v0.5.0"])
    project.ship("v0.4.1", platforms=["linux/amd64"], index=True)
    last = enforce(project, Journal())
    assert names(project) == {"latest": "v0.5.0", "v0": "v0.5.0", "v0.4": "v0.4.0", "v0.5": "v0.5.0"}
    assert last.broken == {"v0.4.1": "it lacks linux/arm64"}


def test_a_variant_and_a_candidate_are_no_target() -> None:
    project = Project()
    ship_all(project, ["v0.4.0", "v0.5.0-debug", "v0.5.0-rc.1", "v0.5.0.dev3", "v0.4.1-with-fix"])
    enforce(project, Journal())
    assert names(project) == {"latest": "v0.4.0", "v0": "v0.4.0", "v0.4": "v0.4.0"}


def test_what_a_wrong_tag_names_is_told(project: Project) -> None:
    project.world.tag(CUDA, "v0.6.0-rc.1", "latest")
    project.world.push(CUDA, build_image(BOTH, seed="nightly"), ["v0", "v7"])
    with quick() as http:
        judged = project.reconciler(http).judge(project.package)
    assert judged is not None
    reasons = {move.tag: move.reason for move in judged.plan.moves}
    assert reasons["latest"] == (
        "latest names v0.6.0-rc.1, a release candidate, and v0.5.0 is the highest release in its range."
    )
    nightly = project.tags()["v0"][:19]
    assert reasons["v0"].startswith(f"v0 names {nightly}, an image without a version tag, and v0.5.0 is")
    assert [item.tag for item in judged.plan.floats if isinstance(item, Orphan)] == ["v7"]


def test_without_drift_only_what_decides_is_read() -> None:
    project = Project()
    ship_all(project, ["v0.3.0", "v0.4.0", "v0.4.1", *(f"v0.5.0-rc.{number}" for number in range(1, 9)), "v0.5.0"])
    enforce(project, Journal())
    project.simulator.requests.clear()
    waits: list[float] = []
    enforce(project, Journal(), waits.append)
    # A challenge and a token; the list of tags; 5 floating tags, 3 releases and their 6 children.
    kinds = project.simulator.requests.kinds()
    assert {
        (method, route.rpartition("/")[2], status): count for (_, method, route, status), count in kinds.items()
    } == {
        ("HEAD", "{reference}", 401): 1,
        ("GET", "token", 200): 1,
        ("GET", "list", 200): 1,
        ("HEAD", "{reference}", 200): 11,
        ("GET", "{reference}", 200): 3,
    }
    assert waits == []


def judged(project: Project, *, commits: dict[str, str] | None = None, **how: Any) -> JudgedPackage:
    project.commits = commits
    with quick() as http:
        found = project.reconciler(http, **how).judge(project.package)
    assert found is not None
    return found


def test_every_release_of_the_newest_line_is_seen_whole_or_told(project: Project) -> None:
    ship_all(project, ["v0.5.1", "v0.5.2"])
    project.lose_a_child("v0.5.1")
    project.lose_a_child("v0.4.0")
    found = judged(project)
    assert list(found.broken) == ["v0.5.1"]
    assert [(finding.name, finding.version) for finding in found.plan.findings] == [("missing-release", "v0.5.1")]


def test_to_be_thorough_every_release_is_seen_whole_or_told(project: Project) -> None:
    project.lose_a_child("v0.4.0")
    assert list(judged(project).broken) == []
    assert list(judged(project, thorough=True).broken) == ["v0.4.0"]


def test_what_is_likely_is_read_with_the_list_and_nothing_twice(project: Project) -> None:
    enforce(project, Journal())
    project.simulator.requests.clear()
    judged(project)
    asked = [(entry.method, entry.path) for entry in project.simulator.requests.entries if entry.status == 200]
    assert len(asked) == len(set(asked))
    assert ("GET", f"{MANIFEST}v0.5.0") in asked
    assert not [entry for entry in project.simulator.requests.entries if entry.status == 404]


def test_a_guess_that_failed_changes_nothing() -> None:
    project = Project()
    ship_all(project, ["v0.4.0", "v0.5.0"])
    # git has more lines than the package, and the package has a floating tag that git has no release for.
    project.git.update({"v0.3.0", "v0.6.0", "v1.0.0"})
    project.world.tag(CUDA, "v0.5.0", "v7")
    last = enforce(project, Journal())
    assert names(project) == {"latest": "v0.5.0", "v0": "v0.5.0", "v0.4": "v0.4.0", "v0.5": "v0.5.0", "v7": "v0.5.0"}
    assert [finding.version for finding in last.plan.findings] == ["v0.6.0", "v1.0.0"]
    assert [orphan.tag for orphan in last.plan.orphans] == ["v7"]


def test_what_came_while_the_tags_were_listed_counts() -> None:
    project = Project()
    ship_all(project, ["v0.4.0", "v0.4.1"])
    project.git.add("v0.5.0")

    def come(made: World, _path: str) -> None:
        project.ship("v0.5.0")
        made.tag(CUDA, "v0.4.0", "latest")

    # The guess has been answered by then: neither tag was there.
    faults(project, Fault(method="GET", path="/v2/llm-d/llm-d-cuda/tags/list", steps=(come,)))
    found = judged(project)
    assert {move.tag: move.version.tag for move in found.plan.moves} == {
        "latest": "v0.5.0",
        "v0": "v0.5.0",
        "v0.4": "v0.4.1",
        "v0.5": "v0.5.0",
    }
    assert "latest names v0.4.0" in next(move.reason for move in found.plan.moves if move.tag == "latest")


def test_a_list_that_lags_hides_no_release_that_answers(project: Project) -> None:
    enforce(project, Journal())

    def lag(session: Any) -> None:
        send = session.send

        def lagging(request: Any, **options: Any) -> Any:
            answer = send(request, **options)
            if "/tags/list" in request.url and answer.status_code == 200:
                tags = [tag for tag in answer.json()["tags"] if tag not in {"v0.5.0", "v0.5"}]
                answer._content = json.dumps({"tags": tags}).encode()
                answer.raw = io.BytesIO(answer.content)
            return answer

        session.send = lagging

    with quick() as http:
        found = project.reconciler(http, wrap=lag).judge(project.package)
    assert found is not None
    assert is_right(found.plan)
    assert {"v0.5.0", "v0.5"} <= found.state.names


def blobs(project: Project) -> int:
    """Configurations that were read, redirects counted once."""
    return sum("/blobs/" in entry.path for entry in project.simulator.requests.select(origin="registry"))


COMMITS = {"v0.4.0": "a" * 40, "v0.5.0": "b" * 40}


class TestRevision:
    """An image and the commit of its git tag."""

    @pytest.fixture
    def project(self) -> Project:
        project = Project()
        for tag, revision in (("v0.4.0", "a" * 40), ("v0.5.0", "b" * 40)):
            project.ship(tag, labels={"org.opencontainers.image.revision": revision})
        project.world.tag(CUDA, "v0.4.0", "latest")
        return project

    def test_the_right_commit_is_moved_to(self, project: Project) -> None:
        found = judged(project, commits=COMMITS)
        assert {move.tag: move.version.tag for move in found.plan.moves}["latest"] == "v0.5.0"
        assert found.plan.stuck == ()

    def test_another_commit_is_not_moved_to(self, project: Project) -> None:
        project.push("v0.5.0", "built again", labels={"org.opencontainers.image.revision": "c" * 40})
        found = judged(project, commits=COMMITS)
        assert {move.tag: move.version.tag for move in found.plan.moves} == {"v0.4": "v0.4.0"}
        assert {item.tag: item.message for item in found.plan.stuck}["latest"] == (
            "latest has to name v0.5.0, whose image was built from cccccccccccc, while the git tag is on bbbbbbbbbbbb."
        )

    def test_it_is_compared_on_every_platform(self) -> None:
        project = Project()
        project.git.add("v0.5.0")
        # What a merge of digests of two runs would make.
        parts = [
            build_image([platform], labels={"org.opencontainers.image.revision": revision * 40}, index=True)
            for platform, revision in zip(BOTH, "bc", strict=True)
        ]
        children = [child for part in parts for child in json.loads(part.root.body)["manifests"]]
        body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}).encode()
        for part in parts:
            project.world.push(CUDA, part, ["part"])
        project.world.put_manifest(CUDA, oci.parse(body, OCI_INDEX), "v0.5.0")
        found = judged(project, commits=COMMITS)
        assert [item.version.tag for item in found.plan.stuck] == ["v0.5.0"] * 3

    def test_what_is_right_is_compared_only_to_be_thorough(self, project: Project) -> None:
        enforce(project, Journal())
        wrong = {**COMMITS, "v0.4.0": "d" * 40}
        project.simulator.requests.clear()
        assert is_right(judged(project, commits=wrong).plan)
        assert blobs(project) == 0
        thorough = judged(project, commits=wrong, thorough=True)
        assert [(item.tag, item.version.tag) for item in thorough.plan.stuck] == [("v0.4", "v0.4.0")]

    @pytest.mark.parametrize("commits", [{}, {"v0.5.0": ""}])
    def test_a_commit_that_nobody_knows_is_not_compared(self, project: Project, commits: dict[str, str]) -> None:
        assert {move.tag for move in judged(project, commits=commits).plan.moves} >= {"latest", "v0.5"}

    def test_an_image_that_is_silent_is_moved_to(self, project: Project) -> None:
        project.push("v0.5.0", "without labels")
        assert {move.tag for move in judged(project, commits=COMMITS).plan.moves} >= {"latest", "v0.5"}

    def test_nothing_is_compared_twice_in_a_run(self, project: Project) -> None:
        project.simulator.requests.clear()
        project.commits = COMMITS
        with quick() as http:
            reconciler = project.reconciler(http)
            first = reconciler.judge(project.package)
            assert first is not None
            reconciler.enforce(project.package, first, Journal())
        # Two platforms of two releases.
        assert blobs(project) == 4


def test_a_package_that_is_not_there_is_none() -> None:
    project = Project(world=world("llm-d/other"))
    with quick() as http:
        assert project.reconciler(http).judge(package("llm-d/other-one")) is None


def test_a_package_that_goes_away_meanwhile_is_an_error(project: Project) -> None:
    def go(made: World, _path: str) -> None:
        found = made.package(CUDA)
        assert found is not None
        made.delete_package(found)

    faults(project, Fault(method="GET", path="/v2/llm-d/llm-d-cuda/tags/list", nth=2, steps=(go,)))
    journal = Journal()
    with pytest.raises(RemoteError, match="was deleted while its floating tags were moved"):
        enforce(project, journal)
    assert len(journal.done) == 4


class TestPutBack:
    """What a roll-back does to one package."""

    @pytest.fixture
    def moved(self, project: Project) -> Any:
        with quick() as http:
            reconciler = project.reconciler(http)
            judged = reconciler.judge(project.package)
            assert judged is not None
            journal = Journal(keeps_olds=True)
            reconciler.enforce(project.package, judged, journal)
            yield reconciler, journal

    def test_it_restores_what_was_there_and_says_what_stays(
        self, project: Project, moved: tuple[Reconciler, Journal]
    ) -> None:
        back, left = moved[0].put_back(project.package, moved[1])
        assert back == ["latest", "v0", "v0.4"]
        assert names(project) == {"latest": "v0.4.1", "v0": "v0.4.1", "v0.4": "v0.4.0", "v0.5": "v0.5.0"}
        assert left == [
            f"ghcr.io/llm-d/llm-d-cuda:v0.5 is new and still names {project.tags()['v0.5.0']}, because the "
            "registry cannot delete a tag."
        ]

    def test_it_knows_of_a_write_whose_answer_was_lost(self, project: Project) -> None:
        line = {"cut": True}

        def cut(session: Any) -> None:
            send = session.send

            def losing(request: Any, **options: Any) -> Any:
                answer = send(request, **options)
                if line["cut"] and request.method == "PUT" and request.url.endswith("/latest"):
                    answer.close()
                    raise ConnectionError
                return answer

            session.send = losing

        journal = Journal(keeps_olds=True)
        with quick() as http:
            reconciler = project.reconciler(http, wrap=cut)
            found = reconciler.judge(project.package)
            assert found is not None
            with pytest.raises(RemoteError):
                reconciler.enforce(project.package, found, journal)
            assert names(project)["latest"] == "v0.5.0"
            line["cut"] = False
            back, _ = reconciler.put_back(project.package, journal)
        assert back[0] == "latest"
        assert names(project)["latest"] == "v0.4.1"

    def test_it_leaves_what_somebody_else_moved(self, project: Project, moved: tuple[Reconciler, Journal]) -> None:
        project.world.tag(CUDA, "v0.6.0-rc.1", "latest")
        back, left = moved[0].put_back(project.package, moved[1])
        assert back == ["v0", "v0.4"]
        candidate = project.tags()["v0.6.0-rc.1"]
        assert left[0] == (
            f"Another workflow moved ghcr.io/llm-d/llm-d-cuda:latest to {candidate}, so it was not changed."
        )
        assert names(project)["latest"] == "v0.6.0-rc.1"

    def test_it_says_when_a_tag_does_not_stay(self, project: Project, moved: tuple[Reconciler, Journal]) -> None:
        steps = (tag_step(CUDA, "latest", "v0.6.0-rc.1"),)
        faults(project, Fault(method="HEAD", path=f"{MANIFEST}latest", nth=2, times=0, steps=steps))
        back, left = moved[0].put_back(project.package, moved[1])
        assert back == ["v0", "v0.4"]
        assert left[0].endswith("but another workflow moved it again.")
