"""A post as files to take away: a script, a notebook, Markdown.

Each is made of the cells that readers are shown, never of the file as it was brought, so
nothing of a hostile notebook gets out; and reads its data from their addresses, so it runs
wherever it is taken.
"""
