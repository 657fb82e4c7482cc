"""Hostile bytes: envelopes that were mutated, written by a wrong grammar, or made up, against servers and clients."""
