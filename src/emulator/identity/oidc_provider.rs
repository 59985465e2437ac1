//! Identity providers whose tokens open sessions of roles (OIDC).

use serde::{Deserialize, Serialize};

use super::names::folded;
use super::verification_key::VerificationKey;
use crate::stored::Keyed;
use crate::table::OwnDocument;

/// An identity provider the account has registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// As given; names that differ only in case are the same.
    pub name: String,
    /// What its tokens have as `iss`.
    pub issuer: String,
    /// What its tokens have to have as `aud`: one of these.
    pub client_ids: Vec<String>,
    /// What its tokens are verified with: the provider's key set, here in the place of the address it is
    /// published at.
    pub keys: Vec<VerificationKey>,
}

impl Keyed for OidcProvider {
    type Key = String;

    fn key(&self) -> String {
        folded(&self.name)
    }
}

impl OwnDocument for OidcProvider {
    const PREFIX: &'static str = "oidc-provider";
}
