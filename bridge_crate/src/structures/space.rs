//! The canister's stable memory, divided into numbered memories.

use crate::cell::Global;
use crate::ic0;
use basilisk_stable::log::Pair;
use basilisk_stable::manager::{self, Manager, Owner, Region, BUCKET_PAGES};
use basilisk_stable::memory::{Fault, Memory, PAGE};

/// Bytes of stable memory that the network lets a canister have.
const MOST: u64 = 500 << 30;

/// Bytes of one of the numbered memories when there is no other one.
pub const MOST_OF_ONE: u64 = manager::most(BUCKET_PAGES);

/// The whole stable memory.
pub struct StableMemory;

impl Memory for StableMemory {
    fn size(&self) -> u64 {
        ic0::stable64_size() * PAGE
    }

    fn most(&self) -> u64 {
        MOST
    }

    fn grow(&mut self, pages: u64) -> Result<(), Fault> {
        match ic0::stable64_grow(pages) {
            u64::MAX => Err(Fault::Full { pages }),
            _ => Ok(()),
        }
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Fault> {
        ic0::stable64_read(offset, into);
        Ok(())
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Fault> {
        ic0::stable64_write(offset, data);
        Ok(())
    }
}

static MANAGER: Global<Option<Manager>> = Global::new(None);

/// Runs `work` with the manager, which is loaded or made when it is first asked for.
fn with_manager<T>(work: impl FnOnce(&mut Manager) -> Result<T, Fault>) -> Result<T, Fault> {
    MANAGER.with(|slot| {
        if slot.is_none() {
            *slot = Some(Manager::open(&mut StableMemory, BUCKET_PAGES)?);
        }
        match slot {
            Some(manager) => work(manager),
            None => unreachable!("was just opened"),
        }
    })
}

/// Runs `work` on one of the memories.
pub fn with_memory<T>(
    id: u8,
    work: impl FnOnce(&mut Region<'_, StableMemory>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    with_manager(|manager| work(&mut manager.memory(&mut StableMemory, id)))
}

/// Pages of one of the memories; 0 if stable memory is not divided into numbered memories.
pub fn pages(id: u8) -> u64 {
    match manager::owner(&StableMemory) {
        Ok(Owner::Manager) => with_memory(id, |memory| Ok(memory.size() / PAGE)).unwrap_or(0),
        _ => 0,
    }
}

/// Two of the memories.
pub struct TwoMemories<'a> {
    manager: &'a mut Manager,
    base: StableMemory,
    ids: (u8, u8),
}

impl Pair for TwoMemories<'_> {
    type Lent<'b>
        = Region<'b, StableMemory>
    where
        Self: 'b;

    fn index(&mut self) -> Self::Lent<'_> {
        self.manager.memory(&mut self.base, self.ids.0)
    }

    fn data(&mut self) -> Self::Lent<'_> {
        self.manager.memory(&mut self.base, self.ids.1)
    }
}

/// Runs `work` on two of the memories.
pub fn with_memories<T>(
    ids: (u8, u8),
    work: impl FnOnce(&mut TwoMemories<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    with_manager(|manager| work(&mut TwoMemories { manager, base: StableMemory, ids }))
}
