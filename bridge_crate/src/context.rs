//! What may be called when: the phase of the program's life and the entry point that runs.
//!
//! Source of the table: Internet Computer interface specification, "Overview of imports".

use crate::cell::Global;
use crate::ic0;
use alloc::string::String;
use alloc::vec::Vec;

/// The life of a canister's program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The interpreter starts; the library is imported.
    Start,
    /// The user's program is imported at build time: no world exists.
    Program,
    /// Inside a canister.
    Canister,
}

/// A set of contexts, one bit each.
pub type Contexts = u32;

/// `canister_init` and `canister_post_upgrade`.
pub const INIT: Contexts = 1;
/// `canister_pre_upgrade`.
pub const PRE_UPGRADE: Contexts = 1 << 1;
/// An update method.
pub const UPDATE: Contexts = 1 << 2;
/// A query in replicated execution.
pub const REPLICATED_QUERY: Contexts = 1 << 3;
/// A query in non-replicated execution.
pub const QUERY: Contexts = 1 << 4;
/// A composite query.
pub const COMPOSITE_QUERY: Contexts = 1 << 5;
/// A reply callback.
pub const REPLY: Contexts = 1 << 6;
/// A reject callback.
pub const REJECT: Contexts = 1 << 7;
/// `canister_inspect_message`.
pub const INSPECT: Contexts = 1 << 8;
/// Heartbeat, timer and low-memory hook.
pub const TASK: Contexts = 1 << 9;
/// A cleanup callback.
pub const CLEANUP: Contexts = 1 << 10;
/// A query whose execution mode is not yet known; resolved when somebody asks.
pub const ANY_QUERY: Contexts = REPLICATED_QUERY | QUERY;
/// A reply callback of a composite query.
pub const COMPOSITE_REPLY: Contexts = 1 << 11;
/// A reject callback of a composite query.
pub const COMPOSITE_REJECT: Contexts = 1 << 12;
/// A cleanup callback of a composite query.
pub const COMPOSITE_CLEANUP: Contexts = 1 << 13;
/// Every context of a composite query.
pub const COMPOSITE: Contexts = COMPOSITE_QUERY | COMPOSITE_REPLY | COMPOSITE_REJECT | COMPOSITE_CLEANUP;
/// Every context.
pub const ALL: Contexts = (1 << 14) - 1;

const NAMES: [(&str, Contexts); 14] = [
    ("init and post_upgrade", INIT),
    ("pre_upgrade", PRE_UPGRADE),
    ("update methods", UPDATE),
    ("queries in replicated execution", REPLICATED_QUERY),
    ("queries in non-replicated execution", QUERY),
    ("composite queries", COMPOSITE_QUERY),
    ("reply callbacks", REPLY),
    ("reject callbacks", REJECT),
    ("inspect_message", INSPECT),
    ("heartbeat, timers and on_low_wasm_memory", TASK),
    ("cleanup callbacks", CLEANUP),
    ("reply callbacks of composite queries", COMPOSITE_REPLY),
    ("reject callbacks of composite queries", COMPOSITE_REJECT),
    ("cleanup callbacks of composite queries", COMPOSITE_CLEANUP),
];

static PHASE: Global<Phase> = Global::new(Phase::Start);
static CURRENT: Global<Contexts> = Global::new(0);
static REFUSALS: Global<Vec<String>> = Global::new(Vec::new());

static LIBRARY_IMPORT: Global<bool> = Global::new(false);

/// True while a module of the standard library that reads the clock in its body is imported: it sees the
/// epoch instead of a refusal.
pub fn library_import() -> bool {
    LIBRARY_IMPORT.get()
}

/// Opens or closes that exemption.
pub fn set_library_import(on: bool) {
    LIBRARY_IMPORT.set(on);
}

/// The current phase.
#[inline(always)]
pub fn phase() -> Phase {
    PHASE.get()
}

/// Enters a phase and forgets what was refused before.
pub fn set_phase(phase: Phase) {
    PHASE.set(phase);
    REFUSALS.with(|list| *list = Vec::new());
}

/// Notes the context of the entry point that starts.
#[inline(always)]
pub fn enter(context: Contexts) {
    CURRENT.set(context);
}

/// The context in which the message runs.
#[inline(always)]
pub fn current() -> Contexts {
    CURRENT.get()
}

/// Remembers that the program asked for the world at build time, for the report that explains a failure.
pub fn refuse(what: &str) {
    if phase() == Phase::Program {
        REFUSALS.with(|list| {
            if list.len() < 64 {
                list.push(String::from(what));
            }
        });
    }
}

/// What was refused since the phase began.
pub fn refusals() -> Vec<String> {
    REFUSALS.with(|list| list.clone())
}

/// Tells whether a call that is allowed in `allowed` may happen now; otherwise the text of the error.
/// `function` is a name such as `ic.time`, or what stands in its place in the sentence.
pub fn check(function: &str, allowed: Contexts) -> Result<(), String> {
    let brackets = if function.starts_with("ic.") { "()" } else { "" };
    match phase() {
        Phase::Canister => {}
        Phase::Start | Phase::Program => {
            refuse(function);
            return Err([
                function,
                brackets,
                " was called while the program is imported, which happens at build time: there is no canister \
                 and no Internet Computer yet. Call it inside a method, in @init or in @post_upgrade",
            ]
            .concat());
        }
    }
    let current = CURRENT.get();
    let matched = current & allowed;
    if matched == current && current != 0 {
        return Ok(());
    }
    if current == ANY_QUERY {
        let actual = if ic0::in_replicated_execution() == 1 { REPLICATED_QUERY } else { QUERY };
        CURRENT.set(actual);
        if actual & allowed != 0 {
            return Ok(());
        }
    }
    let mut text = [function, brackets, " cannot be called here (in "].concat();
    push_names(&mut text, CURRENT.get());
    text.push_str("); it is allowed in ");
    push_names(&mut text, allowed);
    Err(text)
}

fn push_names(text: &mut String, contexts: Contexts) {
    let mut first = true;
    for (name, bit) in NAMES {
        if contexts & bit != 0 {
            if !first {
                text.push_str(", ");
            }
            text.push_str(name);
            first = false;
        }
    }
}
