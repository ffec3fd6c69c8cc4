"""The board: the figures beside the map on the wall."""
