"""Which edition of the rules this code holds to. Raise it with every change of what a fact means
or adds to its day: what is stored was worked out by the edition before, until it is rebuilt.
"""

EDITION = 1
