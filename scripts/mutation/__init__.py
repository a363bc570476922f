"""Mutation testing: the runner and its plugin."""
