"""What the page lets a reader explore: rows of numbers for the browser, and Altair charts that draw them."""
