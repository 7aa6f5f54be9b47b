"""Grayscale Softcopy Presentation States (PS3.3 A.33.1, PS3.4 annex N): read, and applied to the images they name.

`state` reads one; `codecs/presenting.py` and `codecs/drawing.py` apply it, in a codec process like all that is drawn.
"""
