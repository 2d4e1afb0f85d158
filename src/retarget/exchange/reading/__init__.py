"""Robot motions of other tools read: containers to values, values by tables, tables to configurations of a robot."""
