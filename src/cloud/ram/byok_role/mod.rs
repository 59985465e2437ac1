//! The role that SLS assumes to use KMS keys, with its policies and tags: the desired state, the actual state, and the
//! writes between them (<https://www.alibabacloud.com/help/en/sls/user-guide/data-encryption>).

mod actual;
mod bound_role;
mod create;
mod delete;
mod desired;
mod diff;
mod execute;
mod final_read;
mod retry;
mod wait;

pub use actual::{ActualPassRole, ActualRole, AttachedPolicy, FoundRole, PassRolePolicy, RESERVED_TAGS};
pub use bound_role::BoundRole;
pub use delete::DeleteRoleError;
pub use desired::{
    DesiredRole, KMS_POLICIES, PassRole, Principal, PrincipalKind, UNFINISHED_DESCRIPTION,
    pass_role_description,
};
pub use diff::{RoleUpdate, Step, diff, only_finish_remains};
pub use execute::StepError;
pub use wait::Visibility;

/// Whether two names are the same to RAM, for which letter case does not count.
pub fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

#[cfg(test)]
mod tests;
