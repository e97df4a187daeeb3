"""Fixtures: replicas whose machine code lies in a cache of their own, and a small canister in wat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from basilisk.engine import Engine
from basilisk.testing import Canister, LocalReplica
from tests.unit.replica.wat import module

DID = """
type Shape = variant { circle : float64; square : record { side : nat; tags : vec text }; empty };
type Tree = record { value : int; children : vec Tree; parent : opt principal };
type Callback = func (nat) -> () query;
service : {
  echo_tree : (Tree) -> (Tree) query;
  echo_shapes : (vec Shape) -> (vec Shape) query;
  echo_pair : (record { nat8; text }) -> (record { nat8; text }) query;
  echo_two : (nat, opt Tree) -> (nat, opt Tree) query;
  echo_callback : (Callback) -> (Callback) query;
  nothing : () -> ();
  accept : () -> ();
  trap : () -> ();
  refuse : () -> ();
  print : () -> ();
  status : () -> ();
}
"""

_ECHO = """
  (call $msg_arg_data_copy (i32.const 4096) (i32.const 0) (call $msg_arg_data_size))
  (call $msg_reply_data_append (i32.const 4096) (call $msg_arg_data_size)) (call $msg_reply)
"""
_EMPTY = "(call $msg_reply_data_append (i32.const 64) (i32.const 6)) (call $msg_reply)"

ECHOES = "".join(
    f'(func (export "canister_query {name}") {_ECHO})'
    for name in ("echo_tree", "echo_shapes", "echo_pair", "echo_two", "echo_callback")
)

WASM = module(
    f"""
    (data (i32.const 64) "DIDL\\00\\00")
    (data (i32.const 96) "no cake today")
    {ECHOES}
    (func (export "canister_update nothing") {_EMPTY})
    (func (export "canister_update status") {_EMPTY})
    (func (export "canister_update accept")
      (call $msg_cycles_accept128 (i64.const 0) (i64.const 70) (i32.const 0)) {_EMPTY})
    (func (export "canister_update trap") (call $trap (i32.const 96) (i32.const 13)))
    (func (export "canister_update refuse") (call $msg_reject (i32.const 96) (i32.const 13)))
    (func (export "canister_update print") (call $debug_print (i32.const 96) (i32.const 7)) {_EMPTY})
    """
)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("compiled")
    engine = Engine(folder)
    yield engine
    engine.thread.close()


@pytest.fixture
def local(engine: Engine) -> LocalReplica:
    return LocalReplica(engine=engine, validate=False)


@pytest.fixture
def canister(local: LocalReplica) -> Canister:
    return local.deploy((WASM, DID))
