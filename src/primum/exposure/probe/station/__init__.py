"""The check of somebody's own computer, as one file: disc, lock, DICOM listeners, images lying about."""
