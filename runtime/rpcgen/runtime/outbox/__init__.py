"""An outbox: messages that are to be delivered at least once, on the local disk until the transport has them.

`folder.py` is who may have it, `store.py` its file, `record.py` a message in there, `feed.py` the order in which they leave,
`sender.py` how, `tally.py` how many there are, and `outbox.py` the thread that does all this. Imported by nobody but for a
URL that asks for one. Knows no transport.
"""
