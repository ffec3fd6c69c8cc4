"""The domain of everycell and its storage. Knows neither HTTP nor HTML."""
