<<<<<<< HEAD
<<<<<<< HEAD
"""Every way in: the command line, the pages, DICOMweb, DICOM, the worker's socket. Nothing else listens."""
=======
"""Every way in, and nothing else is."""
>>>>>>> dimse
=======
"""Every way in, and nothing else is."""
>>>>>>> web
