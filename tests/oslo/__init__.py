"""oslo.messaging itself as the peer: what it sends, what it takes, what it declares on a broker."""
