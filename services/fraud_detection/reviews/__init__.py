"""What a person of the staff does: read a case with its whole trace, decide it, name its event."""
