//! This provider's configuration and resources.
