"""Taking back a release candidate: its images, its GitHub releases, its git tags and the names made from it."""
