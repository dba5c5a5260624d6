"""What the random floors must meet, by the names that `tests.oracle.troubles` gives it."""

TROUBLES = """
a bare number
a call at the first instant of a day
a call at the last instant of a day
a call handed to another rep
a call missed at several desks
a classified leg beside another
a customer who let a number go
a day of 23 hours
a day of 23.5 hours
a day of 24.5 hours
a day of 25 hours
a day over the date line
a day whose zone ends
a day without an hour before
a day without its midnight
a fact after today
a fact before the rep's first state
a fact of a rep nobody announced
a floor changed from a date on
a floor of a team's own
a holiday
a leap day
a leg classified customer
a leg classified hold_line
a leg classified internal
a leg classified personal
a leg classified wrong_party
a number claimed
a number claimed by two
a order converted
a order without a rate
a part of a day off
a quote and a conversation 30 days and a microsecond apart
a quote and a conversation 30 days apart
a quote and a conversation 7 days and a microsecond apart
a quote and a conversation 7 days apart
a quote converted
a quote without a rate
a rep who came back
a rep who left
a rep who moved to another team
a return of a line that is not there
a return of another kind of line
a return of no confirmed order
a return that waits for a rate
a return without its order
a team's own week
a text that is no number
a tie of revisions: by id
a tie of revisions: by source
a tie of revisions: by time
a word on a leg that has not come
a word on a leg that is in nothing
a working day of a rep nobody announced
an assist
an hour that comes twice
an order after several quotes
an order after several quotes, two at one instant
an order at the first instant after the twelve months
an order at the first instant of the twelve months
an order right before the first instant of the twelve months
an order that names a draft
an order that names a quote
an order that names a quote that never came
an order that names a quote withdrawn
an order that names a quote, out of time
an order that names another rep's quote
an order that turns a quote it does not name
call: another direction
call: another outcome
call: another started_at
call: brought back
call: only a withdrawal came
call: withdrawn
conversation: another call_id
conversation: another kind
conversation: another rep_id
conversation: brought back
conversation: only a withdrawal came
conversation: withdrawn
conversations 90 days and a microsecond apart
conversations 90 days apart
conversations an hour and a microsecond apart
conversations an hour apart
conversations nothing and a microsecond apart
conversations nothing apart
customer: another phones
customer: brought back
customer: only a withdrawal came
customer: withdrawn
fx_rate: another rate
hold segments longer than their leg
hold segments of a leg
legs tie but for the rep
legs tie in talk
order: another lines
order: another rep_id
order: another status
order: brought back
order: only a withdrawal came
order: reopened
order: withdrawn
outbound calls 180 days and a microsecond apart
outbound calls 180 days apart
outbound calls 7 days and a microsecond apart
outbound calls 7 days apart
outbound calls nothing and a microsecond apart
outbound calls nothing apart
party: the word's is None, the leg's None
party: the word's is None, the leg's customer
party: the word's is None, the leg's number
party: the word's is customer, the leg's None
party: the word's is customer, the leg's customer
party: the word's is customer, the leg's number
party: the word's is number, the leg's None
party: the word's is number, the leg's customer
party: the word's is number, the leg's number
quote: another issued_at
quote: another rep_id
quote: another status
quote: brought back
quote: only a withdrawal came
quote: withdrawn
rep: another active
rep: another team
rep: another time_zone
rep: brought back
rep: only a withdrawal came
rep: withdrawn
return: another lines
return: another order_id
return: brought back
return: only a withdrawal came
return: withdrawn
ring segments of a leg
segments of a leg that is in nothing
segments without their leg
segments without their leg, classified
several legs meet a conversation
talk segments longer than their leg
talk segments of a leg
talktime: another call_id
talktime: another seconds
talktime: brought back
talktime: only a withdrawal came
talktime: withdrawn
the newest word is not the greatest revision
time off taken back
time_off: another fraction
words that differ on one leg
wrap_up segments of a leg
""".strip().splitlines()
