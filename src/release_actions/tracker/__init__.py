"""Is the milestone true, may this pull request land now, what does the calendar say."""
