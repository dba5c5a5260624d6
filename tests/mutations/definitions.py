"""Breaks of what a change of definition has to keep: restated settings, rebuild, the proof."""

from tests.mutations.mutation import Mutation

CALENDARS = ("tests/test_calendars.py",)
DEFINITION = ("tests/test_definition.py",)
CHANGED = ("tests/test_changed_definitions.py",)

MUTATIONS = (
    Mutation(
        "app/start.py",
        "await _restate(session, known, wanted, settings, now)",
        "pass",
        "a calendar that changes restates the final days that are worked otherwise",
        CHANGED,
    ),
    Mutation(
        "app/start.py",
        "**{name: wanted[name] for name in READING}",
        "**{}",
        "settings that are only read hold at once, though others wait for a rebuild",
        ("tests/test_rebuild.py::test_what_is_only_read_is_kept_at_a_start",),
    ),
    Mutation(
        "app/calendars.py",
        "if called if state is None else state.active:",
        "if state is not None and state.active:",
        "a calendar that changes reaches those nobody announced",
        CALENDARS,
    ),
    Mutation(
        "app/calendars.py",
        "before != after or (before != 0 and stretch.day != stretch.last_day)",
        "before != after",
        "as many working days on other dates are a restatement too",
        CALENDARS,
    ),
    Mutation(
        "app/definition.py",
        "return max(now - self.after, self.already)",
        "return now - self.after",
        "a day that was final is not opened again by a setting",
        DEFINITION,
    ),
    Mutation(
        "app/definition.py",
        "so_far = [d for d in known if d.at <= moment]",
        "so_far = known",
        "the past is read by the settings of then",
        CHANGED,
    ),
    Mutation(
        "app/rebuild.py",
        "if content != content_of(settings):",
        "if False:",
        "two rebuilds by different settings do not mix",
        ("tests/test_rebuild.py::test_one_by_other_settings_takes_its_place",),
    ),
    Mutation(
        "app/rebuild.py",
        "written(key_of(rows[-1])) if len(rows) == AT_ONCE else None,",
        "None,",
        "a rebuild goes on after the last record of a page",
        ("tests/commands/test_rebuild.py::test_nothing_to_do_unless_forced",),
    ),
    Mutation(
        "app/ingest.py",
        "if await rebuilding(session):",
        "if False:",
        "what comes in during a rebuild is taken into it",
        ("tests/test_rebuild.py::test_ingest_goes_on_and_cuts_do_no_harm[0]",),
    ),
    Mutation(
        "app/swap.py",
        '"UPDATE versions SET ingest = ingest + 1, directory = directory + 1 WHERE id = 1"',
        '"SELECT 1"',
        "a running server shows what a rebuild changed at once",
        ("tests/api/test_at_once.py",),
    ),
    Mutation(
        "app/proof/repair.py",
        '"UPDATE versions SET ingest = ingest + 1"',
        '"SELECT 1"',
        "a running server shows what a repair changed at once",
        ("tests/api/test_at_once.py",),
    ),
    Mutation(
        "app/swap.py",
        "for day in first if unannounced(*day, closing)",
        "for day in first if False",
        "a rebuild that makes a first call restates the working day",
        CHANGED,
    ),
    Mutation(
        "app/proof/claims.py",
        "WHERE s.phone IS NULL OR c.phone IS NULL ORDER BY",
        "WHERE c.phone IS NULL ORDER BY",
        "a claim on a number that is missing is found",
        ("tests/test_verify.py",),
    ),
    Mutation(
        "app/proof/claims.py",
        "await claimed(session, set(numbers), dirty)",
        "pass",
        "claims are mended with the facts that rest on them",
        ("tests/test_verify.py",),
    ),
    Mutation(
        "app/proof/repair.py",
        "worked = await prepare_called(session, called, closing, calendar)",
        "worked = await prepare_called(session, {}, closing, calendar)",
        "a repair that brings a first call back restates the working day",
        ("tests/test_verify.py",),
    ),
)
