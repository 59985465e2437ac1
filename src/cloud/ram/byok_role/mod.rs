//! The role that Simple Log Service assumes to use KMS keys, and what belongs to it: what it should be, what it
//! is, and the way from the one to the other
//! (<https://www.alibabacloud.com/help/en/sls/user-guide/data-encryption>).

mod bound;
mod carry_out;
mod create;
mod look;
mod observe;
mod observed;
mod remove;
mod repeat;
mod settle;
mod steps;
mod wanted;

pub use bound::BoundRole;
pub use carry_out::StepError;
pub use observe::{Found, FoundPolicy, RESERVED_TAGS};
pub use observed::{AttachedPolicy, Observed, ObservedPassRole};
pub use remove::RemoveError;
pub use settle::{Settled, Written};
pub use steps::{RoleUpdate, Step, lacks_only_the_end, steps};
pub use wanted::{
    KMS_POLICIES, PassRole, Principal, PrincipalKind, UNFINISHED, Wanted, pass_role_description,
};

/// Whether RAM takes both for the same name: letter case does not count.
pub fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests;
