"""The bank: what we ask of any (``bank.Bank``), and one that is reached over HTTP (``http_bank``)."""
