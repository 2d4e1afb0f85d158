"""Names of clips that would run as code if a page let them, and a clip that stands still."""

from retarget.demo import clips_folder

EVIL = "<img src=x onerror=alert(1)>.npz"
QUOTED = 'it\'s "a" & b;c#d?.npz'
HANGS = "hangs.bvh"
BROKEN = "<script>alert(2)<|script>.bvh"


def hanging() -> str:
    """The embedded walk, which stands still for half a second in the middle."""
    head, motion = (clips_folder() / "cmu_01_01.bvh").read_text().split("MOTION")
    rows = motion.strip().split("\n")[2:][60:160]
    rows[40:55] = [rows[40]] * 15
    lines = [f"{head}MOTION", f"Frames: {len(rows)}", "Frame Time: 0.033333", *rows, ""]
    return "\n".join(lines)
