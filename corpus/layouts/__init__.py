"""The layouts that a corpus on this machine may have: one file a layout, each gives its rows as they came."""
