"""Joint places in arrays: known orders of joints, arrays with names, and what generators write."""
