"""A project file for QGIS 3.22 or newer: the layers of the database with names, forms, styles and snapping.

Written here as XML, not by QGIS: the machine that makes it needs none. tests/clients/test_qgis.py opens it in a real
one.
"""

from maps.qgis.project import Content, project_file

__all__ = ["Content", "project_file"]
