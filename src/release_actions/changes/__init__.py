"""Merged changes and how they relate: pull requests of a line of history, cherry-picks, reverts and re-lands.

One reader for release notes and for branches. `mainline` groups commits into pull requests, `picks` finds changes that
another branch has too, `undo_grammar` reads what a change says it reverts, `undo` finds what it means. All of it is
pure but `from_github`, which reads pull requests.
"""
