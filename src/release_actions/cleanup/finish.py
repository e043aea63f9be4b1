"""The end of a clean-up of one package: prove what is left, restore what is needed, delete the journal.

It must never leave a tag broken that it could repair: where it is not known what is missing, all is restored.
"""

from __future__ import annotations

from release_actions.cleanup import mending, proof, record, tagging
from release_actions.cleanup.contents import Check, Contents
from release_actions.cleanup.events import Checked, Doubted, Failed
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.store import Store
from release_actions.errors import ActionError

ROUNDS = 3
"""Times that what is needed is restored before all is."""


def finish(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome, *, resolve_all: bool = False) -> None:
    """Check every tag that is left, and restore what one needs that broke. What cannot be found out is in `outcome`.

    `resolve_all`: as for `proof.check`.
    """
    try:
        if outcome.deleted or outcome.unsure or outcome.stripped:
            store.say(f"{plan.package}: checking every remaining tag and all parts of its image")
            check = proof.check(store, plan, contents, outcome, resolve_all=resolve_all)
            outcome.add(Checked(check))
            if check.broken:
                check = restore(store, plan, contents, outcome, check)
            outcome.add(*map(Doubted, tagging.find_doubts(plan, outcome, check.versions)))
            tagging.put_right_lost(store, outcome, check.tags)
        if not outcome.error and not outcome.unrestored:
            record.delete_journal(store, plan, contents, outcome)
    except ActionError as error:
        outcome.add(Failed(error))


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
