"""From anywhere to one table: sources, scan, split and audit, without torch."""
