"""``elseface train embeddings`` as a script: its options are the same."""

import typer
from elseface.scripts.train import embeddings

if __name__ == "__main__":
    typer.run(embeddings)
