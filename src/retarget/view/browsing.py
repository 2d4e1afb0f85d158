"""Going through a batch: the clips in an order, and what somebody has decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retarget.batch.review import ClipReview, Decision, Review
from retarget.errors import OutputError
from retarget.view.playlist import BY_NAME, Entry, Shown, arranged

__all__ = ["Browsing"]


class Browsing:
    """Clips in the order in which they are gone through.

    Attributes:
        entries: All clips.
        order: Those that are gone through.
        review: What was decided about them.
    """

    def __init__(self, entries: Sequence[Entry], review_file: Path | None) -> None:
        """Read what was decided before.

        Args:
            entries: The clips.
            review_file: Where decisions are kept; None keeps none.

        Raises:
            ManifestError: The file of decisions is damaged.
        """
        self.entries, self._file = tuple(entries), review_file
        self.review = Review() if review_file is None else Review.load(review_file)
        self._sorting: tuple[str, bool, Shown] = (BY_NAME, True, "all")
        self.order = arranged(self.entries, self.review)

    @property
    def reviewing(self) -> bool:
        """Whether decisions are kept."""
        return self._file is not None

    def after(self, entry: Entry, steps: int) -> Entry | None:
        """The clip further on in the order, or back, round at the ends; None where there is none."""
        if not self.order:
            return None
        names = [one.name for one in self.order]
        here = names.index(entry.name) if entry.name in names else -(steps > 0)
        return self.order[(here + steps) % len(self.order)]

    def sort(self, by: str, worst_first: bool, shown: Shown) -> None:
        """Go through the clips in another order, or only through some."""
        self._sorting = (by, worst_first, shown)
        self._arrange()

    def decide(self, entry: Entry, decision: Decision, note: str) -> None:
        """Keep what somebody thinks of a clip, in the file, at once.

        Raises:
            OutputError: The file cannot be written.
            ManifestError: The file has been damaged meanwhile.
        """
        if self._file is None:
            raise OutputError("decisions are kept beside a batch's manifest; open that instead")
        # Others may have written meanwhile: what they said of other clips stays.
        fresh = Review.load(self._file)
        self.review = fresh.changed(entry.name, ClipReview(decision=decision, note=note.strip()))
        self.review.save(self._file)
        self._arrange()

    def _arrange(self) -> None:
        by, worst_first, shown = self._sorting
        self.order = arranged(
            self.entries, self.review, by=by, worst_first=worst_first, shown=shown
        )
