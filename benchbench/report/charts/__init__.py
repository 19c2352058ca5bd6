"""The interactive charts of the page: rows of numbers for the browser, and Altair charts that draw them."""
