//! A text without the encodings that a service may quote a request in.

use std::ops::Range;

/// The bytes of a text with encodings undone, and where in the text each of them comes from.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// The place in the text of each byte, and the end of the text.
    places: Vec<usize>,
}

impl Decoded {
    /// A text as it is, but for line breaks, which are left out: they may stand anywhere in a long text that was
    /// wrapped. A character that another spelling may stand for is replaced by it: `+` for a space (forms) and for `-`,
    /// `/` for `_` (base64 in addresses).
    pub(super) fn of(text: &str) -> Self {
        let mut decoded = Self { bytes: Vec::with_capacity(text.len()), places: Vec::new() };
        for (place, byte) in text.bytes().enumerate() {
            decoded.push(byte, place);
        }
        decoded.places.push(text.len());
        decoded
    }

    /// The same with one layer of each encoding undone: percent-encoding, escapes of JSON and of other languages, and
    /// references of HTML. `None` if there is none.
    pub(super) fn once_more(&self) -> Option<Self> {
        let mut decoded = Self { bytes: Vec::with_capacity(self.bytes.len()), places: Vec::new() };
        let (mut rest, mut any) = (self.bytes.as_slice(), false);
        while let Some((first, others)) = rest.split_first() {
            let at = self.bytes.len().saturating_sub(rest.len());
            let place = self.places.get(at).copied().unwrap_or_default();
            if let Some((byte, length)) = escape(rest) {
                any = true;
                decoded.push(byte, place);
                rest = rest.get(length..).unwrap_or_default();
            } else {
                decoded.push(*first, place);
                rest = others;
            }
        }
        decoded.places.push(self.places.last().copied().unwrap_or_default());
        any.then_some(decoded)
    }

    /// Where in the text `pattern` stands, which was decoded as the text was.
    pub(super) fn find<'a>(&'a self, pattern: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        let windows = self.bytes.windows(pattern.len().max(1)).enumerate();
        let is_pattern = move |window: &[u8]| window.first() == pattern.first() && window == pattern;
        windows.filter(move |(_, window)| is_pattern(window)).filter_map(|(at, window)| {
            Some(*self.places.get(at)?..*self.places.get(at.saturating_add(window.len()))?)
        })
    }

    fn push(&mut self, byte: u8, place: usize) {
        let byte = match byte {
            b'\r' | b'\n' => return,
            b' ' | b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        };
        self.bytes.push(byte);
        self.places.push(place);
    }
}

/// The byte that an escape at the beginning stands for, and how long the escape is. Secrets are ASCII, so escapes of
/// other characters do not count.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes {
        [b'%', high, low, ..] => Some((hex(&[*high, *low])?, 3)),
        [b'\\', b'u', b'{', rest @ ..] => {
            let end = rest.iter().take(7).position(|byte| *byte == b'}')?;
            Some((hex(rest.get(..end)?)?, end.saturating_add(4)))
        }
        [b'\\', b'u' | b'U', a, b, c, d, ..] => Some((hex(&[*a, *b, *c, *d])?, 6)),
        [b'\\', b'x', high, low, ..] => Some((hex(&[*high, *low])?, 4)),
        [b'\\', b'n' | b'r', ..] => Some((b'\n', 2)),
        [b'\\', byte @ (b'"' | b'\'' | b'\\' | b'/'), ..] => Some((*byte, 2)),
        [b'&', rest @ ..] => {
            /// The longest reference to an ASCII character: `equals`, or a number with zeros before it.
            const LONGEST: usize = 10;
            let end = rest.iter().take(LONGEST).position(|byte| *byte == b';')?;
            Some((reference(rest.get(..end)?)?, end.saturating_add(2)))
        }
        _ => None,
    }
}

/// The character that a reference of HTML between `&` and `;` names (HTML standard, "Named character references").
fn reference(name: &[u8]) -> Option<u8> {
    match name {
        [b'#', b'x' | b'X', digits @ ..] => hex(digits),
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok().filter(u8::is_ascii),
        b"amp" => Some(b'&'),
        b"lt" => Some(b'<'),
        b"gt" => Some(b'>'),
        b"quot" => Some(b'"'),
        b"apos" => Some(b'\''),
        b"plus" => Some(b'+'),
        b"sol" => Some(b'/'),
        b"equals" => Some(b'='),
        b"lowbar" => Some(b'_'),
        b"period" => Some(b'.'),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, 16).ok().and_then(|code| u8::try_from(code).ok()).filter(u8::is_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_is_undone_and_keeps_its_place() {
        for escaped in [
            "%41",
            "\\u0041",
            "\\u{41}",
            "\\U0041",
            "\\x41",
            "&#65;",
            "&#x41;",
            "&#X0041;",
            "%2541",
            "&amp;#65;",
            "\\\\u0041",
            "%5Cu0041",
        ] {
            let mut decoded = Decoded::of(&format!("<{escaped}>"));
            while let Some(next) = decoded.once_more() {
                decoded = next;
            }
            assert_eq!(decoded.bytes, b"<A>", "{escaped}");
            let places: Vec<_> = decoded.find(b"A").collect();
            assert_eq!(places, vec![1..escaped.len() + 1], "{escaped}");
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in
            ["%", "%4", "%zz", "\\", "\\u12", "\\u{110000}", "&amp", "&nbsp;", "100%", "\u{fc}&", "%fc"]
        {
            assert!(Decoded::of(text).once_more().is_none(), "{text}");
        }
    }
}
