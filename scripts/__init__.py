"""What draws the figures, builds the data and measures, each a module to be run by its name."""
