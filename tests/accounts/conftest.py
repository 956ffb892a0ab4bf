"""The scripted venue and its shelf live with the execution tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "execution"))
