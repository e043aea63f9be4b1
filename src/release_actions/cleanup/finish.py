"""The end of a clean-up of one package: prove what is left, bring all back if something broke, delete the journal."""

from __future__ import annotations

from release_actions.cleanup import mending, proof, record, tagging
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.events import Checked, Doubted, Failed, Outcome
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.store import Store
from release_actions.errors import ActionError


def finish(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> None:
    """Resolve every tag that is left, and bring all back if one broke. What cannot be found out is in `outcome`."""
    try:
        if outcome.deleted or outcome.unsure or outcome.stripped:
            store.say(f"{plan.package}: resolving every tag that is left, down to its parts")
            check = proof.check(store, plan, contents, outcome)
            outcome.add(Checked(check))
            if check.broken:
                store.say(f"{plan.package}: {check.broken[0]} Restoring what was deleted.")
                mending.restore(store, outcome)
            outcome.add(*map(Doubted, tagging.doubts(plan, outcome, check.versions)))
            tagging.put_right_lost(store, outcome, check.tags)
        if not outcome.error and not outcome.unrestored:
            record.end(store, plan, contents, outcome)
    except ActionError as error:
        outcome.add(Failed(error))
