"""What each kind of change costs: one rule a file, named for the axes of the changes that it judges.

The docstring of a file is the rule's page: what it finds, why that breaks, an example, and what to do instead.
"""
