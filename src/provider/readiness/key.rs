//! The KMS key: it is there, it is named by its id, and it can encrypt data keys.

use super::{
    check::{Check, Subject},
    inputs::Lookup,
};
use cloud::{
    kms::{KeyMetadata, KeyState},
    names::Region,
};

pub(super) const EXISTS: &str = "key_exists";
const ID: &str = "key_id";
const ENABLED: &str = "key_enabled";
const SYMMETRIC: &str = "key_symmetric";
const USAGE: &str = "key_usage";
pub(super) const REGION: &str = "key_region";

/// `KeyUsage` of a key that encrypts.
const ENCRYPTS: &str = "ENCRYPT/DECRYPT";

/// The checks of the key.
pub(super) fn checks(subject: &Subject, key_id: &str, key: &Lookup<KeyMetadata>) -> [Check; 6] {
    let configured = Configured { subject, key_id };
    let Lookup::Found(key) = key else {
        let unknown = |name| Check::blocked_by(name, EXISTS);
        let exists = configured.not_found(key);
        let region = configured.region_mismatch().unwrap_or_else(|| unknown(REGION));
        return [exists, unknown(ID), unknown(ENABLED), unknown(SYMMETRIC), unknown(USAGE), region];
    };
    let exists = Check::passed(EXISTS, format!("KMS has the key {key_id:?} in {}.", subject.region));
    [
        exists,
        configured.id(key),
        configured.enabled(key),
        configured.symmetric(key),
        configured.usage(key),
        configured.region(key),
    ]
}

/// What is configured: the texts show its id in quotes, so that a blank at an end can be seen.
struct Configured<'a> {
    subject: &'a Subject,
    key_id: &'a str,
}

impl Configured<'_> {
    fn not_found(&self, key: &Lookup<KeyMetadata>) -> Check {
        let (key_id, region) = (self.key_id, &self.subject.region);
        match key {
            Lookup::Denied(denied) => Check::unread(EXISTS, &format!("Key {key_id:?}"), denied),
            Lookup::Unknown(why) => Check::open(EXISTS, why, None),
            Lookup::Refused(why) => Check::failed(
                EXISTS,
                format!("Key {key_id:?}: KMS gives nobody access to keys in {region}, so SLS cannot use it."),
                why,
            )
            .with_outage("KMS gives nobody access to the key of a Logstore"),
            Lookup::Absent | Lookup::Found(_) => Check::failed(
                EXISTS,
                format!("Key {key_id:?} does not exist in {region}."),
                format!(
                    "Check the id, and that the key is in the region of the Logstore: a key is only found in its own region. {}",
                    self.another_key()
                ),
            )
            .with_outage("The KMS key of a Logstore does not exist")
            .with_outage_fix("No other key can take its place: the key of a Logstore is fixed by its first encryption configuration. If the key was deleted, what was encrypted with it is lost. If it should be there, check that the provider's credentials belong to the account of the key."),
        }
    }

    /// KMS finds a key by its alias too; SLS is given the id.
    fn id(&self, key: &KeyMetadata) -> Check {
        let (key_id, found) = (self.key_id, &key.key_id);
        if key_id == found {
            return Check::passed(ID, format!("The key's id is {found:?}."));
        }
        Check::failed(
            ID,
            format!(
                "Key {key_id:?} is another name of the key {found:?}: the encryption configuration of a Logstore holds the id."
            ),
            format!("Use the id:\n\n  cmk_key_id = {found:?}"),
        )
    }

    fn enabled(&self, key: &KeyMetadata) -> Check {
        let (key_id, region) = (self.key_id, &self.subject.region);
        let call =
            |action: &str| format!("\n\n  aliyun kms {action} --RegionId {region} --KeyId {}", key.key_id);
        let (outage, fix) = match &key.key_state {
            KeyState::Enabled => return Check::passed(ENABLED, format!("The key {key_id:?} is Enabled.")),
            KeyState::Disabled => {
                ("The KMS key of a Logstore is disabled", format!("Enable it:{}", call("EnableKey")))
            }
            KeyState::PendingDeletion => {
                let until = key.delete_date.as_deref().map_or(String::new(), |date| format!(" before {date}"));
                let lost = "What was encrypted with a key is lost with it.";
                let fix = format!("{lost} Cancel the deletion{until}:{}", call("CancelKeyDeletion"));
                ("The KMS key of a Logstore is going to be deleted", fix)
            }
            KeyState::PendingImport => (
                "The KMS key of a Logstore has no key material",
                "It has no key material. Import it in the KMS console, or with GetParametersForImport and ImportKeyMaterial.".to_owned(),
            ),
            KeyState::Other(_) => {
                ("The KMS key of a Logstore is not enabled", "Find out why in the KMS console.".to_owned())
            }
        };
        let detail = format!("Key {key_id:?} is {}: SLS cannot use it.", key.key_state);
        Check::failed(ENABLED, detail, fix).with_outage(outage)
    }

    fn symmetric(&self, key: &KeyMetadata) -> Check {
        let detail = format!("Key {:?} is of KeySpec {}.", self.key_id, key.key_spec);
        if key.is_symmetric() {
            return Check::passed(SYMMETRIC, detail);
        }
        let fix =
            format!("The KeySpec of a key cannot be changed. Use a symmetric key. {}", self.another_key());
        Check::failed(SYMMETRIC, detail, fix)
    }

    fn usage(&self, key: &KeyMetadata) -> Check {
        let detail = format!("Key {:?} is for {}.", self.key_id, key.key_usage);
        if key.key_usage == ENCRYPTS {
            return Check::passed(USAGE, detail);
        }
        let fix = format!(
            "The KeyUsage of a key cannot be changed. Use one for {ENCRYPTS}. {}",
            self.another_key()
        );
        Check::failed(USAGE, detail, fix)
    }

    fn region(&self, key: &KeyMetadata) -> Check {
        let (key_id, region) = (self.key_id, &self.subject.region);
        if let Some(failed) = self.region_mismatch() {
            return failed;
        }
        match key.region_id() {
            Some(found) if found == region.as_str() => {
                Check::passed(REGION, format!("The key {key_id:?} is in {region}."))
            }
            Some(found) => Check::failed(
                REGION,
                format!("Key {key_id:?} is in {found}, not in {region}."),
                format!(
                    "If the Logstore is in {found} too, set region_id = \"{found}\". Otherwise use a key of the Logstore's region. {}",
                    self.another_key()
                ),
            ),
            None => {
                Check::open(REGION, format!("Key {key_id:?}: its ARN, {}, names no region.", key.arn), None)
            }
        }
    }

    /// The failed check if the region of the key is not that of the Logstore; whether the key exists does not matter.
    fn region_mismatch(&self) -> Option<Check> {
        let region = &self.subject.region;
        let log_store = self.subject.log_store_region.as_ref().filter(|log_store| *log_store != region)?;
        Some(Check::failed(
            REGION,
            format!(
                "Key {:?} is looked for in {region}, which is region_id, but the Logstore is looked for in {log_store}: SLS cannot use a key of another region.",
                self.key_id
            ),
            format!(
                "If the Logstore is in {log_store}, set region_id = \"{log_store}\" and use a key of that region. If it is in {region}, set region = \"{region}\" on the resource. {}",
                self.another_key_in(log_store)
            ),
        ))
    }

    fn another_key(&self) -> String {
        self.another_key_in(self.subject.log_store_region.as_ref().unwrap_or(&self.subject.region))
    }

    /// Source of the SM4 sentence: KMS documentation, "Overview of key specs".
    fn another_key_in(&self, region: &Region) -> String {
        let is_sm4 =
            self.subject.encrypt_type.as_ref().is_some_and(|name| name == "m4" || name.starts_with("sm4"));
        let (spec, more) = if is_sm4 {
            (
                "Aliyun_SM4 --ProtectionLevel HSM",
                "An Aliyun_SM4 key is kept in a hardware security module, which not every region has. A key of KeySpec Aliyun_AES_256 can be used too, but then the Logstore's data key is not encrypted with SM4. ",
            )
        } else {
            ("Aliyun_AES_256", "")
        };
        format!(
            "{more}A fitting key is made with this command, which prints its id:\n\n  aliyun kms CreateKey --RegionId {region} --KeySpec {spec} --KeyUsage {ENCRYPTS}"
        )
    }
}
