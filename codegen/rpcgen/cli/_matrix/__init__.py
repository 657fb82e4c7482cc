"""The upgrade matrix behind `rpcgen matrix`: every version's client against every version's server, in one process."""
