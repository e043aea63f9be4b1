"""How a teardown is told: outputs, findings, and the summary.

Decides words only. It must never say that something is gone which is not known to be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from release_actions import markdown
from release_actions.errors import ExitCode, Problem
from release_actions.packages import Refusal
from release_actions.report import Finding, Level, Output, Report, counted
from release_actions.selection import Version as PackageVersion
from release_actions.teardown.instructions import local_commands, undo_commands, undo_output
from release_actions.teardown.plan import Plan, RefChange, World, lost_with
from release_actions.teardown.work import Done, Image
from release_actions.versions import Version, known

MOST = 2_000
"""Deletions of package versions in one run at most: the plan and the undo have to fit into a job's outputs."""

ROWS = 200
"""Rows of one table of the summary, and package versions that the log names of one package."""

NAME = "rc-teardown"

AGAIN = "Run it again to finish, without expected-plan: what is gone is not in the plan any more."
"""How a run that did not finish is finished."""


@dataclass(frozen=True)
class Story:
    """Everything there is to tell.

    `kept`: sentences about candidates that were not asked for by name and stay. `strangers`: candidates that no system
    knows -> how they are spelled there. `undo_file`: where the undo file is; empty when none was written. `address`: of
    the repository, for clones. `unread`: packages that could not be read, so that nothing was planned to the end.
    """

    plan: Plan
    images: tuple[Image, ...]
    kept: tuple[str, ...]
    strangers: Mapping[str, str]
    done: Done
    address: str
    unread: int = 0
    undo_file: str = ""

    @property
    def planned(self) -> int:
        """Package versions that the plan deletes."""
        return sum(image.planned for image in self.images)

    @property
    def deleted(self) -> int:
        """Package versions that are deleted now, as far as that is known."""
        return sum(len(image.outcome.deleted) - len(image.outcome.restored) for image in self.images)

    @property
    def touched(self) -> tuple[Image, ...]:
        """The packages of which something goes."""
        return tuple(image for image in self.images if image.planned)

    @property
    def errors(self) -> bool:
        """Whether something could not be found out or not be finished."""
        broken = (image.outcome.check and image.outcome.check.broken for image in self.images)
        return bool(self.done.error or any(image.outcome.error for image in self.images) or any(broken))

    @property
    def interrupted(self) -> bool:
        """Whether a signal stopped it."""
        return self.done.interrupted or any(image.outcome.interrupted for image in self.images)

    @property
    def stopped(self) -> str:
        """Why its own limits ended the run before everything was tried, as a sentence; empty otherwise."""
        found = (*(image.outcome.stopped for image in self.images), self.done.stopped)
        return next((sentence for sentence in found if sentence), "")

    @property
    def changed(self) -> bool:
        """Whether something may have gone or moved, and is not back."""
        undone = any(image.outcome.undo for image in self.images)
        return bool(undone or self.done.releases or self.done.refs or self.done.pending)

    def commands(self, *, planned: bool) -> tuple[str, ...]:
        """What people run in their clones; `planned`: for what would go."""
        return () if self.unread else local_commands(self.plan, self.done, self.address, planned=planned)

    @property
    def empty(self) -> bool:
        """Whether nothing had to be done."""
        return not (self.planned or self.plan.releases or self.plan.refs)


def strangers(candidates: Iterable[Version], plan: Plan, world: World) -> dict[str, str]:
    """Candidates of the plan that no system knows -> how one spells the same version; empty when none has it."""
    there = {*world.git.tags, *(tag for tags in world.images.values() for tag in tags)}
    there |= {release.tag for release in world.releases}
    spelled = {version.order: version.tag for version in known(there, world.names.prefix)}
    going = set(plan.candidates)
    return {one.tag: spelled.get(one.order, "") for one in candidates if one in going and one.tag not in there}


def forbidden(refusal: Refusal | None) -> tuple[Finding, ...]:
    """Why nothing may begin: images would go, and what names them in git could not."""
    if refusal is None:
        return ()
    message = f"{refusal}, when asked whether this token may change git tags and releases. Nothing was changed."
    return (Finding.of(Level.ERROR, message, hint=refusal.hint, rule="forbidden"),)


def limits(story: Story, most: int | None, expected: str) -> tuple[Finding, ...]:
    """Why a plan may not be carried out; nothing of it is then."""
    found = []
    allowed = MOST if most is None else min(MOST, most)
    if story.planned > allowed:
        message = (
            f"The plan deletes {story.planned} versions, more than the {allowed} that are allowed. Nothing was changed."
        )
        hint = "Look at the plan. If it is right, " + (
            "raise max-deletions." if allowed < MOST else "name fewer candidates and run it several times."
        )
        found.append(Finding.of(Level.ERROR, message, hint=hint, rule="max-deletions"))
    now = digest_of(story)
    if expected and expected != now:
        message = f"The plan is {now}, and {expected} was expected. Nothing was changed."
        hint = (
            "Something changed since that plan was made. Look at the new plan, and pass its plan-digest if it is right."
        )
        found.append(Finding.of(Level.ERROR, message, hint=hint, rule="expected-plan"))
    return tuple(found)


def report(story: Story, stop: Sequence[Finding], *, dry_run: bool, repository: str) -> Report:
    """Outputs, summary and findings of the whole run."""
    return Report(
        outputs={
            "plan": plan_output(story),
            "plan-digest": digest_of(story),
            "removed": list(removed(story, stop, dry_run=dry_run)),
            "refused": refused_output(story),
            "undo": undo_output(story.images, story.done),
            "undo-file": story.undo_file,
            "restored": {},
            "local-commands": "\n".join(story.commands(planned=dry_run or bool(stop))),
        },
        summary=summary(story, stop, dry_run=dry_run, repository=repository),
        lines=tuple(lines(story, stop, dry_run=dry_run)),
        findings=(*stop, *findings(story)),
        exit_code=exit_code(story, stop),
    )


def exit_code(story: Story, stop: Sequence[Finding]) -> ExitCode:
    """The worst of what happened."""
    if story.interrupted:
        return ExitCode.INTERRUPTED
    if story.errors or story.stopped:
        return ExitCode.UNKNOWN
    outcomes = [image.outcome for image in story.images]
    failed = any(outcome.refused or outcome.moved or outcome.waiting for outcome in outcomes)
    if stop or failed or story.plan.refusals or story.done.left or story.done.disturbed:
        return ExitCode.REFUSED
    return ExitCode.PASS


def removed(story: Story, stop: Sequence[Finding], *, dry_run: bool) -> tuple[str, ...]:
    """The candidates of which this run left nothing."""
    if dry_run or stop or story.errors or story.interrupted:
        return ()
    held = frozenset[str]().union(*(image.held_back for image in story.images))
    owners = {change.tag: change.owners for change in story.plan.refs}
    left = {left.what.rpartition(" ")[2] for left in story.done.left}
    held |= left | {owner for tag in left for owner in owners.get(tag, ())}
    held |= story.plan.shared | {*story.strangers}
    return tuple(one.tag for one in story.plan.candidates if one.tag not in held)


# Outputs


def plan_output(story: Story) -> dict[str, Output]:
    """The plan as JSON."""
    images: list[Output] = []
    for image in story.touched:
        assert image.plan is not None  # noqa: S101  # a touched package has one
        why = reasons(image)
        deletions: list[Output] = [
            {**row(deletion.version), "reason": why[deletion.version.id]} for deletion in image.plan.deletions
        ]
        images.append({"package": image.path, "digest": image.plan.digest, "deletions": deletions})
    return {
        "candidates": [version.tag for version in story.plan.candidates],
        "images": images,
        "releases": [{"id": one.id, "tag": one.tag, "name": one.name} for one in story.plan.releases],
        "git": [change_row(change) for change in story.plan.refs],
    }


def reasons(image: Image) -> Mapping[int, str]:
    """Id of a package version -> why it goes."""
    behind, found = image.behind, {}
    for deletion in image.plan.deletions if image.plan else ():
        version = deletion.version
        owners = sorted(image.owners_of(deletion))
        named = ", ".join(owners)
        if owners:
            own = bool({*owners} & {*version.names})
            found[version.id] = f"It is the image of {named}." if own else f"{named} left it behind."
        elif behind[version.id]:
            found[version.id] = f"Nothing but {', '.join(sorted(behind[version.id]))} needs it."
        else:
            found[version.id] = image.plan.by_digest[version.digest].reason if image.plan else ""
    return found


def row(version: PackageVersion) -> dict[str, Output]:
    """A package version as JSON."""
    return {"id": version.id, "digest": version.digest, "tags": list(version.tags)}


def change_row(change: RefChange) -> dict[str, Output]:
    """A change of a git tag as JSON."""
    action = "move" if change.after else "delete"
    return {"tag": change.tag, "action": action, "from": change.before, "to": change.after, "reason": change.reason}


def digest_of(story: Story) -> str:
    """Names exactly this plan: the same versions, releases and git tags with the same objects give the same."""
    document = [
        sorted([image.path, image.plan.digest] for image in story.touched if image.plan),
        sorted([one.id, one.tag] for one in story.plan.releases),
        sorted([change.tag, change.before, change.after] for change in story.plan.refs),
    ]
    text = json.dumps(document, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def refused_output(story: Story) -> list[Output]:
    """What did not go and why, as JSON: candidates, package versions, releases and git tags."""
    found: list[Output] = [
        {"what": f"candidate {refusal.candidate}", "message": refusal.message} for refusal in story.plan.refusals
    ]
    found += [
        {"what": f"version {item.version.id} of {image.path}", "message": item.message}
        for image in story.images
        for item in (*image.outcome.refused, *image.outcome.moved, *image.outcome.waiting)
    ]
    found += [{"what": left.what, "message": left.message} for left in story.done.left]
    return found


# Findings


def findings(story: Story) -> tuple[Finding, ...]:
    """What a person should see."""
    found = [
        Finding.of(
            Level.ERROR, f"{one.candidate} is left whole. {one.message}", hint=one.hint, rule="refused-candidate"
        )
        for one in story.plan.refusals
    ]
    for image in story.images:
        found += image_findings(image)
    for left in story.done.left:
        level = Level.ERROR if left.refused else Level.WARNING
        found.append(Finding.of(level, f"The {left.what} is still there. {left.message}", hint=left.hint, rule="left"))
    found += [
        Finding.of(
            Level.ERROR,
            f"{sentence} This run did not write it.",
            hint="Find out who moved it. protect-latest puts floating tags back.",
            rule="production-moved",
        )
        for sentence in story.done.disturbed
    ]
    if story.stopped and not story.interrupted:
        message = f"Stopped after {story.deleted} of {story.planned} deletions of package versions. {story.stopped}"
        found.append(Finding.of(Level.ERROR, message, hint=AGAIN, rule="stopped"))
    if story.done.error:
        hint = f"{AGAIN} The git tag of a candidate goes last."
        found += [
            Finding(Level.ERROR, Problem(problem.message, f"{problem.hint} {hint}".strip(), problem.place), NAME)
            for problem in story.done.error.problems
        ]
    if story.interrupted:
        message = f"Stopped by a signal after {story.deleted} of {story.planned} deletions of package versions."
        hint = f"{AGAIN} The output 'undo' and the undo file name what was changed."
        found.append(Finding.of(Level.ERROR, message, hint=hint, rule="stopped"))
    for release in story.plan.releases:
        lost = lost_with(release)
        if lost:
            message = f"The GitHub release of {release.tag} {lost}. It was named in allow-irreversible."
            found.append(Finding.of(Level.WARNING, message, rule="irreversible"))
    for sentence in (*story.plan.notes, *story.kept):
        found.append(Finding.of(Level.NOTICE, sentence, rule="stays"))
    for tag, spelled in story.strangers.items():
        message = f"{tag} has left nothing: no git tag, no release and no image carries its name."
        hint = f"Did you mean {spelled}?" if spelled else ""
        found.append(Finding.of(Level.WARNING if spelled else Level.NOTICE, message, hint=hint, rule="nothing-left"))
    return tuple(found)


def image_findings(image: Image) -> list[Finding]:
    """What a person should see of one package."""
    path, outcome = image.path, image.outcome
    found = []
    if outcome.error:
        left = "Nothing of this package was deleted." if not outcome.deleted else "The output 'undo' names what was."
        found += [
            Finding(Level.ERROR, Problem(f"{path}: {one.message} {left}", one.hint, one.place), NAME)
            for one in outcome.error.problems
        ]
    for item in outcome.refused:
        message = f"{path}: {title(item.version)} was not deleted. {item.message}."
        found.append(Finding.of(Level.ERROR, message, hint=item.hint, rule="refused"))
    for item in outcome.moved:
        message = f"{path}: {title(item.version)} was left. {item.message}"
        found.append(Finding.of(Level.ERROR, message, hint="Run it again to plan anew.", rule="moved"))
    if outcome.check and outcome.check.broken:
        lost = "".join(f" {title(one.version)} could not be restored: {one.message}." for one in image.unrestored)
        message = f"{path}: {outcome.check.broken[0]} All {len(outcome.restored)} deleted versions were restored.{lost}"
        hint = "Something was pushed while this ran. Run it again when nothing is."
        found.append(Finding.of(Level.ERROR, message, hint=hint, rule="broken"))
    if outcome.check:
        found += [
            Finding.of(Level.WARNING, f"{path}: {sentence}", hint="Push it again.", rule="incomplete")
            for sentence in outcome.check.incomplete
        ]
    if image.plan:
        found += [
            Finding.of(Level.NOTICE, f"{path}: the tag {blocked.tag} stays. {blocked.because}", rule="stays")
            for blocked in image.plan.blocked
        ]
    return found


def title(version: PackageVersion) -> str:
    """A package version for a person."""
    return f"{', '.join(version.tags) or 'untagged'} ({version.digest[:19]}, version {version.id})"


# The log and the summary


def lines(story: Story, stop: Sequence[Finding], *, dry_run: bool) -> Iterable[str]:
    """The run in plain sentences, the verdict last."""
    planned = (dry_run or bool(stop)) and not story.unread
    for image in story.touched if planned else ():
        going, why = ([deletion.version for deletion in image.plan.deletions] if image.plan else []), reasons(image)
        for version in going[:ROWS]:
            yield f"{image.path}: {title(version)} would go. {why[version.id]}"
        if len(going) > ROWS:
            yield f"{image.path}: {len(going) - ROWS} more would go."
    for release in story.plan.releases if planned else story.done.releases:
        yield f"release {release.tag} {'would go' if planned else 'is gone'}."
    for change in story.plan.refs if planned else story.done.refs:
        verb = f"move to {change.after[:12]}" if change.after else "go"
        past = f"moved to {change.after[:12]}" if change.after else "is gone"
        yield f"git tag {change.tag} {f'would {verb}' if planned else past}. {change.reason}"
    for command in story.commands(planned=planned):
        yield f"In every clone: {command}"
    if story.undo_file and story.changed:
        yield f"To take it back within 30 days: rc-teardown with mode: restore and undo-file: {story.undo_file}"
    yield verdict(story, stop, dry_run=dry_run)


def verdict(story: Story, stop: Sequence[Finding], *, dry_run: bool) -> str:
    """The run in one sentence."""
    refused = f" {', '.join(story.plan.refused)} left whole." if story.plan.refused else ""
    if story.unread:
        unread = f"{story.unread} of {counted(len(story.images), 'package')}"
        return f"Nothing was changed: {unread} could not be read.{refused}"
    if story.empty:
        unsure = refused or any(image.outcome.error for image in story.images)
        return ("Nothing was changed." if unsure else "Nothing to tear down.") + refused
    changes = [
        f"{counted(story.planned, 'version')} in {counted(len(story.touched), 'package')}",
        counted(len(story.plan.releases), "release"),
        counted(len(story.plan.refs), "git tag"),
    ]
    whole = f"{changes[0]}, {changes[1]} and {changes[2]}"
    if dry_run or stop:
        return f"{whole} would go or move.{refused}"
    done = (
        f"{story.deleted} of {counted(story.planned, 'version')} deleted, {len(story.done.releases)} of "
        f"{counted(len(story.plan.releases), 'release')} deleted, {len(story.done.refs)} of "
        f"{counted(len(story.plan.refs), 'git tag')} deleted or moved"
    )
    gone = len(story.done.gone) + sum(len(image.outcome.gone) for image in story.images)
    done += f", {gone} found done by somebody else" if gone else ""
    tags = sum(len(image.before) for image in story.touched)
    proof = f", {counted(tags, 'tag')} that stay name what they named before" if story.done.proven and tags else ""
    return f"{done}{proof}.{refused}"


def summary(story: Story, stop: Sequence[Finding], *, dry_run: bool, repository: str) -> str:
    """The job summary: what goes in each system, the proof, and the commands."""
    head = "## Teardown of release candidates" + (" (dry run: nothing was changed)" if dry_run else "") + "\n\n"
    text = head + markdown.plain(verdict(story, stop, dry_run=dry_run)) + "\n\n"
    text += "".join(f"**Refused.** {markdown.plain(str(one.problem))}\n\n" for one in stop)
    text += "".join(
        f"**{markdown.code(one.candidate)} is left whole.** {markdown.plain(f'{one.message} {one.hint}')}\n\n"
        for one in story.plan.refusals
    )
    rows = [
        [
            "registry",
            markdown.code(image.path),
            markdown.codes(deletion.version.tags, none="untagged"),
            short(deletion.version.digest),
            markdown.plain(why[deletion.version.id]),
        ]
        for image in story.touched
        for why in [reasons(image)]
        if image.plan
        for deletion in image.plan.deletions
    ]
    rows += [
        ["release", markdown.code(repository), markdown.code(one.tag), markdown.plain(one.name), "It is its page."]
        for one in story.plan.releases
    ]
    rows += [
        [
            "git",
            markdown.code(repository),
            markdown.code(change.tag),
            markdown.code(change.before[:12]) + (f" → {markdown.code(change.after[:12])}" if change.after else ""),
            markdown.plain(change.reason),
        ]
        for change in story.plan.refs
    ]
    text += table(["System", "Where", "Tag", "Names", "Why it goes"], rows)
    text += proof(story)
    commands = story.commands(planned=dry_run or bool(stop))
    if commands:
        text += "\nIn every clone, before its next `git push --tags`:\n\n```sh\n" + "\n".join(commands) + "\n```\n"
    back = undo_commands(story.images, story.done, repository)
    if back:
        hand = "by hand, all but the release pages" if story.done.releases else "by hand"
        body = f"With `mode: restore` and `undo-file: {story.undo_file}`, or {hand}:\n\n" if story.undo_file else ""
        body += "```sh\n" + "\n".join(back) + "\n```"
        text += "\n" + markdown.details("How to take it back within 30 days", body)
    return text


def proof(story: Story) -> str:
    """Every tag that stays in the packages that are touched: what it named before and what it names now."""
    rows = []
    for image in story.touched:
        for tag, digest in sorted(image.before.items()):
            after = short(image.after.get(tag, "")) if image.after is not None else "not looked at"
            rows.append([markdown.code(image.path), markdown.code(tag), short(digest), after])
    if not rows:
        return ""
    same = "name what they named before" if story.done.proven else "stay"
    return "\n" + markdown.details(f"{len(rows)} tags that {same}", table(["Package", "Tag", "Before", "After"], rows))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a note about the rows that did not fit."""
    if not rows:
        return ""
    text = markdown.table(head, rows[:ROWS])
    return text + (f"\nand {len(rows) - ROWS} more\n" if len(rows) > ROWS else "")


def short(digest: str) -> str:
    """A digest as a cell, twelve digits of it."""
    return markdown.code(digest.removeprefix("sha256:")[:12]) if digest else "none"
