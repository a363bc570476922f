"""The pages as a site: a Markdown extension, templates, and files made beforehand."""
