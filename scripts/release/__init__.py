"""Nothing leaves unprotected: what is written has been read back, looked at and compared.

`scene` finds who is in a photo and who agreed to be seen; `painter` replaces the others, ever more
strongly where asked to; `recognition` says whether a face can still be told; `verify` goes on until
none can; `note` and `label` mark what was done.  `task` does one photo, `pool` shares them
out among workers: this process, a `process` beside it, or those of a `cluster`; `run` notes them in
a `journal`; `certificate` says so to others.
"""
