"""What makes and checks the book: its formulas, its site, and one command, `python -m book`.

`book.formulas` reads the equations from the pages, evaluates and alters them; `book.site` turns
the pages into a site. Neither imports the other. Below both are `book.equations`, which finds the
numbered equations of the pages, and `book.reading`, which reads each file once.
"""
