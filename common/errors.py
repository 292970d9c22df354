"""The one exception a user is meant to see."""


class ElsefaceError(Exception):
    """A mistake the user can mend; its message is one line that names the file and what to do."""
