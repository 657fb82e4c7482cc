"""The tour behind `rpcgen demo`: a small project in `project/`, and what is shown of it."""
