"""Lists that age: each a TOML file with its date and its source, read as it lies in the package or the zip."""
