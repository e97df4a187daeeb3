"""From a Python file to a canister: check, collect, pre-initialise, snapshot, link, write.

:func:`basilisk.build.pipeline.build` runs the stages; every other module holds one of them.  Importing
this package alone loads none of the heavy dependencies.
"""
