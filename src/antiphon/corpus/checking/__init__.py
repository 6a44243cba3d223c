"""What is wrong with a corpus, said before an hour of training is lost. Only reads; nothing is written to a corpus."""

from antiphon.corpus.checking.check import check, check_path
from antiphon.corpus.checking.report import Finding, Report, Severity

__all__ = ["Finding", "Report", "Severity", "check", "check_path"]
