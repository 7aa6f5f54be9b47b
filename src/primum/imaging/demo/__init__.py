"""What a demo home holds: phantoms that look like medicine, of people who never were.

Needs NumPy (the `demo` extra), so nothing else may import this package at its top: `app` does it when a
demo home is made. `generate` gives the data sets, `write_folder` writes them as files, `ct_truth` gives
the Hounsfield units that a viewer must show.
"""

from primum.imaging.demo.folder import wrapped, write_folder
from primum.imaging.demo.generate import COUNT, DemoInstance, ct_truth, generate, study_instances
from primum.imaging.demo.patients import STUDIES, Kind, Patient, Study

__all__ = [
    "COUNT",
    "STUDIES",
    "DemoInstance",
    "Kind",
    "Patient",
    "Study",
    "ct_truth",
    "generate",
    "study_instances",
    "wrapped",
    "write_folder",
]
