//! `examples/ci`: the page for reviewers, and the pipelines step by step as their files say.

mod account;
mod checkout;
mod drift;
mod files;
mod github;
mod gitlab;
mod servers;
mod summary;
mod workflow;
mod world;
