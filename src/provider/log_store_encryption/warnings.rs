//! What a plan warns of: what cannot be undone, and what is stored in clear afterwards.

use super::{
    existing::Found,
    model::{EncryptionModel, UserCmkInfoModel},
    resource::LogStoreEncryption,
};
use schema::{Diagnostic, Diagnostics, Field, Path};

/// The warnings of a create that is not part of a replacement.
pub(super) fn of_create(
    resource: &LogStoreEncryption,
    planned: &EncryptionModel,
    found: Found,
) -> Diagnostics {
    let id = match resource.known_log_store_id(planned) {
        Some(Ok(id)) => id.to_string(),
        _ => "(known after apply)".to_owned(),
    };
    let mut warnings = Diagnostics::new();
    if found == Found::Enabled {
        warnings.push(switches_off(&id));
    }
    if found == Found::Nothing {
        warnings.extend(ecb(&id, planned));
        warnings.extend(resource.session.warns_of_permanence().then(|| first_configuration(&id, planned)));
    }
    warnings
}

/// The first configuration of a Logstore is its last.
fn first_configuration(id: &str, planned: &EncryptionModel) -> Diagnostic {
    let algorithm = text(&planned.encrypt_type);
    let key = match &planned.user_cmk_info {
        Field::Null => "  mechanism     service_key (a key of SLS)".to_owned(),
        Field::Unknown => "  mechanism     (known after apply)".to_owned(),
        Field::Known(cmk) => of_byok(cmk),
    };
    Diagnostic::warning(
        "The first encryption configuration of a Logstore is permanent",
        format!(
            "Logstore {id}: after the apply none of these can be changed or removed, even while encryption is disabled:\n\n{key}\n  encrypt_type  {algorithm}\n\nOnly enable can change. To plan without this warning, set permanence_warning = false in the provider block, or the environment variable ALICLOUD_ENCRYPTION_PERMANENCE_WARNING=false."
        ),
    )
}

fn of_byok(cmk: &UserCmkInfoModel) -> String {
    format!(
        "  mechanism     byok\n  cmk_key_id    {}\n  arn           {}\n  region_id     {}",
        text(&cmk.cmk_key_id),
        text(&cmk.arn),
        text(&cmk.region_id)
    )
}

fn text(field: &Field<String>) -> &str {
    field.known().map_or("(known after apply)", String::as_str)
}

/// Equal blocks of logs give equal ciphertext in this mode.
fn ecb(id: &str, planned: &EncryptionModel) -> Option<Diagnostic> {
    let algorithm = planned.encrypt_type.known().filter(|name| name.ends_with("_ecb"))?;
    let better = algorithm.replace("_ecb", "_gcm");
    Some(
        Diagnostic::warning(
            "The ECB mode shows patterns of what it encrypts",
            format!(
                "Logstore {id}: encrypt_type is {algorithm:?}. In ECB mode equal blocks give equal ciphertext, so repetitions in logs can be seen without the key, and changes are not detected. This is permanent. The same cipher in a mode without this weakness:\n\n  encrypt_type = {better:?}"
            ),
        )
        .at(Path::of("encrypt_type")),
    )
}

/// New logs are stored in clear.
pub(super) fn switches_off(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "Encryption of a Logstore is switched off",
        format!(
            "Logstore {id}: with enable = false, new logs are stored in clear. Its mechanism, algorithm and key stay fixed."
        ),
    )
    .at(Path::of("enable"))
}
