"""What each rule of an audit finds, for readers of its results."""

ABOUT_RULES = {
    "stale": "An older version than the release's, or the same in another spelling.",
    "ahead": "A newer version than the release's.",
    "dev-package": "A package that only development builds go to.",
    "dev-tag": "A tag that no release has.",
    "floating": "A tag that moves, or no tag at all in a manifest.",
    "candidate": "A candidate where the release is final.",
    "missing": "A version that does not exist.",
    "renamed": "An earlier name of something that has another name now.",
    "mixed": "Several versions of a component whose version is not known.",
    "branch": "A clone, a download or a reference of trunk.",
    "third-party-floating": "A moving tag of another project's image.",
    "conflict-marker": "A merge conflict that was committed.",
    "tag-exists": "The tag of the release exists already.",
    "dependency-stale": "A line does not hold the version that the dependencies file expects.",
    "dependency-missing": "The dependencies file expects a file or a line that is not there.",
    "component-without-build": "A component of the release that no build gives.",
    "build-without-component": "A built image that is no component.",
    "unused-exception": "An exception that has ended or covers nothing.",
    "ignore-without-reason": "A comment that excepts a line without a reason.",
}
