"""Nothing leaves unprotected: what is written has been read back, looked at and compared.

`scene` finds who is in a photo and who agreed to be seen; `painter` replaces the others, ever more
strongly where asked to; `recognition` says whether a face can still be told; `verify` goes on until
none can; `note` and `label` mark what was done; `run` does photo after
photo and notes them in a `journal`; `certificate` says so to others.
"""
