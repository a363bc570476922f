"""What the letters of each chapter's equations stand for."""
