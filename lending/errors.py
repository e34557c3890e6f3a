"""Refusals of lending, each with a stable code and a sentence for the person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidInput, NotAllowed


class NotReady(DomainError):
    """Something has to be done first: identity, bank account, a step of the application."""

    code = "not_ready"
    sentence = _("Something is still missing: please complete the steps before this one.")


class RequestClosed(DomainError):
    """The request takes no offers now."""

    code = "request_closed"
    sentence = _("This request no longer takes bids.")


class RequestFull(DomainError):
    """Less is missing than was bid."""

    code = "request_full"
    sentence = _("Only %(missing)s of this request is still open.")


class StillRoom(DomainError):
    """Nobody waits in line for a request that takes bids."""

    code = "still_room"
    sentence = _("This request still takes bids: there is no line to wait in.")


class AlreadyWaiting(DomainError):
    """One place in the line of a request for each lender."""

    code = "already_waiting"
    sentence = _("You are already in line for this request.")


class CoverDiffers(DomainError):
    """One lender's bids on a request become one claim, which has one cover."""

    code = "cover_differs"
    sentence = _("Your other bid on this request has another cover. Choose the same one here.")


class CoverClosed(DomainError):
    """The loan has begun, and with it its cover."""

    code = "cover_closed"
    sentence = _("The cover can no longer be changed: the loan has begun.")


class BidTooSmall(InvalidInput):
    """Under the smallest share."""

    code = "bid_too_small"
    sentence = _("The smallest bid is %(minimum)s.")


class BidOffStep(InvalidInput):
    """Not a multiple of the share size."""

    code = "bid_off_step"
    sentence = _("Bids go in steps of %(step)s.")


class NotALender(NotAllowed):
    """Only lenders lend; borrowers and staff never do."""

    code = "not_a_lender"
    sentence = _("Only lenders can do this.")


class NotABorrower(NotAllowed):
    """Only borrowers ask for loans."""

    code = "not_a_borrower"
    sentence = _("Only borrowers can do this.")


class TooLateToRevoke(DomainError):
    """The days of reflection are over, or the loan was made."""

    code = "too_late_to_revoke"
    sentence = _("This bid has become binding and can no longer be revoked.")


class NotFirm(DomainError):
    """Hand bids may still be revoked; the contract waits for them."""

    code = "not_firm"
    sentence = _("Lenders may still revoke their bids until %(day)s. You can sign after that.")


class FourEyes(NotAllowed):
    """The second pair of eyes must be another person's."""

    code = "four_eyes"
    sentence = _("A second person has to approve this; you were the first.")


class Overpayment(DomainError):
    """More was paid than is due; the rest is the borrower's."""

    code = "overpayment"
    sentence = _("Only %(due)s is due on this loan now.")


class NothingWaived(DomainError):
    """A settlement that leaves less than is pursued anyway would waive nothing."""

    code = "nothing_waived"
    sentence = _(
        "All but less than %(least)s of what is owed would be paid, and so little is not pursued."
        " Take the whole sum as a payment instead."
    )


class RateOutOfBand(InvalidInput):
    """The rate lies outside the band for the grade and term."""

    code = "rate_out_of_band"
    sentence = _("The rate must lie between %(floor)s and %(ceiling)s.")


class MandateInvalid(InvalidInput):
    """A filter or limit of a mandate contradicts another or the market's rules."""

    code = "mandate_invalid"
    sentence = _("This mandate could never place an offer as it stands.")


class AuctionIsWhole(InvalidInput):
    """An auction has one price for one amount."""

    code = "auction_is_whole"
    sentence = _("An auction is filled whole. Choose the whole amount, or a fixed rate.")


class PartTooSmall(DomainError):
    """Less is funded than the borrower said would do."""

    code = "part_too_small"
    sentence = _("Not enough is funded yet: %(least)s would do.")


class AlreadyOpen(DomainError):
    """A borrower has one request at a time on the market."""

    code = "already_open"
    sentence = _("You already have a request under way. Finish or withdraw it first.")


class ContactInText(InvalidInput):
    """A public text names an address, a site or an account."""

    code = "contact_in_text"
    sentence = _("Please leave out addresses, links and account numbers: everyone can read this.")


class AlreadyReviewed(NotAllowed):
    """One member of staff decides once on an assessment."""

    code = "already_reviewed"
    sentence = _("You have already decided on this request.")


class RateDiffers(InvalidInput):
    """Two people approve one rate."""

    code = "rate_differs"
    sentence = _("The first approval was for %(approved)s. Both have to approve the same rate.")


class NotImpartial(NotAllowed):
    """Whoever refused a request does not judge the complaint about it."""

    code = "not_impartial"
    sentence = _("You took part in the first decision, so someone else has to look at it again.")


class NameTaken(InvalidInput):
    """Two mandates of one lender bear different names."""

    code = "name_taken"
    sentence = _("You already have a mandate with this name.")


class AlreadyPriced(InvalidInput):
    """The price list has another rate from that day on."""

    code = "already_priced"
    sentence = _("Another rate is already set from that day on.")


class AskUs(DomainError):
    """More than a borrower can do alone; staff decide."""

    code = "ask_us"
    sentence = _("You cannot take this break by yourself. Ask us, and a person will decide.")


class NoSuchBreak(InvalidInput):
    """The months chosen are not among those that can be skipped."""

    code = "no_such_break"
    sentence = _("These instalments cannot be moved. Choose among those on the page.")


class ChangeUnderWay(DomainError):
    """One change of a loan's terms at a time."""

    code = "change_under_way"
    sentence = _("Another change of this loan is still open. It has to be answered first.")


class DebitUnderWay(DomainError):
    """The bank has yet to answer a debit of this loan."""

    code = "debit_under_way"
    sentence = _("A debit of this loan is under way. Wait until the bank has answered.")


class NotEased(InvalidInput):
    """The new terms would not help the borrower."""

    code = "not_eased"
    sentence = _("These terms would not be easier than the present ones.")


class GuardHolds(DomainError):
    """A step on the ladder of arrears still lacks something; the facts name it by code."""

    code = "guard_holds"
    sentence = _("This step is not possible yet.")


class NotRunning(DomainError):
    """The loan is not in the state that this act needs."""

    code = "not_running"
    sentence = _("This loan is not at the stage for that.")


class NoMoneyForIt(DomainError):
    """The operator's own money with the provider does not cover what came in for a loan."""

    code = "no_money_for_it"
    sentence = _("The operator's own money does not cover this yet: pay it in first.")


class LoanSetAside(DomainError):
    """A day end could not take the loan through its day, so nothing new is agreed on it."""

    code = "loan_set_aside"
    sentence = _("We are checking this loan at the moment. Please try again tomorrow.")


class NotReversible(DomainError):
    """Only a debit can come back, not what was paid out of a wallet."""

    code = "not_reversible"
    sentence = _("Only a debit of instalments can be taken back.")


class CannotRepayEarly(DomainError):
    """Nothing is left that is not yet due, or the loan was called due."""

    code = "cannot_repay_early"
    sentence = _("Nothing of this loan can be repaid early.")


class TooLittleForEarly(InvalidInput):
    """The amount does not reach principal that is not yet due."""

    code = "too_little_for_early"
    sentence = _("Please choose %(least)s or more.")


class WithdrawalOver(DomainError):
    """The days for withdrawing are over, or the loan has gone on."""

    code = "withdrawal_over"
    sentence = _("The right to withdraw ended on %(until)s, or the loan has moved on since.")


class NothingDue(DomainError):
    """There is nothing to pay today."""

    code = "nothing_due"
    sentence = _("Nothing is due on this loan now.")
