"""Patrols: streets and travel times, stops, plans of routes, sweeps, and what became of them."""
