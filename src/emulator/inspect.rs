//! The stored form of a Logstore, read without the master key and without decryption.

use std::fmt;
use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::logging::shown;
use super::sls::{Logstore, Project, WrappedDataKey};
use super::stored::{Unreadable, decode};
use storage::{Algorithm, BlockAddress, Inspection, Kind, StoreError, parse_layout};

/// How many bytes of a block are shown.
const SHOWN: usize = 64;
/// How many bytes of a wrapped key are shown.
const SHOWN_OF_KEY: usize = 24;
/// Bytes on a line of a dump.
const LINE: usize = 16;

/// Why a Logstore cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The store cannot be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// An emulator uses the folder.
    #[error("an emulator is using this folder: stop it first, it alone can read the file while it runs")]
    InUse,
    /// There is no such project.
    #[error("there is no project {0}")]
    NoProject(String),
    /// There is no such Logstore.
    #[error("there is no Logstore {1} in project {0}")]
    NoLogstore(String, String),
    /// A document means nothing to this version.
    #[error("what is stored of {what} cannot be read: {source}")]
    Unreadable {
        /// Of what.
        what: String,
        /// Why not.
        source: Unreadable,
    },
}

/// A Logstore as it is stored. `Display` is for people, `Serialize` for programs.
#[derive(Debug, Serialize)]
pub struct Inspected {
    project: String,
    region: String,
    logstore: String,
    /// The number its blocks are addressed with.
    number: u64,
    /// `encrypt_conf`; null for a Logstore that never was configured.
    encrypt_conf: Option<Value>,
    data_key: Option<InspectedKey>,
    shards: Vec<InspectedShard>,
    /// Whether a MAC was checked: always false, as that takes the master key.
    is_authenticated: bool,
}

/// A wrapped data key.
#[derive(Debug, Serialize)]
struct InspectedKey {
    wrapped_by: &'static str,
    bytes: usize,
    /// The first bytes, in hexadecimal.
    begins: String,
}

#[derive(Debug, Serialize)]
struct InspectedShard {
    shard: u32,
    blocks: u64,
    bytes: u64,
    last: Vec<InspectedBlock>,
}

#[derive(Debug, Serialize)]
struct InspectedBlock {
    position: u64,
    bytes: usize,
    /// The algorithm; null for a block in clear.
    algorithm: Option<&'static str>,
    /// In hexadecimal.
    iv: String,
    /// Whether it is a block at all.
    is_malformed: bool,
    /// The first bytes of the ciphertext, or of the text of a block in clear.
    #[serde(serialize_with = "in_hex")]
    begins: Vec<u8>,
}

/// Looks at a Logstore in a data folder, and at the last `limit` blocks of each of its shards.
///
/// # Errors
///
/// [`InspectError`]
pub fn inspect(
    directory: &Path,
    project: &str,
    logstore: &str,
    limit: usize,
) -> Result<Inspected, InspectError> {
    let store = Inspection::open(directory).map_err(|error| match error {
        StoreError::InUse(_) => InspectError::InUse,
        error => InspectError::Store(error),
    })?;
    let document = store.document(Kind::Project, project)?;
    let document = document.ok_or_else(|| InspectError::NoProject(project.to_owned()))?;
    let region = decode::<Project>(&document).map_err(unreadable(project))?.region;
    let name = format!("{project}/{logstore}");
    let document = store.document(Kind::Logstore, &name)?;
    let document =
        document.ok_or_else(|| InspectError::NoLogstore(project.to_owned(), logstore.to_owned()))?;
    let stored = decode::<Logstore>(&document).map_err(unreadable(&name))?;
    let shards = stored.shards.iter().map(|shard| inspected_shard(&store, (stored.number, shard.id), limit));
    Ok(Inspected {
        project: project.to_owned(),
        region,
        logstore: logstore.to_owned(),
        number: stored.number,
        encrypt_conf: stored.encrypt_conf().cloned(),
        data_key: stored.data_key.as_ref().map(inspected_key),
        shards: shards.collect::<Result<_, _>>()?,
        is_authenticated: false,
    })
}

fn unreadable(what: &str) -> impl FnOnce(Unreadable) -> InspectError {
    move |source| InspectError::Unreadable { what: what.to_owned(), source }
}

fn inspected_key(key: &WrappedDataKey) -> InspectedKey {
    let (wrapped_by, wrapped) = match key {
        WrappedDataKey::Service { wrapped } => ("the service key", wrapped.as_slice()),
        WrappedDataKey::Byok { ciphertext_blob } => ("KMS", ciphertext_blob.as_bytes()),
    };
    let begins = match key {
        WrappedDataKey::Service { .. } => hex::encode(begin_of(wrapped, SHOWN_OF_KEY)),
        WrappedDataKey::Byok { .. } => {
            String::from_utf8_lossy(begin_of(wrapped, 2 * SHOWN_OF_KEY)).into_owned()
        }
    };
    InspectedKey { wrapped_by, bytes: wrapped.len(), begins }
}

fn inspected_shard(
    store: &Inspection,
    (logstore, shard): (u64, u32),
    limit: usize,
) -> Result<InspectedShard, StoreError> {
    let size = store.size(logstore, shard)?;
    let last = store.last_blocks(logstore, shard, limit)?;
    let last = last.iter().map(|(address, block)| inspected_block(*address, block)).collect();
    Ok(InspectedShard { shard, blocks: size.blocks, bytes: size.bytes, last })
}

fn inspected_block(address: BlockAddress, block: &[u8]) -> InspectedBlock {
    let layout = parse_layout(block).ok();
    let text = layout.as_ref().and_then(|layout| block.get(layout.ciphertext.clone()));
    InspectedBlock {
        position: address.position,
        bytes: block.len(),
        algorithm: layout.as_ref().and_then(|layout| layout.algorithm).map(Algorithm::name),
        iv: layout.as_ref().map(|layout| hex::encode(&layout.iv)).unwrap_or_default(),
        is_malformed: layout.is_none(),
        begins: begin_of(text.unwrap_or(block), SHOWN).to_vec(),
    }
}

fn begin_of(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(..count).unwrap_or(bytes)
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Logstore {} of project {} in {}, number {}",
            shown(&self.logstore),
            shown(&self.project),
            shown(&self.region),
            self.number
        )?;
        writeln!(f, "encryption: {}", shown(&encryption(self.encrypt_conf.as_ref())))?;
        match &self.data_key {
            Some(key) => writeln!(
                f,
                "data key: wrapped by {}, {} bytes: {}...",
                key.wrapped_by,
                key.bytes,
                shown(&key.begins)
            )?,
            None => writeln!(f, "data key: none, nothing was sealed yet")?,
        }
        writeln!(f, "Shown as it lies in the file; that it is authentic only the master key can tell.")?;
        self.shards.iter().try_for_each(|shard| write!(f, "{shard}"))
    }
}

/// A configuration in a line.
fn encryption(conf: Option<&Value>) -> String {
    let Some(conf) = conf else { return "never configured".to_owned() };
    let text = |pointer: &str| conf.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
    let is_on = if conf.get("enable") == Some(&Value::Bool(true)) { "enabled" } else { "disabled" };
    let key = match conf.get("user_cmk_info") {
        Some(_) => format!(
            "the customer's key {} in {} through {}",
            text("/user_cmk_info/cmk_key_id"),
            text("/user_cmk_info/region_id"),
            text("/user_cmk_info/arn")
        ),
        None => "the service key".to_owned(),
    };
    format!("{is_on}, {}, under {key}", text("/encrypt_type"))
}

impl fmt::Display for InspectedShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shard, blocks, bytes, last } = self;
        writeln!(f, "\nshard {shard}: {blocks} blocks, {bytes} bytes")?;
        last.iter().try_for_each(|block| write!(f, "{block}"))
    }
}

impl fmt::Display for InspectedBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, bytes, algorithm, iv, is_malformed, begins } = self;
        write!(f, "  block {position}: {bytes} bytes, ")?;
        match algorithm {
            _ if *is_malformed => writeln!(f, "malformed")?,
            None => writeln!(f, "in clear")?,
            Some(algorithm) if iv.is_empty() => writeln!(f, "{algorithm}")?,
            Some(algorithm) => writeln!(f, "{algorithm}, iv {iv}")?,
        }
        for (number, line) in begins.chunks(LINE).enumerate() {
            let digits: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
            let letters: String = line.iter().map(|byte| printable(*byte)).collect();
            writeln!(f, "    {:04x}  {:<47}  |{letters}|", number * LINE, digits.join(" "))?;
        }
        Ok(())
    }
}

fn in_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

fn printable(byte: u8) -> char {
    if byte == b' ' || byte.is_ascii_graphic() { char::from(byte) } else { '.' }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use storage::{DataKey, seal};

    const ADDRESS: BlockAddress = BlockAddress { logstore: 1, shard: 0, position: 7 };

    fn block(algorithm: Option<Algorithm>) -> InspectedBlock {
        inspected_block(ADDRESS, &seal(algorithm, &DataKey::generate(), ADDRESS, b"readable, twenty-two by"))
    }

    #[test]
    fn a_block_in_clear_is_seen_to_be_and_a_sealed_one_not() {
        let clear = block(None).to_string();
        assert!(clear.contains("in clear") && clear.contains("|readable, twenty|"), "{clear}");
        assert!(clear.contains("    0010  2d 74 77 6f 20 62 79  "), "{clear}");
        for algorithm in Algorithm::ALL {
            let sealed = block(Some(algorithm)).to_string();
            assert!(sealed.contains(algorithm.name()) && !sealed.contains("readable"), "{sealed}");
            assert_eq!(sealed.contains(", iv "), algorithm.iv_length() > 0, "{sealed}");
        }
    }

    #[test]
    fn what_is_no_block_is_shown_all_the_same() {
        let shown = inspected_block(ADDRESS, b"scribble").to_string();
        assert!(shown.contains("8 bytes, malformed") && shown.contains("|scribble|"), "{shown}");
    }

    #[test]
    fn no_text_of_the_file_is_shown_with_what_a_terminal_obeys() {
        let hostile = "\u{1b}[2J\u{9b}\u{7f}\u{202e}\u{2066}\u{200e}\u{61c}\u{2028}\r\nforged";
        let conf = json!({"enable": true, "encrypt_type": hostile,
            "user_cmk_info": {"cmk_key_id": hostile, "arn": hostile, "region_id": hostile}});
        let key = WrappedDataKey::Byok { ciphertext_blob: hostile.to_owned() };
        let inspected = Inspected {
            project: hostile.to_owned(),
            region: hostile.to_owned(),
            logstore: hostile.to_owned(),
            number: 1,
            encrypt_conf: Some(conf),
            data_key: Some(inspected_key(&key)),
            shards: Vec::new(),
            is_authenticated: false,
        };
        let text = inspected.to_string();
        assert_eq!(text.lines().count(), 4, "{text}");
        let obeyed: Vec<char> = hostile.chars().filter(|c| !c.is_ascii_graphic() && *c != '\n').collect();
        assert!(text.contains("\\u{1b}[2J") && !text.contains(obeyed.as_slice()), "{text}");
    }

    #[test]
    fn a_configuration_is_a_line() {
        let byok = json!({"enable": true, "encrypt_type": "default",
            "user_cmk_info": {"cmk_key_id": "k", "arn": "acs:ram::1:role/r", "region_id": "cn-hangzhou"}});
        let expected =
            "enabled, default, under the customer's key k in cn-hangzhou through acs:ram::1:role/r";
        assert_eq!(encryption(Some(&byok)), expected);
        let own = json!({"enable": false, "encrypt_type": "sm4_gcm"});
        assert_eq!(encryption(Some(&own)), "disabled, sm4_gcm, under the service key");
        assert_eq!(encryption(None), "never configured");
    }
}
