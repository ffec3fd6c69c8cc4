"""Alarms: what of the figures somebody has to do something about; few, of areas, never of a door or a case."""
