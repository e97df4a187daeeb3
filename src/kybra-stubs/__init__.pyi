# The module `kybra` exists in canisters only; these are its names for editors and type checkers.
from basilisk import *
from basilisk import bool as bool
from basilisk import float as float
from basilisk import int as int
from basilisk import list as list
from basilisk import str as str
from basilisk import tuple as tuple
