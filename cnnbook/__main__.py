"""``python -m cnnbook`` starts the command line."""

from cnnbook.cli import main

main()
