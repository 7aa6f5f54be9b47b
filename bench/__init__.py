"""Speed, side by side: Primum, Debian's Orthanc and DCMTK's storescp, in one run, with one sender.

Only ratios within one run mean anything: rates drift from machine to machine and from hour to hour.
"""
