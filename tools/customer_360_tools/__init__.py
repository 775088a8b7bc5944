"""Tools for whoever looks after projects made from this template. They run outside the projects."""


class Problem(Exception):
    """Something that you can put right; the text says what is wrong, where, and what to do next."""
