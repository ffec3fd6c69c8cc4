"""A patrol on paper: for each team a map of its route and a table of its stops, as a PDF on A4."""
