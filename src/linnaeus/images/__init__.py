"""The only place that opens an image file: decoding and preprocessing, without torch."""
