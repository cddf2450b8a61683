"""From a partner's file to rows: compression, text encoding, format, columns."""
