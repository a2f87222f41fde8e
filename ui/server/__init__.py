"""What stands around the page: which requests it gets, and how long what they bring stays."""
