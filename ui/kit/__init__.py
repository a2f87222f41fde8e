"""What the tabs share: words, fields, formatting, engines, access."""
