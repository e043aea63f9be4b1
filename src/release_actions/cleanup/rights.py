"""Which right a refused request lacks, in words: a registry does not say it.

Only for answers that no header explains. It must never name a missing right where a server says something else.
"""

from __future__ import annotations

from http import HTTPStatus

from release_actions.errors import ActionError, Problem, RemoteError

FINE_GRAINED = "github_pat_"
"""How fine-grained personal access tokens begin."""

NO_FINE_GRAINED = (
    "The token is a fine-grained personal access token, and GitHub's packages take none. Pass the job's own token, or "
    "a classic one with the scopes write:packages and delete:packages."
)
TO_READ = (
    "The job needs the permission 'packages: read', and its repository a role under the package's \"Manage Actions "
    'access" unless the package is public; a classic token needs the scope read:packages. A token that is not valid '
    "gets the same answer."
)
TO_PUSH = (
    "A clean-up pushes a journal of what it deletes. The job needs the permission 'packages: write', and its "
    'repository the Admin role under the package\'s "Manage Actions access"; a classic token needs the scopes '
    "write:packages and delete:packages."
)


def explain_refusal(error: ActionError, token: str) -> ActionError:
    """The error with the right that is missing as its hint, where a registry refused; else as it is."""
    refused = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    # A limit of requests is a 403 as well, but none that was refused for good.
    if not isinstance(error, RemoteError) or error.status not in refused or not error.undone:
        return error
    hint = error.hint
    if token.startswith(FINE_GRAINED):
        hint = NO_FINE_GRAINED
    elif error.status == HTTPStatus.FORBIDDEN and error.path.startswith(("/v2/", "/token")):
        hint = TO_PUSH if error.method == "PUT" else TO_READ
    return ActionError(problems=[Problem(problem.message, hint, problem.place) for problem in error.problems])
