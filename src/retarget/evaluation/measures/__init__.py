"""What is measured: one registry of measures, which reports, gates, tables and documents are made from."""
