//! Request signatures, one module per scheme family. Pure functions: no clock, no network.

pub mod sls;
