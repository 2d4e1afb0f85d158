"""The ``retarget`` command: one module a subcommand, thin over the library."""
