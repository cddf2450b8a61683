"""Claims that are filed or decided several at a time."""
