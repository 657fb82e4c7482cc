"""What a message looks like at other versions than the newest (LANGUAGE V1, V4, V5, V7).

`parts` and `../dates.py` answer what existed when, by the tables of the descriptors. `lower` writes values of the newest
shape for an older version, `lift` reads values of an older version into the newest shape; both work on plain (untyped)
values and are compiled once per type and version. `glance` finds the version of a message in its typed arguments,
where nothing has to change: that is the path of a client without a pin. Types without a history pay nothing at all.
"""
