"""Studies on media: discs, archives, folders that come in; sealed files that go out (docs/design/media.md)."""
