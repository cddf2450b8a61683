"""One struct for each event type, and the schemas generated from them. Pure; no personal data in any but masks."""
