//! Terraform's values, types, schemas, diagnostics and the traits a provider implements.
