"""What a tag means: its version, its order and its history. Pure."""
