//! The fault matrix: every call, and every sequence of calls, against everything that can go wrong between a client
//! and a service.
//!
//! A relay is between real clients and a real emulator. It does one bad thing to chosen requests and passes the
//! others on, so that what has happened is always the emulator's own. Time is virtual: nothing here waits.

mod account;
mod actions;
mod answers;
mod cases;
mod clock;
mod complete;
mod fault;
mod keys;
mod log_store;
mod message;
mod relay;
mod role;
mod single;
mod stage;
mod transport;
