"""Transport drivers: one module or package each, found by URL scheme. They never import each other."""
