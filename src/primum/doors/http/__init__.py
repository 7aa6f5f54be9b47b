"""What the web doors share: bounds, headers, sessions, forms, and the way to what may be shown."""
