//! The search for secrets: in every file below a directory, in what is packed into a file, and in the spellings that a
//! secret may take on its way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use flate2::read::DeflateDecoder;

/// How every needle begins is what the search looks for first.
const BEGINNING: usize = 8;

/// Secrets by the names that a report calls them.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    names: BTreeMap<String, String>,
}

impl Secrets {
    /// With one more secret.
    pub fn add(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= 16, "{name}: a short text may be found by chance");
        self.names.insert(secret.to_owned(), name.to_owned());
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether a text holds one.
    pub fn is_in(&self, text: &str) -> bool {
        !Needles::of(self).found_in(text.as_bytes()).is_empty()
    }

    /// The files below a directory that hold secrets, by their paths in it, and the names of those secrets.
    pub fn found_below(&self, root: &Path) -> BTreeMap<String, BTreeSet<String>> {
        let needles = Needles::of(self);
        let mut found = BTreeMap::new();
        for file in files_below(root) {
            let names = needles.found_in(&std::fs::read(&file).unwrap());
            if !names.is_empty() {
                found.insert(file.strip_prefix(root).unwrap().display().to_string(), names);
            }
        }
        found
    }
}

/// Every file below a directory.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

/// Every spelling of every secret, by its beginning.
struct Needles<'a> {
    by_beginning: HashMap<[u8; BEGINNING], Vec<(Vec<u8>, &'a str)>>,
    /// Whether a needle begins with these two bytes: most places are passed over by this alone.
    first_two: Vec<bool>,
}

impl<'a> Needles<'a> {
    fn of(secrets: &'a Secrets) -> Self {
        let mut needles = Self { by_beginning: HashMap::new(), first_two: vec![false; 1 << 16] };
        for (secret, name) in &secrets.names {
            for spelling in spellings(secret) {
                let beginning: [u8; BEGINNING] = *spelling.as_bytes().first_chunk().unwrap();
                needles.first_two[first_two(&beginning)] = true;
                needles.by_beginning.entry(beginning).or_default().push((spelling.into_bytes(), name));
            }
        }
        needles
    }

    /// The names of the secrets that these bytes hold, or that something packed into them holds.
    fn found_in(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, beginning) in bytes.windows(BEGINNING).enumerate() {
            if !self.first_two[first_two(beginning)] {
                continue;
            }
            let Some(needles) = self.by_beginning.get(beginning) else { continue };
            let there = needles.iter().filter(|(needle, _)| bytes[at..].starts_with(needle));
            found.extend(there.map(|(_, name)| (*name).to_owned()));
        }
        if bytes.starts_with(b"PK\x03\x04") {
            for member in unzipped(bytes) {
                found.extend(self.found_in(&member));
            }
        }
        found
    }
}

fn first_two(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// The ways a secret may be written: as it is, percent-encoded once and twice, in a JSON string with escapes that need
/// not be, in hexadecimal digits, and within a text in Base64, where the bytes before it shift its letters.
fn spellings(secret: &str) -> BTreeSet<String> {
    let upper = percent_encoded(secret, |byte| format!("%{byte:02X}"));
    let lower = percent_encoded(secret, |byte| format!("%{byte:02x}"));
    let mut all = BTreeSet::from([
        secret.to_owned(),
        percent_encoded(&upper, |byte| format!("%{byte:02X}")),
        percent_encoded(&lower, |byte| format!("%{byte:02x}")),
        upper,
        lower,
        secret.replace('/', "\\/"),
        secret.replace('+', "\\u002b").replace('=', "\\u003d"),
        secret.replace('+', "\\u002B").replace('=', "\\u003D"),
        hex::encode(secret),
        hex::encode_upper(secret),
    ]);
    for before in 0..3 {
        let text = [&b"\0\0"[..before], secret.as_bytes()].concat();
        // The letters that hold bits of this secret only: six bits each.
        let (first, last) = ((before * 8).div_ceil(6), text.len() * 8 / 6);
        for alphabet in [&STANDARD, &URL_SAFE] {
            all.insert(alphabet.encode(&text)[first..last].to_owned());
        }
    }
    all
}

fn percent_encoded(text: &str, encoded: impl Fn(u8) -> String) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = out.write_str(&encoded(byte));
        }
    }
    out
}

/// The members of a zip archive (APPNOTE 6.3, section 4.3), uncompressed. The central directory at its end has the
/// sizes, which need not be before the content of a member.
fn unzipped(archive: &[u8]) -> Vec<Vec<u8>> {
    let short = |at: usize| usize::from(u16::from_le_bytes(*archive[at..].first_chunk().unwrap()));
    let long =
        |at: usize| usize::try_from(u32::from_le_bytes(*archive[at..].first_chunk().unwrap())).unwrap();
    let end = archive.windows(4).rposition(|four| four == b"PK\x05\x06").expect("the archive has no end");
    let (count, mut at) = (short(end + 10), long(end + 16));
    let mut members = Vec::new();
    for _ in 0..count {
        assert_eq!(archive[at..at + 4], *b"PK\x01\x02", "the directory of the archive is broken");
        let (method, size, length, local) = (short(at + 10), long(at + 20), long(at + 24), long(at + 42));
        let content = local + 30 + short(local + 26) + short(local + 28);
        let packed = &archive[content..content + size];
        let mut member = Vec::new();
        match method {
            0 => member.extend(packed),
            8 => drop(DeflateDecoder::new(packed).read_to_end(&mut member).unwrap()),
            other => panic!("compression method {other}"),
        }
        assert_eq!(member.len(), length, "a member of the archive is not whole");
        members.push(member);
        at += 46 + short(at + 28) + short(at + 30) + short(at + 32);
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given;
    use crate::harness::Scene;

    const SECRET: &str = "sk-c4n4ry+/with==letters";

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add("it", SECRET);
        secrets
    }

    #[track_caller]
    fn holds(text: &str) -> bool {
        secrets().is_in(text)
    }

    #[test]
    fn every_spelling_is_found_wherever_it_stands() {
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{SECRET}after");
            let percent = percent_encoded(&text, |byte| format!("%{byte:02X}"));
            for written in [
                text.clone(),
                percent_encoded(&percent, |byte| format!("%{byte:02x}")),
                percent,
                STANDARD.encode(&text),
                URL_SAFE.encode(&text),
                hex::encode(&text),
                format!("\"{}\"", text.replace('/', "\\/")),
                format!("\"{}\"", text.replace('+', "\\u002b").replace('=', "\\u003d")),
            ] {
                assert!(holds(&written), "{written}");
            }
        }
        assert!(!holds("sk-c4n4ry+/with==others"));
    }

    #[test]
    fn a_secret_in_a_compressed_member_of_a_plan_file_is_found() {
        let scene = Scene::new(&given::plain());
        scene.host_starts_provider();
        // A plan file holds a copy of the configuration.
        scene.write("main.tf", &given::encryption(&format!("  # {SECRET}\n").repeat(20)));
        scene.plan();
        let plan = std::fs::read(scene.path("plan.bin")).unwrap();
        let as_it_is = plan.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!as_it_is, "the plan file is not compressed: this proves nothing");
        let found = secrets().found_below(scene.root());
        let files: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(files, ["work/main.tf", "work/plan.bin"]);
    }
}
