"""The end of a clean-up of one package: prove what is left, bring all back if something broke, delete the journal."""

from __future__ import annotations

from release_actions.cleanup import mending, proof, record, tagging
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.store import Contents, NotDeleted, Outcome, Store
from release_actions.errors import ActionError


def finish(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> tuple[NotDeleted, ...]:
    """Resolve every tag that is left, and bring all back if one broke. Gives what could not be brought back, and why.

    What cannot be found out is written into `outcome`.
    """
    lost: tuple[NotDeleted, ...] = ()
    try:
        if outcome.deleted or outcome.unsure or outcome.stripped:
            store.say(f"{plan.package}: resolving every tag that is left, down to its parts")
            check = outcome.check = proof.check(store, plan, contents, outcome)
            if check.broken:
                store.say(f"{plan.package}: {check.broken[0]} Restoring what was deleted.")
                lost = mending.restore(store, outcome)
            outcome.doubts += tagging.doubts(plan, outcome, check.versions)
            tagging.put_right_lost(store, outcome, check.tags)
        if not outcome.error and not lost:
            record.end(store, plan, contents, outcome)
    except ActionError as error:
        outcome.error = outcome.error or error
    return lost
