"""Forgetting a person: what each wing holds of erased policies is overwritten, now or once no claim is open."""
