"""Every operation of the provider, and the act of the house that causes it: what the faults meet.

A case is lived through in a scene: something is arranged, the act meets the fault, time goes on,
the person or the sweep tries again, and then everything must be as if there had been no fault.
"""

from tests.payments.matrix.borrowers import BORROWERS, borrower
from tests.payments.matrix.desk import DESK
from tests.payments.matrix.lenders import LENDERS, lender
from tests.payments.matrix.newcomers import NEWCOMERS, newcomer

SCENES = {"newcomer": newcomer, "lender": lender, "borrower": borrower}
CASES = [*NEWCOMERS, *LENDERS, *DESK, *BORROWERS]
