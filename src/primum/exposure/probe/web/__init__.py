"""The probe's side of HTTP: products' pages, DICOMweb, a Primum's own table of routes."""

from primum.exposure.probe.web.speaker import WebSpeaker

__all__ = ["WebSpeaker"]
