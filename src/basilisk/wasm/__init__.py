"""Passes over WebAssembly modules: bytes in, bytes out, no input or output of their own.

The passes work at the level of sections.  The big sections (code, data) are slices of the input that are
copied once when a module is written, so a module of 20 MB costs milliseconds.  Whatever needs a look at
single instructions is done by the toolbox (``basilisk.toolbox``), which is compiled code.

==================  =====================================================================================
``leb128``          variable-length integers
``module``          a module as a sequence of sections
``sections``        decoders and encoders of the small sections
``index_map``       the one place through which passes renumber functions
``snapshot``        a linear memory as data segments
``shell``           a module as a compile-once shell and an image of its state
``link``            a runtime, a memory and a list of exports as a canister
``names``           function names from the ``name`` section
``describe``        what ``basilisk inspect`` shows of a module
==================  =====================================================================================

The format is that of the WebAssembly core specification 2.0, chapter "Binary Format".
"""
