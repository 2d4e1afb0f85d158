"""Files that hold arrays and names: NumPy's, pickles, joblib's and torch's, read as data and never run.

`read_data` tells them apart. Each caller says which names a pickle may use (`Allowance`): `PLAIN` holds Python's own
data and NumPy's arrays, and a caller adds what it knows, such as `CHUMPY` for models of bodies.
"""

from retarget.containers.allowance import Allowance, Record, record
from retarget.containers.foreign import CHUMPY, SPARSE
from retarget.containers.npz import npz_names, read_npy, read_npz, write_npz
from retarget.containers.pickles import PLAIN, read_pickle
from retarget.containers.read import read_data, read_torch

__all__ = [
    "CHUMPY",
    "PLAIN",
    "SPARSE",
    "Allowance",
    "Record",
    "npz_names",
    "read_data",
    "read_npy",
    "read_npz",
    "read_pickle",
    "read_torch",
    "record",
    "write_npz",
]
