"""``python -m retarget``: the same as the ``retarget`` command."""

from retarget.cli.main import main

if __name__ == "__main__":
    main()
