"""One module a figure; `python -m scripts.figures` runs them."""
