//! What the process says of itself to the kernel: no dumps, no new rights, no swap.
use rustix::{
    io::Result,
    mm::{MlockAllFlags, mlockall},
    process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit},
    thread::{CapabilitySet, capabilities, set_no_new_privs},
};

/// Nobody but root may look into it or trace it, it leaves no core, and no program that it starts gains rights.
pub(super) fn undumpable() -> core::result::Result<(), String> {
    let all = || -> Result<()> {
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
        set_no_new_privs(true)
    };
    all().map_err(|e| format!("core dumps and new rights off ({e})"))
}

/// Keeps its memory off the swap, now and later. Only where there is no limit: behind one, the next allocation could fail.
pub(super) fn locked() -> core::result::Result<(), String> {
    let unlimited = getrlimit(Resource::Memlock).maximum.is_none();
    let capable = || capabilities(None).is_ok_and(|has| has.effective.contains(CapabilitySet::IPC_LOCK));
    if !unlimited && !capable() {
        return Err("memory kept off the swap (the limit memlock is not infinite)".to_owned());
    }
    let all = || -> Result<()> {
        if unlimited {
            setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None })?;
        }
        // As pages come into use: what is only mapped takes no memory.
        mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
    };
    all().map_err(|e| format!("memory kept off the swap ({e})"))
}
