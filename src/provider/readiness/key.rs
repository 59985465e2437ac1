//! The KMS key: it is there, and it can encrypt data keys.

use super::{Check, Subject, facts::Read};
use crate::cloud::{
    kms::{KeyMetadata, KeyState},
    names::Region,
};

const EXISTS: &str = "key_exists";
const ENABLED: &str = "key_enabled";
const SYMMETRIC: &str = "key_symmetric";
const USAGE: &str = "key_usage";
pub(super) const REGION: &str = "key_region";

/// `KeyUsage` of a key that encrypts.
const ENCRYPTS: &str = "ENCRYPT/DECRYPT";

/// The checks of the key.
pub(super) fn checks(subject: &Subject, key: &Read<KeyMetadata>) -> [Check; 5] {
    let Read::Found(key) = key else {
        let unknown = |name| Check::hanging_on(name, EXISTS);
        let exists = not_found(subject, key);
        let region = not_where_the_log_store_is(subject).unwrap_or_else(|| unknown(REGION));
        return [exists, unknown(ENABLED), unknown(SYMMETRIC), unknown(USAGE), region];
    };
    let exists = Check::passed(EXISTS, format!("KMS has the key {} in {}.", subject.key_id, subject.region));
    [exists, enabled(subject, key), symmetric(subject, key), usage(subject, key), region(subject, key)]
}

fn not_found(subject: &Subject, key: &Read<KeyMetadata>) -> Check {
    let Subject { key_id, region, .. } = subject;
    match key {
        Read::Denied(denied) => {
            let fix = denied.fix(&format!("acs:kms:{region}:*:key/*"));
            Check::open(EXISTS, denied.sentence(&format!("The key {key_id}")), Some(fix))
        }
        Read::Unknown(why) => Check::open(EXISTS, why, None),
        Read::Absent | Read::Found(_) => Check::failed(
            EXISTS,
            format!("KMS has no key {key_id} in {region}."),
            format!(
                "Check the id, and that the key is in the region of the Logstore: a key is only found in its own region. {}",
                another_key(subject)
            ),
        ),
    }
}

fn enabled(subject: &Subject, key: &KeyMetadata) -> Check {
    let Subject { key_id, region, .. } = subject;
    let call = |action: &str| format!("aliyun kms {action} --RegionId {region} --KeyId {}", key.key_id);
    let fix = match &key.key_state {
        KeyState::Enabled => return Check::passed(ENABLED, format!("The key {key_id} is Enabled.")),
        KeyState::Disabled => format!("Enable it: {}", call("EnableKey")),
        KeyState::PendingDeletion => {
            let until = key.delete_date.as_deref().map_or(String::new(), |date| format!(" before {date}"));
            format!("Cancel the deletion{until}: {}", call("CancelKeyDeletion"))
        }
        KeyState::PendingImport => format!(
            "Import the key material: {}, then ImportKeyMaterial with what it gives.",
            call("GetParametersForImport")
        ),
        KeyState::Other(_) => {
            format!("Find out why in the KMS console, or use another key. {}", another_key(subject))
        }
    };
    let detail = format!(
        "The key {key_id} is {}: Logstores that are encrypted with it can be neither read nor written.",
        key.key_state
    );
    Check::failed(ENABLED, detail, fix)
}

fn symmetric(subject: &Subject, key: &KeyMetadata) -> Check {
    let detail = format!("The key {} is of KeySpec {}.", subject.key_id, key.key_spec);
    if key.is_symmetric() {
        return Check::passed(SYMMETRIC, detail);
    }
    let fix =
        format!("The KeySpec of a key cannot be changed. Use a symmetric key. {}", another_key(subject));
    Check::failed(SYMMETRIC, detail, fix)
}

fn usage(subject: &Subject, key: &KeyMetadata) -> Check {
    let detail = format!("The key {} is for {}.", subject.key_id, key.key_usage);
    if key.key_usage == ENCRYPTS {
        return Check::passed(USAGE, detail);
    }
    let fix =
        format!("The KeyUsage of a key cannot be changed. Use one for {ENCRYPTS}. {}", another_key(subject));
    Check::failed(USAGE, detail, fix)
}

fn region(subject: &Subject, key: &KeyMetadata) -> Check {
    let Subject { key_id, region, .. } = subject;
    if let Some(failed) = not_where_the_log_store_is(subject) {
        return failed;
    }
    match key.region_id() {
        Some(found) if found == region.as_str() => {
            Check::passed(REGION, format!("The key {key_id} is in {region}."))
        }
        Some(found) => Check::failed(
            REGION,
            format!("The key {key_id} is in {found}, not in {region}."),
            format!(
                "If the Logstore is in {found} too, set region_id = \"{found}\". Otherwise use a key of the Logstore's region. {}",
                another_key(subject)
            ),
        ),
        None => {
            Check::open(REGION, format!("The ARN of the key {key_id}, {}, names no region.", key.arn), None)
        }
    }
}

/// The region is wrong wherever the key is.
fn not_where_the_log_store_is(subject: &Subject) -> Option<Check> {
    let Subject { key_id, region, .. } = subject;
    let log_store = subject.log_store_region.as_ref().filter(|log_store| *log_store != region)?;
    Some(Check::failed(
        REGION,
        format!(
            "The key {key_id} is looked for in {region}, and the region of the Logstore is {log_store}: a key of another region cannot be used."
        ),
        format!(
            "Set region_id = \"{log_store}\" and use a key of that region. {}",
            another_key_in(log_store)
        ),
    ))
}

fn another_key(subject: &Subject) -> String {
    another_key_in(subject.log_store_region.as_ref().unwrap_or(&subject.region))
}

fn another_key_in(region: &Region) -> String {
    format!(
        "A fitting one is made with: aliyun kms CreateKey --RegionId {region} --KeySpec Aliyun_AES_256 --KeyUsage {ENCRYPTS}"
    )
}
