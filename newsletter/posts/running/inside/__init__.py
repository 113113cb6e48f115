"""Programs that run in a post's own environment: they import nothing of ours."""
