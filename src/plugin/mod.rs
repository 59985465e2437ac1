//! The wire between Terraform core and a provider.

mod pb;
