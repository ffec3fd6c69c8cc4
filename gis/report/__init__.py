"""The monthly report: what it tells, gathered from the database; knows neither HTML nor PDF."""
