"""What the site needs and the book does not explain: mathematics typeset when the site is built."""
