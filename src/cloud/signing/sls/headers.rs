//! Headers that are signed.

/// Whether a header is signed because of its name: `x-log-` and `x-acs-`, but not the metadata of uploaded objects
/// (Python SDK, `auth.py`).
pub(super) fn is_signed_by_prefix(name: &str) -> bool {
    (name.starts_with("x-log-") && !name.starts_with("x-log-meta-")) || name.starts_with("x-acs-")
}

/// One `name:value` line for each header, values trimmed.
pub(super) fn header_lines<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    headers.fold(String::new(), |lines, (name, value)| lines + name + ":" + value.trim() + "\n")
}
