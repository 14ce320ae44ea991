"""What a command tells a person who can do something about it: one sentence, no stack trace."""


class Failure(Exception):  # noqa: N818  because it is no error of ours: it is what a person can mend
    """Run-time trouble. The message is one sentence that says what is wrong and what to do next; the command exits with 1."""

    exit_code = 1


class UsageFailure(Failure):
    """The command was called in a way that cannot work (a path, an option, an address); it exits with 2."""

    exit_code = 2


class Refused(Failure):
    """The other side answered, and said no: asking again in the same way changes nothing."""
