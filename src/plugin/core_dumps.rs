//! No image of the process is written to disk: its memory holds the caller's keys.

/// Forbids core dumps of this process. On Linux other processes of the same user can then also not read its memory, so
/// no debugger attaches to it; debug mode is for that.
///
/// What the platform does not offer is left out: the process serves without it, as other providers do.
pub(super) fn forbid() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        // The hard limit stays, for programs that this process starts. A lower soft limit is never refused.
        let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
        if let Err(error) = setrlimit(Resource::Core, limit) {
            tracing::debug!(%error, "core dumps cannot be limited");
        }
    }
    // A handler of core dumps that the kernel pipes them to is not bound by the limit.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!(%error, "core dumps cannot be forbidden");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn neither_the_limit_nor_the_kernel_allows_a_core_dump() {
        forbid();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
