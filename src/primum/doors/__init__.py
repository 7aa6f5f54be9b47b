"""Every way in: the command line, the pages, DICOMweb, DICOM, the worker's socket. Nothing else listens."""
