"""The end of a clean-up of one package: prove what is left, restore what is needed, look again, delete the journal.

It must never leave a tag broken that it could repair: where it is not known what is missing, all is restored.
"""

from __future__ import annotations

from release_actions.cleanup import mending, proof, record, tagging
from release_actions.cleanup.contents import Check, Contents
from release_actions.cleanup.events import Checked, Doubted, Failed
from release_actions.cleanup.journal import TAG
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.store import Store
from release_actions.errors import ActionError
from release_actions.github.packages import PER_PAGE
from release_actions.registry.names import digest_of

ROUNDS = 3
"""Times that what is needed is restored before all is."""


def prove_and_restore(
    store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome, *, resolve_all: bool = False
) -> None:
    """Check every tag that is left, and restore what one needs that broke. What cannot be found out is in `outcome`.

    `resolve_all`: as for `proof.check`.
    """
    try:
        if outcome.deleted or outcome.unsure or outcome.stripped:
            store.say(f"{plan.package}: checking every remaining tag and all parts of its image")
            check = check_and_restore(store, plan, contents, outcome, resolve_all=resolve_all)
            outcome.add(*map(Doubted, tagging.find_doubts(plan, outcome, check.versions)))
            tagging.put_right_lost(store, outcome, check.tags)
    except ActionError as error:
        outcome.add(Failed(error))


def conclude(
    store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome, *, resolve_all: bool = False
) -> None:
    """Look once more at what was pushed, some time after `prove_and_restore`, and delete the journal.

    A build that found its images before they were deleted may push its index only after the proof. Until then the
    journal is kept, so that the next run restores those images if this one is killed.
    """
    try:
        if can_be_needed(outcome) and is_pushed_to(store, plan, outcome):
            store.say(f"{plan.package}: something was pushed since the check, so it is made again")
            check_and_restore(store, plan, contents, outcome, resolve_all=resolve_all)
        if not outcome.error and not outcome.unrestored:
            record.delete_journal(store, plan, contents, outcome)
    except ActionError as error:
        outcome.add(Failed(error))


def check_and_restore(
    store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome, *, resolve_all: bool
) -> Check:
    """One proof, and the restoration of what it finds broken. Gives the last check. Raises `ActionError`."""
    check = proof.check(store, plan, contents, outcome, resolve_all=resolve_all)
    outcome.add(Checked(check))
    return restore(store, plan, contents, outcome, check) if check.broken else check


def can_be_needed(outcome: Outcome) -> bool:
    """Whether something is gone by this run that an image pushed after the proof may list."""
    return bool(outcome.check and not outcome.error and proof.list_deleted_digests(outcome))


def is_pushed_to(store: Store, plan: CleanupPlan, outcome: Outcome) -> bool:
    """Whether the package has got a version or a tag since the proof. Raises `RemoteError`.

    Only a new version can need what was deleted: all others were there when the proof was made, and a manifest never
    changes. The newest versions are one request; where that is not the whole list, whose order GitHub does not promise,
    the registry's list of tags shows a new name wherever its version is listed.
    """
    if outcome.check is None:
        return False
    known = {decision.version.id for decision in plan.decisions} | {version.id for version in outcome.check.versions}
    newest = store.packages.newest(store.name)
    own = digest_of(outcome.journal)
    if any(version.id not in known and version.digest != own for version in newest):
        return True
    if len(newest) < PER_PAGE:
        return False
    return not {*(store.registry.tags(store.path) or ())} <= outcome.check.tags.keys() | {TAG}


def restore(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome, check: Check) -> Check:
    """Bring back what broken tags need, and all that this run deleted if that is not enough. Gives the last check.

    A build that pushes an index over old images while this runs needs those images, and not the other deletions.
    """
    for _ in range(ROUNDS):
        back = {version.digest for version in outcome.restored}
        versions = [v for v in (*outcome.deleted, *outcome.unsure) if v.digest in check.needed - back]
        if not versions:
            break
        store.say(f"{plan.package}: {check.broken[0]} Restoring what the tag needs.")
        for event in mending.bring_back(store, versions):
            outcome.add(event)
        if outcome.unrestored:
            break
        check = proof.check(store, plan, contents, outcome)
        outcome.add(Checked(check))
        # Another build may have appeared since, so it is checked again; a few rounds are enough for that.
        if not check.broken:
            return check
    store.say(f"{plan.package}: {check.broken[0]} Restoring all that was deleted.")
    mending.restore(store, outcome)
    return check
