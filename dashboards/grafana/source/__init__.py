"""The dashboards as they are written by hand: one module each, and what they share."""
