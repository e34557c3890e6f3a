"""Addresses of the API, below /api/v1/."""

from __future__ import annotations

from django.urls import path, re_path, register_converter
from django.views.generic import RedirectView

from api.converters import IdConverter
from api.views import (
    bids,
    breaks,
    docs,
    documents,
    early,
    forecasts,
    holdings,
    loans,
    mandates,
    market,
    me,
    pools,
    portfolio,
    quotes,
    rounds,
    spares,
    statistics,
    tokens,
    wallet,
)

register_converter(IdConverter, "id")

app_name = "api"
urlpatterns = [
    path("schema/", docs.SchemaView.as_view(), name="schema"),
    path("schema", RedirectView.as_view(pattern_name="api:schema")),
    path("docs/", docs.DocsView.as_view(), name="docs"),
    path("docs", RedirectView.as_view(pattern_name="api:docs")),
    path("tokens", tokens.TokensView.as_view(), name="tokens"),
    path("me", me.MeView.as_view(), name="me"),
    path("quotes", quotes.QuotesView.as_view(), name="quotes"),
    path("market/requests", market.MarketRequestsView.as_view(), name="market-requests"),
    path(
        "market/requests/<uuid:public_id>",
        market.MarketRequestView.as_view(),
        name="market-request",
    ),
    path(
        "market/requests/<uuid:public_id>/funding-curve",
        forecasts.FundingCurveView.as_view(),
        name="funding-curve",
    ),
    path("rounds", rounds.RoundsView.as_view(), name="rounds"),
    path("rounds/<id:round_id>", rounds.RoundView.as_view(), name="round"),
    path("statistics", statistics.StatisticsView.as_view(), name="statistics"),
    path("wallet", wallet.WalletView.as_view(), name="wallet"),
    path("wallet/entries", wallet.WalletEntriesView.as_view(), name="wallet-entries"),
    path("documents", documents.DocumentsView.as_view(), name="documents"),
    path("documents/<id:document_id>", documents.DocumentView.as_view(), name="document"),
    path("bids", bids.BidsView.as_view(), name="bids"),
    path("bids/<id:bid_id>", bids.BidView.as_view(), name="bid"),
    path("bids/<id:bid_id>/cover", bids.BidCoverView.as_view(), name="bid-cover"),
    path("bids/<id:bid_id>/revoke", bids.RevokeBidView.as_view(), name="revoke-bid"),
    path("line", spares.SparesView.as_view(), name="line"),
    path("line/<id:spare_id>", spares.SpareView.as_view(), name="place-in-line"),
    path("line/<id:spare_id>/leave", spares.LeaveLineView.as_view(), name="leave-line"),
    path("mandates", mandates.MandatesView.as_view(), name="mandates"),
    path("mandates/backtest", forecasts.MandateBacktestView.as_view(), name="mandate-backtest"),
    path("mandates/<id:mandate_id>", mandates.MandateView.as_view(), name="mandate"),
    path(
        "mandates/<id:mandate_id>/pause",
        mandates.PauseMandateView.as_view(),
        name="pause-mandate",
    ),
    path(
        "mandates/<id:mandate_id>/resume",
        mandates.ResumeMandateView.as_view(),
        name="resume-mandate",
    ),
    path("mandates/<id:mandate_id>/end", mandates.EndMandateView.as_view(), name="end-mandate"),
    path("portfolio", portfolio.PortfolioView.as_view(), name="portfolio"),
    path("holdings", holdings.HoldingsView.as_view(), name="holdings"),
    path("pool-lines", pools.PoolLinesView.as_view(), name="pool-lines"),
    path("pools", pools.PoolsView.as_view(), name="pools"),
    path("holdings/<id:holding_id>", holdings.HoldingView.as_view(), name="holding"),
    path("loans", loans.LoansView.as_view(), name="loans"),
    path("loans/<id:loan_id>", loans.LoanView.as_view(), name="loan"),
    path("loans/<id:loan_id>/break", breaks.LoanBreakView.as_view(), name="loan-break"),
    path(
        "loans/<id:loan_id>/break/preview",
        breaks.BreakPreviewView.as_view(),
        name="loan-break-preview",
    ),
    path("loans/<id:loan_id>/schedule", loans.LoanScheduleView.as_view(), name="loan-schedule"),
    path("loans/<id:loan_id>/payoff", early.PayoffView.as_view(), name="payoff"),
    path(
        "loans/<id:loan_id>/early-repayments",
        early.EarlyRepaymentsView.as_view(),
        name="early-repayments",
    ),
    path(
        "loans/<id:loan_id>/withdrawal",
        early.ContractWithdrawalView.as_view(),
        name="contract-withdrawal",
    ),
    re_path("", docs.NothingHereView.as_view()),
]
