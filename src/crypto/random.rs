//! Random bytes for keys, nonces and everything that is secret.

/// Random bytes from the machine's generator.
///
/// # Panics
///
/// When the machine has no generator: nothing could be sealed then.
#[expect(clippy::expect_used, reason = "nothing can be sealed without random bytes")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the machine has a generator of random bytes");
    bytes
}

/// Random letters and digits, for secrets that are texts: each holds 5.95 bits.
pub fn random_letters(length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    // A byte picks a letter only below the last multiple of 62, so that no letter is more likely than another.
    let picked = std::iter::repeat_with(random::<64>)
        .flatten()
        .filter(|byte| *byte < 248)
        .filter_map(|byte| LETTERS.get(usize::from(byte) % LETTERS.len()));
    picked.take(length).map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_as_many_as_asked_for_and_new_each_time() {
        let letters = random_letters(200);
        assert!(letters.len() == 200 && letters.bytes().all(|letter| letter.is_ascii_alphanumeric()));
        assert_ne!(letters, random_letters(200));
        assert_ne!(random::<16>(), random::<16>());
    }
}
