"""What commands share: options, checks of paths, tables, progress, verdicts in words."""
