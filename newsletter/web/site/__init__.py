"""The public site: one blueprint an idea. None of them reads or sets a cookie."""
