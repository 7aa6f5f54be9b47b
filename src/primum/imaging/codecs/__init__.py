"""Pixel data in another transfer syntax, and as pictures (docs/design/codecs.md).

`table` says what is possible; `pool` runs `child` processes, the only ones that load NumPy and the codecs;
`transcoding` rewrites data sets; `rendering` makes pictures.
"""
