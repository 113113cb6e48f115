"""What those need who change the newsletter. No part of what is installed."""

MARK = "made-for-development"  # a file in each home that was made here, and in no other
CURATOR, PASSWORD = "curator@example.org", "for-development"  # of that home alone
