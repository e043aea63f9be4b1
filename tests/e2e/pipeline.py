"""A repository on the simulator whose images are really built: its git, and what stands in for other people."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.e2e import diary, stand_ins
from tests.e2e.act import Event, Ran, addressed
from tests.e2e.llm_d import EXAMPLES, ROOT, LlmD

from release_actions.simulator import build_image
from release_actions.simulator.git import Commit, Target

WORKFLOWS = ROOT / ".github" / "workflows"
OURS = tuple(WORKFLOWS / name for name in ("ci-release.yaml", "build-image.yml", "build-and-publish.yml"))
SOURCE = "sgl-project/sglang"
SECRETS = {
    "AWS_ACCESS_KEY_ID_S3_BUCKET_ONLY": "AKIAEXAMPLEEXAMPLE12",
    "AWS_SECRET_ACCESS_KEY_S3_BUCKET_ONLY": "example+secret/access+key",
    "QUAY_USER": "llm-d+robot",
    "QUAY_TOKEN": "quay-token-of-the-robot",
}
DOCKERFILE = """\
FROM scratch AS builder
ARG CACHE_BUSTER
COPY docker/common-versions /versions
FROM scratch AS runtime
COPY --from=builder /versions /versions
"""
PATCH = """\
--- a/docker/xpu.Dockerfile
+++ b/docker/xpu.Dockerfile
@@ -1,2 +1,2 @@
 FROM scratch
-COPY unpatched /
+COPY patched /
"""


def git(folder: Path, *arguments: str) -> str:
    """What a git command prints, run as a person that every machine has."""
    person = {f"GIT_{who}_{what}": "ada" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-28T09:00:00Z")
    command = ["git", "-C", str(folder), "-c", "init.defaultBranch=main", *arguments]
    ended = subprocess.run(command, env={**os.environ, **person, **dates}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def commit(folder: Path, message: str) -> str:
    """Commit everything in a folder. Returns the commit's id."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@dataclass(frozen=True)
class Pipeline:
    """llm-d with a git repository of its own at `source`, where its images have small real Dockerfiles."""

    llm_d: LlmD
    folder: Path
    record: diary.Record

    @classmethod
    def begin(cls, started: LlmD, folder: Path, record: diary.Record) -> Pipeline:
        """Write the repositories and the stand-ins. Workflows that are played are recorded."""
        for name in ("repositories", "artifacts", "record", "findings"):
            (folder / name).mkdir(parents=True)
        (folder / "findings" / "none.sarif").write_text(json.dumps(sarif()), encoding="utf-8")
        others = stand_ins.write(folder / "stand-ins", OURS)
        gh = folder / "programs" / "gh"
        gh.parent.mkdir()
        gh.write_text(stand_ins.GH, encoding="utf-8")
        gh.chmod(0o755)
        act = replace(
            started.act,
            repository=addressed(started.act.repository, folder / "ours"),
            others=others,
            secrets=SECRETS,
            programs=gh.parent,
            variables={
                **started.act.variables,
                **{name.upper(): str(folder / name) for name in ("repositories", "artifacts", "record", "findings")},
            },
        )
        made = cls(replace(started, act=act), folder, record)
        # act, on one thread, may drop what a step printed that ends at once.
        made.rewrite("exit 1", "sleep 1; exit 1")
        made.write()
        return made

    @property
    def source(self) -> Path:
        """The working tree of llm-d's repository."""
        return self.folder / "repositories" / "llm-d" / "llm-d"

    def write(self) -> None:
        """Make llm-d's repository and the one it builds another's sources from."""
        other = self.folder / "repositories" / SOURCE
        (other / "docker").mkdir(parents=True)
        (other / "docker" / "xpu.Dockerfile").write_text("FROM scratch\nCOPY unpatched /\n", encoding="utf-8")
        # Without the patch it does not build.
        (other / "patched").write_text("patched", encoding="utf-8")
        git(other, "init", "--quiet")
        pinned = commit(other, "Begin")
        shutil.copytree(EXAMPLES / "llm-d", self.source)
        versions = self.source / "docker" / "common-versions"
        lines = versions.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if not line.startswith("SGLANG_XPU_REF=")]
        versions.write_text("\n".join([*kept, f"SGLANG_XPU_REF={pinned}"]) + "\n", encoding="utf-8")
        for name in ("cuda", "rocm", "xpu", "cpu", "rdma-tools"):
            (self.source / "docker" / f"Dockerfile.{name}").write_text(DOCKERFILE, encoding="utf-8")
        (self.source / "patches").mkdir()
        (self.source / "patches" / "sglang_xpu_source_pins.patch").write_text(PATCH, encoding="utf-8")
        git(self.source, "init", "--quiet")
        self.commit("Begin")

    def commit(self, message: str) -> str:
        """Commit the working tree, on the default branch here and on the simulator. Returns the commit's id."""
        sha = commit(self.source, message)
        world, repository = self.llm_d.setting.world, self.llm_d.setting.repository
        branch = f"refs/heads/{repository.default_branch}"
        with world.lock:
            before = (repository.git.refs[branch].sha,)
            repository.git.commits[sha] = Commit(sha, message, before, "Ada", "ada@example.com", world.now())
            repository.git.refs[branch] = Target(sha, "commit")
        return sha

    def configure(self, release: str) -> None:
        """Commit another release.yaml."""
        (self.source / "release.yaml").write_text(release, encoding="utf-8")
        self.commit("Configure")

    def push_tag(self, tag: str) -> Event:
        """Push a git tag on the newest commit, from its release branch. Returns the event."""
        git(self.source, "tag", "--force", tag)
        sha = git(self.source, "rev-parse", "HEAD")
        self.llm_d.setting.cut_branch(tag)
        self.llm_d.setting.move_tag(tag, sha)
        return self.llm_d.push_tag(tag)

    def event(self, name: str, ref: str, payload: Mapping[str, Any], sha: str = "") -> Event:
        """An event of the newest commit, or of another."""
        return Event(name, ref, sha or git(self.source, "rev-parse", "HEAD"), payload)

    def about(self, *, fork: bool = False) -> dict[str, Any]:
        """The repository, or a fork of it, in a payload."""
        owner = "somebody" if fork else "llm-d"
        return {"full_name": f"{owner}/llm-d", "default_branch": "main", "fork": fork}

    def pull_request(self, files: Mapping[str, str], links: Mapping[str, Path] | None = None) -> dict[str, Any]:
        """The payload of a fork's pull request that changes some files and adds links. main stays where it is."""
        base = git(self.source, "rev-parse", "HEAD")
        git(self.source, "checkout", "--quiet", "-b", "theirs")
        for name, text in files.items():
            (self.source / name).write_text(text, encoding="utf-8")
        for name, target in (links or {}).items():
            (self.source / name).unlink(missing_ok=True)
            (self.source / name).symlink_to(target)
        head = commit(self.source, "Change it")
        git(self.source, "checkout", "--quiet", "main")
        return {
            "action": "synchronize",
            "number": 7,
            "pull_request": {
                "number": 7,
                "head": {"sha": head, "ref": "theirs", "repo": self.about(fork=True)},
                "base": {"sha": base, "ref": "main", "repo": self.about()},
            },
            "repository": self.about(),
        }

    def run(self, workflow: Path, event: Event, **variables: str) -> Ran:
        """Play a workflow."""
        runners = {label for package in self.llm_d.config.published for label in package.runners.values()}
        world = self.llm_d.setting.world
        before = diary.held(world)
        ran = self.llm_d.act.run(workflow, event, self.source, runners, **variables)
        wrong = ", ".join(f"{name}={value}" for name, value in variables.items() if not name.startswith("RELEASE_"))
        what = f"{event.name} {event.ref.removeprefix('refs/tags/').removeprefix('refs/heads/')}"
        what += ", with a real registry instead of GHCR" if "RELEASE_ACTIONS_REGISTRY_URL" in variables else ""
        self.record(diary.PLAYED, diary.row(what, wrong, ran.code, ran.jobs, before, diary.held(world)))
        return ran

    def recorded(self, kind: str) -> list[Mapping[str, Any]]:
        """What the stand-ins of a kind wrote down."""
        return [json.loads(file.read_text(encoding="utf-8")) for file in (self.folder / "record").glob(f"{kind}-*")]

    def rewrite(self, text: str, other: str) -> None:
        """Change something in our own workflows, everywhere it is. Fails when it is nowhere."""
        files = list((self.llm_d.act.repository / ".github" / "workflows").iterdir())
        found = [file for file in files if text in file.read_text(encoding="utf-8")]
        assert found, text
        for file in found:
            file.write_text(file.read_text(encoding="utf-8").replace(text, other), encoding="utf-8")

    def plant(self, package: str, tag: str, commit: str, platforms: Sequence[str]) -> str:
        """Push an image that no run built, whose labels say that it is from a commit. Returns its digest."""
        names = {"revision": commit, "source": "https://github.com/llm-d/llm-d", "version": tag.removeprefix("v")}
        labels = {f"org.opencontainers.image.{name}": value for name, value in names.items()}
        image = build_image(platforms, labels=labels, seed="planted")
        self.llm_d.setting.world.push(package, image, [tag])
        return image.root.digest

    def finds(self, package: str, *severities: str) -> None:
        """Let scans of a package find a vulnerability of each severity."""
        (self.folder / "findings" / f"{package}.sarif").write_text(json.dumps(sarif(*severities)), encoding="utf-8")


def sarif(*severities: str) -> dict[str, Any]:
    """A report in the form that trivy gives it, with a vulnerability of each severity."""
    names = [f"CVE-2026-{number}" for number in range(1000, 1000 + len(severities))]
    rules = [
        {"id": name, "properties": {"tags": ["vulnerability", "security", severity]}}
        for name, severity in zip(names, severities, strict=True)
    ]
    results = [{"ruleId": name, "level": "error", "message": {"text": "Package: libexample"}} for name in names]
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Trivy", "rules": rules}}, "results": results}]}
