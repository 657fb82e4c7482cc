"""The canonical layout of interface files: same meaning, same comments, one way to write them."""
