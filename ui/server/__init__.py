"""What stands around the page: which requests it gets, in which order, and how long what they bring stays."""
