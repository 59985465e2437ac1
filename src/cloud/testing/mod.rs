//! Stand-ins for the seams: a clock that is moved by hand and a transport that follows a script.

mod manual_clock;
mod scripted_transport;

pub use manual_clock::ManualClock;
pub use scripted_transport::{Reply, ScriptedTransport};
