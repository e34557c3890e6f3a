"""The matching engine: a pure function from a market, a seed and the carry to stakes.

No Django, no clock, no database, no float: whole numbers in, whole numbers out, the same bytes on
every machine. `solve.solve` is the door; `problem` says what a market is, `check` refuses a round
that breaks a rule, `explain` says why each stake is as large as it is.
"""
