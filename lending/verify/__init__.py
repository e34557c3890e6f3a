"""Proves lending against the ledger and against itself, by plain SQL.

None of the proofs shares code with the services, so that a mistake there is not repeated here.
"""

from lending.verify.arrears import (
    cases_agree_with_loans,
    costs_equal_postings,
    write_offs_equal_shares,
)
from lending.verify.lenders import (
    fees_equal_postings,
    holdings_equal_invested,
    lenders_add_up,
    reserved_equals_open_offers,
)
from lending.verify.life import requests_fully_funded_when_disbursed, states_follow_the_graph
from lending.verify.loans import (
    holdings_equal_principal,
    instalments_sum_to_principal,
    loan_sums,
    repayments_equal_parts_and_shares,
)
from lending.verify.pools import covers_agree, pools_share_out
from lending.verify.statements import issued_statements_hold, statements_balance

__all__ = [
    "cases_agree_with_loans",
    "costs_equal_postings",
    "covers_agree",
    "fees_equal_postings",
    "holdings_equal_invested",
    "holdings_equal_principal",
    "instalments_sum_to_principal",
    "issued_statements_hold",
    "lenders_add_up",
    "loan_sums",
    "pools_share_out",
    "repayments_equal_parts_and_shares",
    "requests_fully_funded_when_disbursed",
    "reserved_equals_open_offers",
    "statements_balance",
    "states_follow_the_graph",
    "write_offs_equal_shares",
]
