"""What must be known to judge a tag, and where that comes from."""
