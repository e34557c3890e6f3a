"""Addresses of the pages for people."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from web.views import (
    applications,
    backtests,
    bids,
    borrower,
    breaks,
    contracts,
    documents,
    early,
    funding_curves,
    holdings,
    lender,
    mandates,
    market,
    messages,
    pools,
    preferences,
    profile,
    public,
    requests,
    rounds,
    spares,
    statements,
    statistics,
    wallet,
)

app_name = "web"

_PUBLIC: list[URLPattern] = [
    path("", public.landing, name="landing"),
    path("how-it-works/", public.how_it_works, name="how_it_works"),
    path("prices/", public.prices, name="prices"),
    path("statistics/", statistics.statistics, name="statistics"),
    path("statistics/loan-book.csv", statistics.loan_book_file, name="loan_book_file"),
    path("help/", public.help_page, name="help"),
    path("credit-information/", public.credit_information, name="credit_information"),
    path("lender-risks/", public.lender_risks, name="lender_risks"),
    path("legal-notice/", public.legal_notice, name="legal_notice"),
    path("language/", preferences.set_language, name="language"),
    path("theme/", preferences.set_theme, name="theme"),
]
_MARKET: list[URLPattern] = [
    path("market/", market.market, name="market"),
    path("market/rounds/", rounds.rounds, name="rounds"),
    path("market/rounds/<int:round_id>/", rounds.round_page, name="round"),
    path("market/<uuid:public_id>/", market.request_page, name="request"),
    path("market/<uuid:public_id>/funding/", market.funding, name="funding"),
    path("market/<uuid:public_id>/bid/", bids.bid, name="bid"),
    path("market/<uuid:public_id>/line/", spares.wait_in_line, name="wait_in_line"),
]
_PERSON: list[URLPattern] = [
    path("home/", profile.home, name="home"),
    path("profile/", profile.profile, name="profile"),
    path("profile/identity/", profile.start_identity, name="identity_start"),
    path("profile/identity/return/", profile.identity_return, name="identity_return"),
    path("profile/bank/", profile.add_bank_account, name="bank_add"),
    path("profile/bank/go-on/", profile.go_on_with_bank, name="bank_go_on"),
    path("profile/bank/return/", profile.bank_return, name="bank_return"),
    path("messages/", messages.messages, name="messages"),
    path("messages/<int:message_id>/", messages.message, name="message"),
]
_DOCUMENTS: list[URLPattern] = [
    path("documents/", documents.documents, name="documents"),
    path("documents/<int:document_id>.pdf", documents.document, name="document"),
    path("loans/<int:loan_id>/schedule.pdf", documents.schedule, name="schedule_pdf"),
    path("wallet/tax/<int:year>/", documents.tax, name="tax"),
    path("wallet/tax/<int:year>.pdf", documents.tax_file, name="tax_pdf"),
]
_BORROWER: list[URLPattern] = [
    path("borrower/", borrower.home, name="borrower_home"),
    path("loans/<int:loan_id>/", borrower.loan, name="loan"),
    path("loans/<int:loan_id>/break/", breaks.studio, name="loan_break"),
    path("changes/<int:change_id>/", breaks.offer, name="loan_change"),
    path("loans/<int:loan_id>/early/", early.early, name="loan_early"),
    path("loans/<int:loan_id>/pay/", early.pay_due, name="loan_pay"),
    path("loans/<int:loan_id>/withdraw/", early.withdraw_loan, name="loan_withdraw"),
    path("requests/", requests.my_request, name="my_request"),
    path("requests/start/", applications.start, name="application_start"),
    path("requests/<int:request_id>/", requests.page, name="my_request_page"),
    path("requests/<int:request_id>/review/", applications.review, name="application_review"),
    path("requests/<int:request_id>/withdraw/", requests.withdraw, name="withdraw_request"),
    path("requests/<int:request_id>/take/", requests.take, name="take_part"),
    path("requests/<int:request_id>/appeal/", requests.appeal, name="appeal"),
    path("requests/<int:request_id>/sign/", contracts.sign_page, name="sign"),
    path("requests/<int:request_id>/contract.pdf", contracts.contract, name="contract"),
    path("requests/<int:request_id>/pre-contract.pdf", contracts.pre_contract, name="pre_contract"),
    path("requests/<int:request_id>/chances/", requests.curve, name="listed_curve"),
    path(
        "requests/<int:request_id>/chances-of-draft/",
        funding_curves.draft_curve,
        name="application_curve",
    ),
    path("requests/<int:request_id>/<slug:name>/", applications.step, name="application_step"),
]
_LENDER: list[URLPattern] = [
    path("lender/", lender.home, name="lender_home"),
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/pay-in/", wallet.pay_in, name="pay_in"),
    path("wallet/pay-in/return/", wallet.pay_in_return, name="pay_in_return"),
    path("wallet/withdraw/", wallet.withdraw, name="withdraw"),
    path("wallet/statement/", statements.statement, name="statement"),
    path("wallet/statement.csv", statements.statement_file, name="statement_file"),
    path("wallet/statement.pdf", statements.statement_pdf, name="statement_pdf"),
    path("wallet/journal/<int:entry_id>/", statements.journal, name="journal"),
    path("holdings/", holdings.holdings, name="holdings"),
    path("holdings/pools/", pools.pools, name="pools"),
    path("holdings/pools/<int:run_id>/", pools.pool_run, name="pool_run"),
    path("holdings/<int:holding_id>/", holdings.holding, name="holding"),
    path("offers/", bids.offers, name="offers"),
    path("offers/<int:offer_id>/receipt/", bids.receipt, name="receipt"),
    path("offers/<int:offer_id>/cover/", bids.choose_cover, name="choose_cover"),
    path("offers/<int:offer_id>/revoke/", bids.revoke, name="revoke"),
    path("line/<int:spare_id>/leave/", spares.leave_line, name="leave_line"),
    path("mandates/", mandates.mandates, name="mandates"),
    path("mandates/new/", mandates.write, name="mandate_new"),
    path("mandates/preview/", mandates.preview, name="mandate_preview"),
    path("mandates/backtest/", backtests.try_mandate, name="mandate_backtest"),
    path("mandates/<int:mandate_id>/backtest/", backtests.try_mandate, name="mandate_backtest_of"),
    path("mandates/<int:mandate_id>/", mandates.mandate, name="mandate"),
    path("mandates/<int:mandate_id>/edit/", mandates.write, name="mandate_edit"),
    path("mandates/<int:mandate_id>/<slug:name>/", mandates.act, name="mandate_act"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *_PUBLIC,
    *_MARKET,
    *_PERSON,
    *_DOCUMENTS,
    *_BORROWER,
    *_LENDER,
]
