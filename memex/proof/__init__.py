"""The proof behind `memex forget --verify`: a search of the bytes of a data
directory for text that must be gone.

`probes` takes from documents, while they are still remembered, what occurs in no
other; `search` looks for it in every file, compressed and columnar ones
included. The same search before the forgetting shows that it can see.
"""

from memex.proof.files import search
from memex.proof.probes import Kind, Probe, probes, telling
from memex.proof.report import Finding, Report, Unread

__all__ = ["Finding", "Kind", "Probe", "Report", "Unread", "probes", "search", "telling"]
