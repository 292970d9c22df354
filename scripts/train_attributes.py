"""``elseface train attributes`` as a script: its options are the same."""

import typer
from elseface.scripts.train import attributes

if __name__ == "__main__":
    typer.run(attributes)
