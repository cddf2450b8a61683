"""People as enrollment knows them: consents, opt-outs, and the vault that turns them into tokens and sealed records."""
