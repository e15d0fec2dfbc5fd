"""The verbs, as Python functions: the same names, options and defaults as on the command line.

One module a verb, as in `cli`; `linnaeus` itself hands them on, each loaded when first used.
"""
