"""Smooth random fields over the plane: what makes borders wander and streets bend. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Field:
    """A smooth random function of place: a sum of plane waves, mean 0, standard deviation about 1.

    Waves have lengths between `wavelength_m` and a third of it, so the field is the same at every call and needs no
    grid, however large the county.
    """

    def __init__(self, rng: np.random.Generator, wavelength_m: float, num_waves: int = 18) -> None:
        length = wavelength_m / (1.0 + 2.0 * rng.random(num_waves) ** 2)
        angle = rng.uniform(0.0, 2.0 * np.pi, num_waves)
        self._wave = (2.0 * np.pi / length)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        self._phase = rng.uniform(0.0, 2.0 * np.pi, num_waves)
        amplitude = length / wavelength_m
        self._amplitude = amplitude * np.sqrt(2.0 / np.sum(amplitude**2))

    def __call__(self, xy: Floats) -> Floats:
        """Values at `xy` (n, 2), metres; an array of n numbers, empty for no points."""
        value = np.zeros(len(xy))
        for wave, phase, amplitude in zip(self._wave, self._phase, self._amplitude, strict=True):
            value += amplitude * np.sin(xy @ wave + phase)
        return value


class Warp:
    """A smooth displacement of the plane: what was drawn with a ruler looks grown after it."""

    def __init__(self, rng: np.random.Generator, wavelength_m: float, amplitude_m: float) -> None:
        self._fields = (Field(rng, wavelength_m), Field(rng, wavelength_m))
        self._amplitude = amplitude_m

    def __call__(self, xy: Floats) -> Floats:
        """The displaced points, same shape as `xy` (n, 2), metres."""
        shift = np.column_stack([field(xy) for field in self._fields])
        moved: Floats = xy + self._amplitude * shift
        return moved
