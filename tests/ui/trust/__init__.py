"""One server and one browser for these tests: pytest keeps what a package shares as long as it is a package."""
