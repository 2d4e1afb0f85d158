"""What people have decided about the clips of a batch after looking at them: a file beside its manifest."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retarget.batch.models import UtcTime, utc_now
from retarget.errors import ManifestError, OptionsError
from retarget.files import write_text
from retarget.inputs import read_bytes

__all__ = ["ClipReview", "Decision", "Review", "read_names", "review_path"]

Decision: TypeAlias = Literal["keep", "reject", ""]
_SUFFIX = ".review.json"


class ClipReview(BaseModel):
    """What somebody thinks of a clip.

    Attributes:
        decision: ``keep`` hands it on even where it misses a gate, ``reject`` never; empty leaves it to the gates.
        note: Why, or anything else.
        at: When it was said.

    Example:
        >>> ClipReview(decision="reject", note="slides at 3 s").decision
        'reject'
    """

    model_config = ConfigDict(frozen=True)

    decision: Decision = ""
    note: str = ""
    at: UtcTime = Field(default_factory=utc_now)


class Review(BaseModel):
    """What people think of a batch's clips, by job.

    Example:
        >>> review = Review().changed("walk", ClipReview(decision="keep"))
        >>> review.decision("walk"), review.decision("run")
        ('keep', '')
    """

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1] = 1
    clips: dict[str, ClipReview] = Field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a review; where there is no file nobody has said anything.

        Raises:
            ManifestError: The file is no review.
        """
        path = Path(path)
        if not path.exists():
            return cls()
        try:
            return cls.model_validate_json(read_bytes(path, "give the path of a review"))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "its text"
            raise ManifestError(
                f"{path}: is no review of a batch ({where}: {first['msg']}); mend or remove it"
            ) from None

    @classmethod
    def beside(cls, manifest: str | Path) -> Self:
        """The review of the batch with this manifest.

        Raises:
            ManifestError: The file beside it is no review.
        """
        return cls.load(review_path(manifest))

    def of(self, job_id: str) -> ClipReview | None:
        """What was said of a clip; None where nothing was."""
        return self.clips.get(job_id)

    def decision(self, job_id: str) -> Decision:
        """What was decided about a clip."""
        said = self.clips.get(job_id)
        return said.decision if said is not None else ""

    def changed(self, job_id: str, said: ClipReview) -> Self:
        """The same with something else said of a clip; nothing at all takes it out."""
        clips = {**self.clips, job_id: said}
        if not said.decision and not said.note:
            del clips[job_id]
        return self.model_copy(update={"clips": clips})

    def save(self, path: str | Path) -> None:
        """Write it, whole or not at all.

        Raises:
            OutputError: The file cannot be written.
        """
        write_text(path, self.model_dump_json(indent=1) + "\n")

    def kept(self) -> frozenset[str]:
        """Jobs that somebody decided to keep."""
        return frozenset(job for job, said in self.clips.items() if said.decision == "keep")


def review_path(manifest: str | Path) -> Path:
    """Where the review of a batch lies: beside its manifest.

    Example:
        >>> review_path("out/batch_manifest.json").name
        'batch_manifest.review.json'
    """
    manifest = Path(manifest)
    return manifest.with_name(f"{manifest.stem}{_SUFFIX}")


def read_names(path: str | Path, known: Iterable[str]) -> frozenset[str]:
    """The clips that a file names: those that a review keeps, or one in each line, up to a tab.

    Args:
        path: A review (``.json``), or a list such as ``train.txt``.
        known: All clips there are.

    Raises:
        OptionsError: It names no clip of these.
        FileFormatError: It cannot be read.
        ManifestError: It is a damaged review.
    """
    path, known = Path(path), frozenset(known)
    data = read_bytes(path, "give a list of clips, or a review")
    if path.suffix.lower() == ".json":
        names = Review.load(path).kept()
    else:
        lines = data.decode("utf-8-sig", "replace").splitlines()
        names = frozenset(line.split("\t")[0].strip() for line in lines) - {""}
    if not names & known:
        said = f"such as {min(names)!r:.80}" if names else "none at all"
        raise OptionsError(f"{path}: names no clip of this batch, but {said}; see its manifest")
    return names & known
