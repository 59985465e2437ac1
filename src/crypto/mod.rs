//! Digests, keyed hashes and the type that holds a secret.
