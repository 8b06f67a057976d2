"""The evidence in SQLite: append-only, chained by digest, resumable."""

from auditor.ledger.append import RunHandle
from auditor.ledger.ledger import Ledger
from auditor.ledger.read import RunSummary
from auditor.ledger.verify import Verification

__all__ = ["Ledger", "RunHandle", "RunSummary", "Verification"]
