"""Writers of the formats that robots' controllers and simulators read; one module each."""

from retarget.export.csv import write_csv

__all__ = ["write_csv"]
