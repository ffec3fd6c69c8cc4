"""Sweeps: the shortest walk that passes every street of an area (rural postman), split by shift. Pure."""
