"""What messages look like in bytes: a wire writes and reads the messages of `envelope.py`.

Values inside a message are the codec's. A wire knows no addresses: what a transport needs to move a message (queues,
properties, an outer envelope) is put round it, and taken off, by the driver.
"""
