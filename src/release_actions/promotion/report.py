"""What became of a promotion, for people and later steps: every package, and where a run that failed stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from release_actions.errors import ActionError, ExitCode, Problem
from release_actions.promotion.subject import Promotion, Subject
from release_actions.promotion.writing import Written
from release_actions.runner import markdown
from release_actions.runner.report import Finding, Level, Output, Report, counted
from release_actions.versions.version import Version

OUTPUTS = ("promoted", "rebuild", "candidate", "images", "failed")
RULE = "promote"


@dataclass(frozen=True)
class Checked:
    """One package: its plan, or why there is none.

    `skipped`: an optional one without the candidate. `is_unknown`: not everything about it could be found out.
    """

    subject: Subject
    promotion: Promotion | None = None
    problems: tuple[Problem, ...] = ()
    error: ActionError | None = None
    skipped: bool = False
    is_unknown: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether it keeps every package from being promoted."""
        return self.promotion is None and not self.skipped


@dataclass(frozen=True)
class Outcome:
    """The whole run. `written` is None when nothing was written: in a dry run, or because a package was refused."""

    candidate: Version
    final: Version
    checked: tuple[Checked, ...]
    written: Written | None = None
    dry_run: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether some package may not be promoted, so that none is."""
        return any(each.is_refused for each in self.checked)

    def is_tagged(self, each: Checked) -> bool:
        """Whether the final tag of a package names the candidate's bytes now."""
        if each.promotion is None:
            return False
        if self.written is None:
            return each.promotion.is_done
        return each.subject.target.package in self.written.tagged

    @property
    def is_complete(self) -> bool:
        """Whether every package that is not skipped has the final tag."""
        return all(self.is_tagged(each) for each in self.checked if not each.skipped)


def make_report(outcome: Outcome) -> Report:
    """The results for people and for later steps."""
    lines = tuple(f"{each.subject.target.package}: {describe(outcome, each)}" for each in outcome.checked)
    verdict = describe_all(outcome)
    outputs: dict[str, Output] = {
        "promoted": outcome.is_complete,
        "rebuild": False,
        "candidate": outcome.candidate.tag,
        "images": [make_entry(each, is_tagged=outcome.is_tagged(each)) for each in outcome.checked],
        "failed": [each.subject.target.package for each in outcome.checked if not outcome.is_tagged(each)],
    }
    rows = [
        [
            markdown.code(f"{each.subject.target.package}:{outcome.final.tag}"),
            markdown.code(each.promotion.root.digest) if each.promotion else "none",
            markdown.plain(describe(outcome, each)),
        ]
        for each in outcome.checked
    ]
    title = f"## Promotion of {markdown.code(outcome.candidate.tag)} to {markdown.code(outcome.final.tag)}"
    table = markdown.table(["Image", "Digest", "Result"], rows)
    return Report(
        outputs=outputs,
        summary=f"{title}\n\n{markdown.plain(verdict)}\n\n{table}\n",
        lines=(*lines, verdict),
        findings=tuple(list_findings(outcome)),
        exit_code=find_exit_code(outcome),
    )


def make_hand_over(final: Version) -> Report:
    """The results where nothing can be promoted and the configuration wants the release built."""
    sentence = f"No candidate of {final.tag} is on its commit, so it has to be built, as release.yaml says."
    outputs: dict[str, Output] = {"promoted": False, "rebuild": True, "candidate": "", "images": [], "failed": []}
    return Report(
        outputs=outputs,
        summary=f"## No promotion to {markdown.code(final.tag)}\n\n{markdown.plain(sentence)}\n",
        lines=(sentence,),
        findings=(Finding.of(Level.WARNING, sentence, hint="Nobody has tested these images.", rule=RULE),),
        exit_code=ExitCode.PASS,
    )


def make_entry(each: Checked, *, is_tagged: bool) -> dict[str, Output]:
    """A package as verify-images and merge-digests read it."""
    target = each.subject.target
    digest = each.promotion.root.digest if each.promotion and is_tagged else ""
    return {
        "package": target.package,
        "tags": list(target.tags),
        "platforms": [str(platform) for platform in target.platforms],
        "required": target.required,
        "digest": digest,
        **({"built-as": each.promotion.built_as} if each.promotion and each.promotion.built_as else {}),
    }


def describe(outcome: Outcome, each: Checked) -> str:
    """What became of a package, in a few words."""
    tag, final = outcome.candidate.tag, outcome.final.tag
    if each.skipped:
        return f"skipped, it has no {tag} and is not required."
    if each.promotion is None:
        return "not promoted: " + " ".join(problem.message for problem in list_problems(each))
    digest = each.promotion.root.digest
    if each.promotion.is_done:
        return f"{final} named {digest} of {tag} already."
    if outcome.is_tagged(each):
        return f"{final} names {digest} of {tag}."
    if outcome.is_refused:
        return f"{final} was not written, because other packages were refused."
    return f"{final} would name {digest} of {tag}." if outcome.dry_run else f"{final} was not written yet."


def describe_all(outcome: Outcome) -> str:
    """The run in one sentence, with what stands where if it did not end."""
    count = sum(1 for each in outcome.checked if not each.skipped)
    tagged = [each.subject.target.package for each in outcome.checked if outcome.is_tagged(each)]
    release = f"{outcome.candidate.tag} as {outcome.final.tag}"
    if outcome.is_refused:
        return f"{release} was refused: {count_refused(outcome)} of {counted(count, 'package')} may not be promoted."
    if outcome.is_complete:
        return f"{release}: {counted(count, 'package')} promoted. Now let protect-latest move the floating tags."
    if outcome.dry_run:
        return f"{release}: {counted(count, 'package')} could be promoted. Nothing was written."
    there = f"It is in {', '.join(tagged)}" if tagged else "It is in no package"
    return f"{release} is not finished. {there}, and {count - len(tagged)} of {count} are missing. Run this again."


def count_refused(outcome: Outcome) -> int:
    """How many packages may not be promoted."""
    return sum(1 for each in outcome.checked if each.is_refused)


def list_problems(each: Checked) -> tuple[Problem, ...]:
    """Why a package was refused."""
    return each.error.problems if each.error else each.problems


def list_findings(outcome: Outcome) -> Iterable[Finding]:
    """Every problem and warning of the run."""
    for each in outcome.checked:
        for problem in list_problems(each):
            yield Finding(Level.WARNING if each.skipped else Level.ERROR, problem, rule=RULE)
        for problem in each.promotion.warnings if each.promotion else ():
            yield Finding(Level.WARNING, problem, rule=RULE)
    if outcome.written:
        for problem in outcome.written.error.problems if outcome.written.error else ():
            yield Finding(Level.ERROR, problem, rule=RULE)
        for package, tags in outcome.written.kept.items():
            if tags:
                message = f"{package} has other attachments under {', '.join(tags)} than the candidate's package."
                hint = "They were kept. Sign the release there if the candidate's signatures are missing."
                yield Finding.of(Level.WARNING, message, hint=hint, rule=RULE)


def find_exit_code(outcome: Outcome) -> ExitCode:
    """3 if something could not be found out or finished, 1 if a package was refused, else 0."""
    errors = [each.error.exit_code for each in outcome.checked if each.error]
    errors += [ExitCode.UNKNOWN for each in outcome.checked if each.is_unknown]
    if outcome.written and outcome.written.error:
        errors.append(outcome.written.error.exit_code)
    refused = ExitCode.REFUSED if outcome.is_refused else ExitCode.PASS
    return max([*errors, refused])
