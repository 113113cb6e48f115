"""How requests come in and answers go out: gunicorn's processes, waitress's threads."""
