"""MuJoCo kept from speaking past us, and whatever it or a library raises made an error that names the file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mujoco
import numpy as np

from retarget.errors import FileFormatError, RetargetError

__all__ = ["guarded"]


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Run a model's reading: foreign exceptions become errors of the file, and MuJoCo's warnings are not printed.

    MuJoCo would write its warnings to standard error and to ``MUJOCO_LOG.TXT`` in the working folder; NumPy warns of
    overflows. Whatever they mean to say is either refused or noted by us.

    Raises:
        FileFormatError: Something that was not foreseen went wrong.
    """
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda message: None)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except RetargetError:
        raise
    except Exception as error:
        cause = (
            f"cannot be understood ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
        )
        raise FileFormatError(path, cause, "correct the model") from error
    finally:
        mujoco.set_mju_user_warning(before)
