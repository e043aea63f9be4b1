"""What a release consists of: each component's version, where it comes from, and what the release before published.

`document` is the file that people write, `manifest` the one that releases carry, `table` the Markdown. `sources` finds
versions, `assemble` puts the rows together, `findings` judges them, `upstream` asks GitHub and registries. Only
`upstream` uses the network.
"""
