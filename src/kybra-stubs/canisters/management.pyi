from basilisk.canisters.kybra_management import *
