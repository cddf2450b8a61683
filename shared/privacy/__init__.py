"""Personal data: tokens that are joined and published, sealed fields that come back, masks for screens."""
