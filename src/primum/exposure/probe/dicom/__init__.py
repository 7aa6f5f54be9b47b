"""DICOM of the probe: upper layer, DIMSE, titles, and the ladder (PS3.7, PS3.8). Entered by `speaker.DicomSpeaker`."""
