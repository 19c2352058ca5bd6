"""Third stage of the report: blocks become Markdown or HTML."""
