"""DICOMweb: QIDO-RS and WADO-RS, for the viewer and for programs of a signed-in person."""
