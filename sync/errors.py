"""What can go wrong, by what to do about it."""


class AssayError(Exception):
    """Any failure that Assay explains itself; the text is one sentence that names the remedy."""


class Fatal(AssayError):
    """Trying again cannot help: a setting, a permission or a request is wrong."""


class ConfigurationError(Fatal):
    """A setting is missing or wrong; the text names it, its value and what is allowed."""


class Retriable(AssayError):
    """The other side is down, slow or busy; the same call may work later."""


class Skippable(AssayError):
    """One item is unusable; it is set aside with this reason and the rest goes on."""
