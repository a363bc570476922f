"""The equations of the pages: parsed, evaluated against the code, altered, measured."""
