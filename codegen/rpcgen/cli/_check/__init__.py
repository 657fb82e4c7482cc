"""`rpcgen check`: what the judgement of interface files becomes on a terminal and for other programs."""
