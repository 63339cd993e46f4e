"""Shares with Tests/Conformance what starts the service, reads its streams and makes interfaces."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Conformance"))
