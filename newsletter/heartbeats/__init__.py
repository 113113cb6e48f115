"""Who lives: each process that runs writes a row every few seconds, and all can read them."""
