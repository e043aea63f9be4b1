"""One draft pull request or issue that proposes a change: opened, kept up to date in place, closed when clean."""
