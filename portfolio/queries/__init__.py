"""What the screens of the facts read."""
