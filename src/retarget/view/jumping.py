"""A click in a plot goes to that time.

viser tells nobody of clicks in its plots. So its page is given a script that sees them, and types the frame into the
slider's field as a person would: the server then hears of it as of any change of the slider.
"""

from __future__ import annotations

from html import escape
from typing import Final

__all__ = ["FRAME_LABEL", "jump_script"]

FRAME_LABEL: Final = "Frame"

_SCRIPT: Final = """
window.retargetLastFrame = LAST;
if (!window.retargetJumps) {
  window.retargetJumps = true;
  document.addEventListener('click', (event) => {
    const plot = event.target.closest('.u-over');
    if (!plot) return;
    const box = plot.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    let row = [...document.querySelectorAll('label')].find((one) => one.textContent === 'FRAME');
    while (row && !row.querySelector('input[type=text]')) row = row.parentElement;
    if (!row) return;
    const field = row.querySelector('input[type=text]');
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
    set.call(field, String(Math.round(share * window.retargetLastFrame)));
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
}
"""


def jump_script(last: int) -> str:
    """HTML that lets clicks in plots lead to frames from 0 to the last one; it shows nothing.

    Example:
        >>> "retargetLastFrame = 99;" in jump_script(99)
        True
    """
    script = _SCRIPT.replace("LAST;", f"{last:d};").replace("FRAME", FRAME_LABEL)
    # Scripts that are put into a page do not run, handlers of pictures that do not load do.
    return f'<img alt="" src="data:," style="display:none" onerror="{escape(script)}">'
