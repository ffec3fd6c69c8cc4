"""Rows and GeoJSON in, HTML out. Opens no connection."""
