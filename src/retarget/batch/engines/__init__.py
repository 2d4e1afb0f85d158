"""Where jobs run: in this process, in local processes, on a Ray cluster; all behind one protocol."""
