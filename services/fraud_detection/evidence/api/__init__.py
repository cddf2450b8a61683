"""Files over HTTP: a channel sends them, staff looks at what was made of them."""
