"""An hour of mixed load on a real home: does memory stay flat, do descriptors, does speed."""
