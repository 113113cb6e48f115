"""Copies of the database: made each night, put back, and kept from mailing by themselves."""
