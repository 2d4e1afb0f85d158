"""``python -m retarget``: the same as the ``retarget`` command."""

import sys

from retarget.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
