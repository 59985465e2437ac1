//! Secrets appear in no byte that a run leaves behind: not on stdout, not in the host's or the provider's log at the
//! highest level, not in the plan, not in the state. Wherever a secret can come from, one that is looked for comes from
//! there.

mod broken_source;
mod cast;
mod environment;
mod every_source;
mod life;
mod refused;
mod search;
