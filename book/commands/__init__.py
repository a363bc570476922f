"""What ``python -m book`` does: bring up to date, check, show what has changed in words."""
