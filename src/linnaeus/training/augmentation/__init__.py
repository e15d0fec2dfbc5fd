"""Views: pictures as training sees them, made anew in every pass, whole batches at a time."""
