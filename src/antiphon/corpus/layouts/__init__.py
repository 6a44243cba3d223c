"""Finding multitracks in folders, one small module a layout. Only headers are read, and nothing is ever written."""

from antiphon.corpus.layouts.scanning import LAYOUTS, pair, paired_folders, recognised, scan, scan_corpus

__all__ = ["LAYOUTS", "pair", "paired_folders", "recognised", "scan", "scan_corpus"]
