"""Instances put together of metadata and bulk data (PS3.18 10.5.2; docs/design/web.md, Storing).

`jsonreading` and `xmlreading` read what a stranger sent into one checked form (`values`); `bitstreams` reads what
compressed pixel data say of themselves; `assembling` writes the file that is then taken in like any other.
"""
