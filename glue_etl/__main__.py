"""`python -m glue_etl`: the same as the command `glue-etl`."""

from __future__ import annotations

import sys

from glue_etl.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
