"""What each part of the package may import, as ``layers.txt`` has it."""

from __future__ import annotations

import re
from pathlib import Path


def read_layers(text: str) -> dict[str, set[str]]:
    """The parts that each part may import.

    Example:
        >>> read_layers("# words\\na: b\\n    c\\nb:\\n") == {"a": {"b", "c"}, "b": set()}
        True
    """
    plain = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    lines = re.sub(r"\n[ ]+", " ", plain).split("\n")
    parts = [line.partition(":") for line in lines if line]
    layers = {name: set(allowed.split()) for name, _, allowed in parts}
    assert len(layers) == len(parts), "a part is listed twice"
    return layers


LAYERS = read_layers(Path(__file__).with_name("layers.txt").read_text("utf-8"))
