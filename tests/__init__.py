"""The tests read what the command line and problems say in English, whatever the locale of the machine."""

import os

os.environ["EVERYCELL_LANG"] = "en"
