//! Calls that nobody signed, or not with a key that there is.

use test_support::{Key, SlsRequest, date};

/// The longest target that a head may have, nearly.
const LONG_TARGET: usize = 60_000;

/// Draws one: it is refused, whatever it asks for.
pub fn draw(random: &mut fastrand::Rng, project: &str) -> Vec<u8> {
    let host = format!("{project}.localhost");
    match random.usize(..6) {
        0 => signed_by(&Key::new("ak-root", "not-its-secret"), &host),
        1 => signed_by(&Key::new("ak-nobody", "sk-nobody"), &host),
        2 => {
            let session = Key { token: Some("no-token".to_owned()), ..Key::new("STS.nobody", "sk") };
            signed_by(&session, &host)
        }
        3 => long_target(&host),
        4 => {
            let body = "[".repeat(random.usize(1..64 << 10));
            let length = body.len();
            format!("POST /logstores HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}")
                .into()
        }
        _ => "GET /?Action=ListKeys&Version=2016-01-20 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".into(),
    }
}

/// One with as long a target as there may be: it takes much of the log of calls.
pub fn long_target(host: &str) -> Vec<u8> {
    let target = "x".repeat(LONG_TARGET);
    format!("GET /logstores/{target} HTTP/1.1\r\nHost: {host}\r\n\r\n").into()
}

fn signed_by(key: &Key, host: &str) -> Vec<u8> {
    let date = &date::rfc_1123();
    let (method, target) = ("GET", "/logstores");
    SlsRequest { host, method, target, resource: target, date, headers: &[], body: b"" }.signed(key)
}
