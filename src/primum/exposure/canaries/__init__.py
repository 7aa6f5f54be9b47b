"""Canaries: synthetic studies that a probe of our own archive planted, so that it need read nobody else's.

store.py keeps which they are until they are gone; app joins it with imaging, which takes them in and erases them.
"""
