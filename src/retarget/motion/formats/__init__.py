"""Motion formats: one reader per module, and the registry that tells formats apart.

Readers know bytes and recordings; what a recording means is found out above them.
"""

from retarget.motion.formats.registry import (
    MotionFormat,
    Reader,
    format_names,
    format_of,
    motion_format,
    motion_formats,
    register_reader,
    sniff_format,
)

__all__ = [
    "MotionFormat",
    "Reader",
    "format_names",
    "format_of",
    "motion_format",
    "motion_formats",
    "register_reader",
    "sniff_format",
]
