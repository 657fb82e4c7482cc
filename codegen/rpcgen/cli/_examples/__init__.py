"""Counterexamples: the smallest message that shows what a change breaks, confirmed by the generated code of both sides."""
