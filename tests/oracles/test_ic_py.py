"""Our codecs against ic-py's, in both directions, at the same types (it knows little of subtyping)."""

from __future__ import annotations

from hypothesis import given

from basilisk import candid
from tests.runtime.codec.native import Codec
from tests.runtime.codec.plans import plan_of
from tests.runtime.codec.test_properties import canister_values, decode_there

from .ic_py import start
from .settings import Typed, batches, count, property_settings


@property_settings
@given(batches())
def test_ic_py_reads_what_we_write(codec: Codec, batch: list[Typed]) -> None:
    """ic_py.decode(ours.encode(values)) == values, for both of our codecs."""
    other = start()
    for declared, values, environment in batch:
        if not other.reads(declared, environment):
            continue
        plan = codec.plan(*plan_of(declared, environment))
        there = codec.call("encode", plan, tuple(canister_values(values, declared, environment)))
        expected = canister_values(values, declared, environment)
        for message in (candid.encode(declared, values, environment), there):
            found = other.decode(message, declared, environment)
            assert canister_values(found, declared, environment) == expected
            count("ic-py reads messages of the host or of a canister")


@property_settings
@given(batches())
def test_we_read_what_ic_py_writes(codec: Codec, batch: list[Typed]) -> None:
    """ours.decode(ic_py.encode(values)) == values."""
    other = start()
    for declared, values, environment in batch:
        if not other.writes(declared, environment, values):
            continue
        message = other.encode(declared, environment, values)
        assert candid.decode(message, declared, environment) == values
        expected = canister_values(values, declared, environment)
        assert decode_there(codec, message, declared, environment) == expected
        count("both of our codecs read messages of ic-py")
