"""The words that every part shares: events, rows, messages, frames, problems, metric names."""
