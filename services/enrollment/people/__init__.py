"""People as enrollment knows them: who agreed to what, who opted out, and what a policy says of the insured."""
