"""The rules of claims: cover, payable amount, features and the decision policy. Pure functions over frozen values."""
