//! Identifiers the services hand out.

use crypto::random;

/// A request id as SLS writes it: 24 upper-case hexadecimal digits.
pub fn request_id() -> String {
    hex::encode_upper(random::<12>())
}

/// A request id as the RPC services write it: a UUID in upper case.
pub fn rpc_request_id() -> String {
    let digits = hex::encode_upper(random::<16>());
    let mut id = String::with_capacity(36);
    for (position, digit) in digits.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_24_upper_case_hexadecimal_digits() {
        let id = request_id();
        assert_eq!(id.len(), 24);
        assert!(id.chars().all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c)), "{id}");
        assert_ne!(id, request_id());
    }

    #[test]
    fn rpc_request_ids_look_like_uuids() {
        let id = rpc_request_id();
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
    }
}
