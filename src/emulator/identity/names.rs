//! Names and ids.

use crypto::random;

/// Brings a name into the form in which equal ones are equal: RAM takes letters of either case for alike.
pub fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// A new id as RAM writes them: 18 digits, the first of which says what it is of.
pub fn new_id(first: char) -> String {
    format!("{first}{:017}", u64::from_be_bytes(random()) % 100_000_000_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_18_digits() {
        let id = new_id('3');
        assert!(id.len() == 18 && id.starts_with('3') && id.chars().all(|c| c.is_ascii_digit()), "{id}");
    }
}
