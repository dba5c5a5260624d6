"""Breaks of what facts mean: days, the call ladder, look-backs, orders and quotes."""

from tests.mutations.mutation import FLOORS, MORE_FLOORS, Mutation

LADDER = ("tests/meaning/test_ladder.py",)
LOOKBACK = ("tests/meaning/test_lookback.py",)
RESULTS = ("tests/meaning/test_results.py",)
ADDS = ("tests/meaning/test_contributions.py",)

DAYS = (
    Mutation(
        "app/directory.py",
        "return day_start(self.zone_on(day), day)",
        'return day_start("UTC", day)',
        "a day is the rep's own, not UTC's",
        ("tests/test_directory.py",),
    ),
    Mutation(
        "app/directory.py",
        "if instant >= self.start_of(day + DAY):",
        "if instant > self.start_of(day + DAY):",
        "an instant belongs to the latest day whose start is not after it",
        ("tests/test_directory.py",),
    ),
    Mutation(
        "app/directory.py",
        "return state.time_zone if state else self.default_zone",
        "return self.states[-1].time_zone if self.states else self.default_zone",
        "a day is in the zone effective on it",
        ("tests/test_directory.py",),
    ),
    Mutation(
        "app/periods.py",
        "if before.astimezone(tz).date() == day and before.astimezone(tz).time() == time():",
        "if True:",
        "a day without its midnight starts with the first instant of its date",
        ("tests/test_periods.py",),
    ),
    Mutation(
        "app/periods.py",
        "return Period(kind, months_before(day, 12) + DAY, day + DAY)",
        "return Period(kind, day - timedelta(days=365) + DAY, day + DAY)",
        "the twelve months are calendar months, leap days or not",
        ("tests/test_periods.py",),
    ),
)

CALLS = (
    Mutation(
        "app/meaning/ladder.py",
        'if leg.voided or leg.test or leg.direction == "internal":',
        "if leg.voided or leg.test:",
        "internal legs are in nothing",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        'if leg.voided or leg.test or leg.direction == "internal":',
        'if leg.voided or leg.direction == "internal":',
        "test legs are in nothing",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        'return bridged and leg.answered_by != "machine"',
        "return bridged",
        "a machine answers nothing",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "(answered_at is not None or (talk or 0) > 0)",
        "(answered_at is not None or talk is not None)",
        "talk of 0 bridges nothing",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "talk >= floors.on(team, leg.day)",
        "talk > floors.on(team, leg.day)",
        "talk of exactly the floor is a conversation",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "team = timeline.team_on(leg.day) if floors.steps else None",
        "team = None",
        "the floor is that of the rep's team on that day",
        (FLOORS, MORE_FLOORS),
    ),
    Mutation(
        "app/floors.py",
        "if since > day:",
        "if False:",
        "a floor changed from a date on leaves what came before",
        ("tests/test_floors.py",),
    ),
    Mutation(
        "app/meaning/ladder.py",
        'NO_CALL = frozenset({"personal", "internal"})',
        'NO_CALL = frozenset({"personal"})',
        "a call classified internal is no call",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        'OTHER = frozenset({"personal", "internal", "hold_line"})',
        'OTHER = frozenset({"personal", "internal"})',
        "talk on a hold line is no customer talk",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        'talk = min(sums["talk"], length)',
        'talk = sums["talk"]',
        "segments count at most the leg's length",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "(leg.ended_at - answered_at) // SECOND - (hold or 0))",
        "(leg.ended_at - answered_at) // SECOND)",
        "talk that is worked out is without the hold",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "(leg.ended_at - answered_at) // SECOND - (hold or 0))",
        "-((answered_at - leg.ended_at) // SECOND) - (hold or 0))",
        "derived seconds are rounded down",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "return word.event_time or BEFORE_ALL, word.revision, word.event_id, word.source",
        "return word.revision, word.event_time or BEFORE_ALL, word.event_id, word.source",
        "the newest word counts, whatever its revision",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "phone = word.phone or leg.phone",
        "phone = leg.phone or word.phone",
        "the classification's bare number comes before the leg's",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "leg.classified is None,",
        "leg.classified is not None,",
        "a classified leg has the conversation before others",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "-(leg.talk or 0),",
        "(leg.talk or 0),",
        "then the longest talk has it",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "if not reached:",
        "if True:",
        "a call that somebody took is missed by nobody",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "if leg.marks & ANSWERED or said is not None:",
        "if leg.marks & ANSWERED:",
        "a call that is classified is missed by nobody",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        "withdrawn = [leg.agent for leg in legs if leg.voided]",
        "withdrawn: list[str] = []",
        "segments of a withdrawn leg are in nothing",
        LADDER,
    ),
    Mutation(
        "app/meaning/ladder.py",
        'spoken = conversation.channel in ("phone", "video")',
        'spoken = conversation.channel in ("phone", "video", "chat")',
        "a chat adds no talk",
        LADDER,
    ),
)

LOOK_BACKS = (
    Mutation(
        "app/meaning/lookback.py",
        "conversations[latest - 1] < start - REPEAT_WITHIN:",
        "conversations[latest - 1] <= start - REPEAT_WITHIN:",
        "a conversation exactly 90 days before makes a repeat",
        LOOKBACK,
    ),
    Mutation(
        "app/meaning/lookback.py",
        "latest = bisect_right(conversations, start - REPEAT_APART)",
        "latest = bisect_left(conversations, start - REPEAT_APART)",
        "a conversation exactly an hour before makes a repeat",
        LOOKBACK,
    ),
    Mutation(
        "app/meaning/lookback.py",
        "quotes[first] <= start + QUOTE_AFTER",
        "quotes[first] < start + QUOTE_AFTER",
        "a quote exactly 7 days after counts",
        LOOKBACK,
    ),
    Mutation(
        "app/meaning/lookback.py",
        "first = bisect_left(quotes, start - QUOTE_BEFORE)",
        "first = bisect_right(quotes, start - QUOTE_BEFORE)",
        "a quote exactly 30 days before counts",
        LOOKBACK,
    ),
    Mutation(
        "app/meaning/lookback.py",
        "made = bisect_right(outbound, start) - bisect_right(outbound, week_ago)",
        "made = bisect_right(outbound, start) - bisect_left(outbound, week_ago)",
        "a call exactly 7 days before is not among the three",
        LOOKBACK,
    ),
    Mutation(
        "app/meaning/lookback.py",
        "UNPRODUCTIVE_CALLS = 3",
        "UNPRODUCTIVE_CALLS = 4",
        "three calls in vain are enough",
        LOOKBACK,
    ),
    Mutation(
        "app/meaning/lookback.py",
        "outbound[earlier - 1] < start - NEW_AFTER:",
        "outbound[earlier - 1] <= start - NEW_AFTER:",
        "who was called exactly 180 days before is not new",
        LOOKBACK,
    ),
    Mutation(
        "app/meaning/lookback.py",
        "if marks & (CONVERSATION | ASSIST):",
        "if marks & CONVERSATION:",
        "an assist is no call in vain",
        (FLOORS, MORE_FLOORS),
    ),
)

ORDERS = (
    Mutation(
        "app/meaning/results.py",
        "<= NAMED_WITHIN",
        "< NAMED_WITHIN",
        "an order exactly 180 days after turns the quote that it names",
        RESULTS,
    ),
    Mutation(
        "app/meaning/results.py",
        "<= UNNAMED_WITHIN",
        "< UNNAMED_WITHIN",
        "an order exactly 30 days after turns a quote that it does not name",
        RESULTS,
    ),
    Mutation(
        "app/meaning/results.py",
        "if named is not None and not named.voided:",
        "if named is not None and issued(named):",
        "a draft that an order names is a standing quote, and turns nothing",
        RESULTS,
    ),
    Mutation(
        "app/meaning/results.py",
        "if named is not None and not named.voided:",
        "if order.quote_id is not None:",
        "an order that names a withdrawn quote may turn another",
        RESULTS,
    ),
    Mutation(
        "app/meaning/results.py",
        "return max(candidates, key=lambda quote: (quote.issued_at, quote.quote_id)).quote_id",
        "return max(candidates, key=lambda quote: quote.quote_id).quote_id",
        "of several quotes the latest turns",
        RESULTS,
    ),
    Mutation(
        "app/meaning/known.py",
        "i = bisect_right(days, day)\n        return self.all",
        "i = bisect_left(days, day)\n        return self.all",
        "money converts at the rate of its day, not of the day before",
        RESULTS,
    ),
    Mutation(
        "app/meaning/contributions.py",
        "if leg.hold >= HEAVY_HOLD and leg.hold > talk:",
        "if leg.hold >= HEAVY_HOLD:",
        "hold is heavy only if it is more than talk",
        ADDS,
    ),
    Mutation(
        "app/meaning/contributions.py",
        "HEAVY_HOLD = 300",
        "HEAVY_HOLD = 301",
        "hold is heavy from 300 s",
        ADDS,
    ),
    Mutation(
        "app/meaning/contributions.py",
        'ITEMS = frozenset({"goods", "service"})',
        'ITEMS = frozenset({"goods", "service", "freight"})',
        "goods and service lines only",
        ADDS,
    ),
    Mutation(
        "app/meaning/contributions.py",
        "(line.quantity * line.unit_price - line.discount)",
        "(line.quantity * line.unit_price)",
        "net is without the discount",
        ADDS,
    ),
    Mutation(
        "app/meaning/contributions.py",
        'if order.voided or order.status != "confirmed":',
        'if order.voided or order.status == "test":',
        "only confirmed orders count",
        ADDS,
    ),
    Mutation(
        "app/meaning/contributions.py",
        "cost = line.quantity * origin.unit_cost if line.cost is None else line.cost",
        "cost = line.quantity * origin.unit_cost",
        "what came back costs what the return says",
        ADDS,
    ),
    Mutation(
        "app/meaning/contributions.py",
        "costed = bool(lines) and all(line.unit_cost is not None for line in lines)",
        "costed = bool(lines)",
        "a cost that is not known is not 0",
        ADDS,
    ),
)

MUTATIONS = (*DAYS, *CALLS, *LOOK_BACKS, *ORDERS)
