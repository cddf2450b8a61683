"""What webhooks of each service share: what is refused, who is told, how a message looks."""
