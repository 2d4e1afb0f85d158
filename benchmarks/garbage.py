"""Garbage: every readable clip that passes the gates on the Unitree G1, spoilt in every way, and which gates see it.

Usage: python benchmarks/garbage.py
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from measure import CLIPS, clip_files, on_one_core, table

on_one_core()

from retarget.evaluation import MEASURES, Gates, evaluate_result  # noqa: E402
from retarget.evaluation.faults import FAULTS  # noqa: E402
from retarget.files import write_text  # noqa: E402
from retarget.motion import read_motion  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.robots import load_robot  # noqa: E402

PAGE = Path(__file__).parents[1] / "docs" / "garbage.md"
LONGEST = 30.0  # s of a clip


def main() -> None:
    robot = load_robot("unitree_g1")
    good: dict[str, RetargetingResult] = {}
    for path in clip_files():
        motion = read_motion(path)
        result = retarget_motion(
            motion.frames(0, min(len(motion), int(LONGEST * motion.fps))), robot
        )
        if evaluate_result(result, robot).passed:
            good[str(path.relative_to(CLIPS))] = result
    seen: dict[str, Counter[str]] = {name: Counter() for name in FAULTS}
    passed: dict[str, list[str]] = {name: [] for name in FAULTS}
    unseen: dict[str, list[str]] = {name: [] for name in FAULTS}
    clips = list(good)
    for k, clip in enumerate(clips):
        for name, fault in FAULTS.items():
            other = good[clips[(k + 1) % len(clips)]]
            report = evaluate_result(fault.spoil(good[clip], robot, other), robot)
            missed = [gate.measure for gate in report.failed_gates]
            seen[name].update(missed)
            if not missed:
                passed[name].append(clip)
            if fault.seen_by not in missed:
                unseen[name].append(clip)
    _write(clips, seen, passed, unseen)


def _write(
    clips: list[str],
    seen: dict[str, Counter[str]],
    passed: dict[str, list[str]],
    unseen: dict[str, list[str]],
) -> None:
    gates = [
        name for name in Gates.named("train-ready").gates if any(c[name] for c in seen.values())
    ]
    gates.sort(key=lambda name: list(MEASURES).index(name) if name in MEASURES else -1)

    def cell(fault: str, gate: str) -> str:
        count = seen[fault][gate]
        text = str(count) if count else ""
        return f"**{text or 0}**" if FAULTS[fault].seen_by == gate else text

    faults = [[f"**{name}**", fault.text, f"`{fault.seen_by}`"] for name, fault in FAULTS.items()]

    def matrix(names: list[str]) -> str:
        met = [gate for gate in gates if any(seen[name][gate] for name in names)]
        rows = [[f"`{gate}`", *(cell(name, gate) for name in names)] for gate in met]
        rows.append(["passes all gates", *(str(len(passed[name]) or "") for name in names)])
        return table(["gate", *names], rows)

    every = list(FAULTS)
    first = every.index("another clip") + 1
    limbs = every.index("arm held")
    told = [
        f"- {name}: {', '.join(f'`{clip}`' for clip in where)}"
        for name, where in passed.items()
        if where
    ]
    missing = [
        f"- {name}, not by `{FAULTS[name].seen_by}`: {', '.join(f'`{clip}`' for clip in where)}"
        for name, where in unseen.items()
        if where
    ]
    write_text(
        PAGE,
        "# Garbage\n\n"
        "A score that garbage can pass is worse than none. Here good motions are spoilt on purpose, by\n"
        "`retarget.evaluation.faults`, and judged by the gates `train-ready`. Each fault names the measure that must\n"
        "see it (bold), and `tests/evaluation/test_faults.py` holds it to that on five clips. With\n"
        '`FAULTS["floating"].spoil(result, robot)` you try gates of your own.\n\n'
        + table(["fault", "what is done", "seen by"], faults)
        + f"\n\nOf {len(clips)} clips that pass, how many miss which gate once they are spoilt "
        "(`python benchmarks/garbage.py`):\n\n"
        + matrix(every[:first])
        + "\n\nWhat a score invites: faults of a second, which no mean over a long clip sees, and motions\n"
        "that keep what is measured and lose what is not:\n\n"
        + matrix(every[first:limbs])
        + "\n\nLimbs that do not do what the human's do, and time that runs otherwise:\n\n"
        + matrix(every[limbs:])
        + "\n\n## Where a fault is no fault, or is not seen by its measure\n\n"
        + (
            "Clips that pass all gates although spoilt, as the fault takes nothing from them: who never\n"
            "flies cannot be kept on the floor, and who has no foot on the ground does not slip.\n\n"
            + "\n".join(told)
            if told
            else "No spoilt clip passes."
        )
        + (
            "\n\nWho goes nowhere has no path to be in another size, who never stands does not slide, a clip of under\n"
            "a second and a half has no lag: these clips fail by other measures:\n\n"
            + "\n".join(missing)
            if missing
            else ""
        )
        + "\n\n## What passes, and why\n\n"
        "Limits are tolerances, and what stays within them passes: a robot up to 5 mm above or below the\n"
        "floor, from where simulators let it down or push it out; 45 ms early or late, or slower by a\n"
        "hundredth; arms that tremble by 0.05 rad at 4 Hz, which points limbs 3 degrees off; a clip smoothed\n"
        "where hardly anything moves. A constant turn of hands and feet about their joints is not seen, as\n"
        "no two skeletons agree on it: on toes it shows by the sole. Joints that move 0.9 times as far, and a\n"
        "limb that is held while the human's moves by less than 5 degrees.\n"
        "\n## What nobody can tell from a human and a robot\n\n"
        "**A recording that runs backwards**, faithfully retargeted: robot and human agree, feet stand where\n"
        "they stood, and falling, contact and balance obey the same laws in both directions. Somebody who walks\n"
        "backwards on purpose looks alike. A robot that runs backwards beside a human who does not is *backwards*\n"
        "above.\n\n"
        "**A recording in slow motion** without long strides, flight or steps: who gestures at a third of the pace\n"
        "may do so. Strides tell it by `human_gait_pace`, flight by `floating_share` and `force_left_mean`, as\n"
        "nobody falls at a ninth of gravity; a recording whose jumps are clear is doubted when it is read, with the\n"
        "rate at which they would be falls. Who walks in slow motion on purpose fails, too: leave that gate out of a\n"
        "profile of your own.\n\n"
        "**A human of whom one limb was not recorded**, and lies still: the robot's lies still with it. Readers\n"
        "tell of it as a doubt (`limbs`).\n"
        "\nClips: " + ", ".join(f"`{clip}`" for clip in clips) + ".\n",
    )
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
