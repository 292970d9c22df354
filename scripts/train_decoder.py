"""``elseface train decoder`` as a script: its options are the same."""

import typer
from elseface.scripts.train import decoder

if __name__ == "__main__":
    typer.run(decoder)
