"""Robot motions of a whole batch as one data set: Parquet with all tracks, an index with scores, splits and a card."""

from retarget.dataset.derive import filtered, resplit
from retarget.dataset.pack import PackOptions, pack
from retarget.dataset.reading import Dataset
from retarget.dataset.splits import Shares

__all__ = ["Dataset", "PackOptions", "Shares", "filtered", "pack", "resplit"]
