"""What enrollment learns from the other services, and hears of itself: one module per topic."""
