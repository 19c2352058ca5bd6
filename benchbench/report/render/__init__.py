"""The third stage of the report: turns blocks into Markdown, HTML or LaTeX."""
