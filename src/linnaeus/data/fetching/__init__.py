"""Downloads: one file or a whole data set, resumable, checked, and only where somebody asked."""
