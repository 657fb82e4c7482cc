"""From nodes to the model, one module for each part of a file.

Readers skip in silence what `structure` has reported already, and put off what needs all types to be known.
"""
