"""The monthly report as a page, a PDF and a workbook: one document (`document.py`), drawn three times."""
