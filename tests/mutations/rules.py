"""All the breaks, in the order of the data's path."""

from tests.mutations import definitions, figures, meaning, sensitivity, taking

MUTATIONS = (
    *taking.MUTATIONS,
    *meaning.MUTATIONS,
    *figures.MUTATIONS,
    *definitions.MUTATIONS,
    *sensitivity.MUTATIONS,
)
