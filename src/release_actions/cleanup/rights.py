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


def explain_refusal(error: ActionError, token: str, path: str) -> ActionError:
    """The error with the right that is missing as its hint, where a registry refused; else as it is.

    `path`: account/name of the package. A registry answers for one that does not exist as for one it does not show.
    """
    if isinstance(error, RemoteError) and error.status == HTTPStatus.NOT_FOUND and explain_slash(path):
        hints = [f"{problem.hint} {explain_slash(path)}".strip() for problem in error.problems]
        pairs = zip(error.problems, hints, strict=True)
        return ActionError(problems=[Problem(problem.message, hint, problem.place) for problem, hint in pairs])
    refused = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    # A limit of requests is a 403 as well, but none that was refused for good.
    if not isinstance(error, RemoteError) or error.status not in refused or not error.undone:
        return error
    hint = error.hint
    if token.startswith(FINE_GRAINED):
        hint = NO_FINE_GRAINED
    elif error.status == HTTPStatus.FORBIDDEN and error.path.startswith(("/v2/", "/token")):
        hint = TO_PUSH if error.method == "PUT" else f"{TO_READ} {explain_absence(path)}"
    return ActionError(problems=[Problem(problem.message, hint, problem.place) for problem in error.problems])


def explain_absence(path: str) -> str:
    """What else a registry means that does not show a package."""
    account, _, name = path.partition("/")
    absent = f"So does a package that does not exist: this run asked for {name!r} of the account {account!r}."
    return f"{absent} {explain_slash(path)}".strip()


def explain_slash(path: str) -> str:
    """How a package of another account is written, for a name that may have one before its slash; else empty."""
    name = path.partition("/")[2]
    other, slash, rest = name.partition("/")
    if not slash:
        return ""
    return f"The name {name!r} holds a slash. For the package {rest!r} of the account {other!r}, set owner to {other}."
