//! Why there is no client of a service.

use schema::Diagnostic;

/// Why there is no client.
#[derive(Clone, Debug)]
pub(super) enum NoClient {
    /// The provider block holds values that are not known yet: only during plan, and only when they come
    /// from something that is still to be applied.
    Unknown(Vec<String>),
    /// The host never configured the provider.
    NotConfigured,
}

impl From<NoClient> for Diagnostic {
    fn from(reason: NoClient) -> Self {
        match reason {
            NoClient::Unknown(names) => Diagnostic::error(
                "Provider configuration not known yet",
                format!(
                    "The provider block: {} {} known only after something else is applied, but the services have to be called now. Apply that first:\n\n  terraform apply -target=ADDRESS",
                    names.join(", "),
                    if names.len() == 1 { "is" } else { "are" }
                ),
            ),
            NoClient::NotConfigured => Diagnostic::error(
                "Provider not configured",
                "Terraform or OpenTofu used the provider before they configured it, which they must not do. Report it to them, with the version that terraform version prints.",
            ),
        }
    }
}
