"""The audit log: who changed what, from where, in a chain that shows what was altered.

Nothing writes it by hand. ``recorder`` watches each transaction of a request or a command that
somebody is answerable for, ``recorded`` says what of a row it may hold, ``chain`` adds the entry
in the same transaction and checks the whole, ``reading`` finds and exports entries.
"""
