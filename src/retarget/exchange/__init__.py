"""Robot motions in the files of other tools: formats as tables, written and read by one description each."""
