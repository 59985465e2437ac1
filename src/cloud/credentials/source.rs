//! One place where credentials can come from.

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use crate::cloud::context::CallContext;
use crate::cloud::credentials::{
    Credentials, CredentialsUri, EcsMetadata, Means, OidcRole, ProfileSource, RoleToAssume, external,
};
use crate::cloud::error::Error;
use crate::crypto::Secret;

/// Where credentials come from, and everything that is needed to fetch them.
#[derive(Clone, Debug)]
pub enum Source {
    /// Keys that are given, and when they end if that is known.
    Keys(Credentials, Option<OffsetDateTime>),
    /// A profile of the official command line tool, or of the credentials libraries.
    Profile(ProfileSource),
    /// An address that answers with credentials.
    Uri(CredentialsUri),
    /// The role of the ECS instance.
    Ecs(EcsMetadata),
    /// A role for which an identity provider vouches.
    Oidc(OidcRole),
    /// A program that prints credentials.
    Command {
        /// The program and its arguments, separated by white space; no shell reads it. It may hold secrets.
        line: Secret,
        /// Where the command is written down, for messages.
        source: String,
    },
    /// A session of a role, opened with credentials of another source.
    Role(Box<Source>, RoleToAssume),
}

/// Credentials and when they end.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    pub(super) credentials: Credentials,
    /// `None` when they do not end, or nobody says when.
    pub(super) expiration: Option<OffsetDateTime>,
}

impl Source {
    /// Fetches credentials; `None` when the source is absent.
    ///
    /// # Errors
    /// When the source is there and cannot be used; the text names it.
    pub(super) fn fetch<'a>(
        &'a self,
        means: &'a Means,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Option<Fetched>, Error>> {
        Box::pin(async move {
            match self {
                Self::Keys(credentials, expiration) => {
                    Ok(Some(Fetched { credentials: credentials.clone(), expiration: *expiration }))
                }
                Self::Profile(profile) => match profile.find(means, context).await? {
                    Some(source) => source.fetch(means, context).await,
                    None => Ok(None),
                },
                Self::Uri(uri) => uri.fetch(means, context).await.map(Some),
                Self::Ecs(ecs) => ecs.fetch(means, context).await,
                Self::Oidc(role) => role.fetch(means, context).await.map(Some),
                Self::Command { line, source } => {
                    external::fetch(line, source, means, context).await.map(Some)
                }
                Self::Role(base, role) => match base.fetch(means, context).await? {
                    Some(fetched) => role.assume(base, fetched, means, context).await.map(Some),
                    None => Ok(None),
                },
            }
        })
    }

    /// Whether asking again can give other credentials than before.
    pub(super) fn is_renewable(&self) -> bool {
        match self {
            Self::Keys(..) => false,
            // The file of a profile may have been written since.
            Self::Profile(_)
            | Self::Uri(_)
            | Self::Ecs(_)
            | Self::Oidc(_)
            | Self::Command { .. }
            | Self::Role(..) => true,
        }
    }

    /// What the source is called in messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Keys(credentials, _) => credentials.source.clone(),
            Self::Profile(profile) => profile.describe(),
            Self::Uri(uri) => uri.describe(),
            Self::Ecs(ecs) => ecs.describe(),
            Self::Oidc(role) => role.describe(),
            Self::Command { source, .. } => source.clone(),
            Self::Role(base, role) => format!("role {} by {}", role.assume.role_arn, base.describe()),
        }
    }
}
