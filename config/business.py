"""What the business does each day and what must hold of its money, named in one place."""

# Dotted names of the acts that close a business date, in order; see `core.day_end`. What is done
# loan by loan stands in LOAN_STEPS below, which `service_loans` goes through.
DAY_END_STEPS: tuple[str, ...] = (
    "payments.services.sandbox_day.play",
    "lending.services.expiry.expire_requests",
    "lending.services.mandates.end_mandates",
    "lending.services.disbursements.disburse_accepted",
    "payments.services.payouts.send_due",
    "payments.services.collections.collect_due",
    "payments.services.closings.close_due",
    "lending.services.pools.run_pools",
    "lending.services.receivables.settle_all",
    "lending.services.servicing.service_loans",
    "lending.services.hardship.end_changes",
    "lending.services.documents.issue_documents",
    "payments.services.provider_statements.close_books",
    "api.idempotency.forget_answers",
    "ledger.sealing.seal_day",
)
# Dotted names of the acts of a loan's day, in order: `act(*, loan_ids, on, at) -> dict`. They book
# no money, may be done twice, and look at nothing but the loans that they are given, so that a
# loan which missed days can go through them alone; see `lending.services.servicing`.
LOAN_STEPS: tuple[str, ...] = (
    "lending.services.arrears.note_dues",
    "lending.services.default_interest.charge_late_loans",
    "lending.services.arrears.age_loans",
    "lending.services.arrears_cases.walk",
    "lending.services.arrears_cases.leave_default",
)
# Dotted names of the proofs that `manage.py verify_money` runs; see `core.findings`.
MONEY_CHECKS: tuple[str, ...] = (
    "ledger.verify.balances_recount",
    "ledger.verify.sides_balance",
    "ledger.verify.entries_have_moves",
    "ledger.verify.passing_accounts_are_empty",
    "ledger.verify.floors_hold",
    "ledger.verify.as_of_balances_rebuild",
    "ledger.verify.chain_is_whole",
    "lending.verify.holdings_equal_principal",
    "lending.verify.holdings_equal_invested",
    "lending.verify.loan_sums",
    "lending.verify.instalments_sum_to_principal",
    "lending.verify.repayments_equal_parts_and_shares",
    "lending.verify.reserved_equals_open_offers",
    "lending.verify.lenders_add_up",
    "lending.verify.requests_fully_funded_when_disbursed",
    "lending.verify.states_follow_the_graph",
    "lending.verify.write_offs_equal_shares",
    "lending.verify.costs_equal_postings",
    "lending.verify.cases_agree_with_loans",
    "lending.verify.covers_agree",
    "lending.verify.pools_share_out",
    "payments.verify.pay_ins_are_booked",
    "payments.verify.collections_are_booked",
    "payments.verify.payouts_are_booked",
    "payments.verify.charges_are_booked",
    "payments.verify.returns_are_booked",
    "payments.verify.disputes_are_known",
    "payments.verify.operations_are_finished",
    "payments.verify.provider_agrees",
    "payments.verify.suspense_agrees",
    "payments.verify.provider_statements_add_up",
    "lending.verify.fees_equal_postings",
    "lending.verify.statements_balance",
    "lending.verify.issued_statements_hold",
)
