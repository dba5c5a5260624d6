"""How often Python looks for cycles among our objects: seldom, since we make many and no cycles.

After every 700 new objects, as it does by itself, it took a sixth of the consumer's time, and of a
server with a directory of 10,000 reps 100 ms every few seconds, in which nobody is answered.
"""

import gc

_NEW_OBJECTS = 100_000  # some batch's


def look_seldom() -> None:
    """From now on, in this process."""
    gc.set_threshold(_NEW_OBJECTS)
