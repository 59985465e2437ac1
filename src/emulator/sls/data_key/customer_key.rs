//! The customer's key at work: KMS makes and opens the data keys of a Logstore, called as a session of the role
//! that the account lends to the service
//! (<https://www.alibabacloud.com/help/en/sls/user-guide/data-encryption>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::snapshot::Snapshot;
use super::wrapped::Owner;
use crate::access::service_condition_context;
use crate::error::Error;
use crate::kms;
use crate::rpc::{self, Parameters};
use crate::sls::encryption::UserCmkInfo;
use crate::sts;
use storage::DataKey;

/// What roles name in their trust policy to let the service assume them.
const SERVICE: &str = "log.aliyuncs.com";

/// The name of the service's sessions. No source has the real one.
const SESSION: &str = "aliyun-log";

/// The customer's key of one Logstore.
#[derive(Clone, Copy, Debug)]
pub struct CustomerKey<'a> {
    /// Where role and key are found.
    pub snapshot: &'a Snapshot,
    /// Whose data keys are made and opened.
    pub owner: &'a Owner,
    /// Which key, and through which role.
    pub info: &'a UserCmkInfo,
}

impl CustomerKey<'_> {
    /// Has KMS describe the key (`DescribeKey`).
    ///
    /// # Errors
    ///
    /// As [`CustomerKey::open`].
    pub fn describe(&self) -> Result<(), Error> {
        self.call("DescribeKey", &[("KeyId", &self.info.cmk_key_id)]).map(drop)
    }

    /// Has KMS make a data key (`GenerateDataKey`): the key, and the `CiphertextBlob` it comes back from. It is
    /// opened once before it is used, so that nothing is sealed with a key that the role may make and not open.
    ///
    /// # Errors
    ///
    /// As [`CustomerKey::open`].
    pub fn generate(&self) -> Result<(DataKey, String), Error> {
        let parameters = [("KeyId", self.info.cmk_key_id.as_str()), ("NumberOfBytes", "32")];
        let mut made = self.call("GenerateDataKey", &parameters)?;
        drop(secret(&mut made));
        let blob =
            made.get("CiphertextBlob").and_then(Value::as_str).ok_or_else(Error::internal_server_error)?;
        Ok((self.open(blob)?, blob.to_owned()))
    }

    /// Has KMS open a data key (`Decrypt`).
    ///
    /// # Errors
    ///
    /// That role or key cannot be used, with the words of the service that says so: `Unauthorized` for what is
    /// about the role, `ParameterInvalid` for what is about the key. Both are guesses: no source has the real
    /// ones. Neither is one that clients take for passing.
    pub fn open(&self, blob: &str) -> Result<DataKey, Error> {
        let mut opened = self.call("Decrypt", &[("CiphertextBlob", blob)])?;
        let key = secret(&mut opened).and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
        key.map(DataKey::from_bytes).ok_or_else(Error::internal_server_error)
    }

    /// Calls KMS in the key's region as a session of the role.
    fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Map<String, Value>, Error> {
        let Snapshot { directory, keys, now } = self.snapshot;
        let condition_context = service_condition_context(*now);
        let session = sts::for_service(directory, SERVICE, (&self.info.arn, SESSION), &condition_context)
            .map_err(|error| self.unusable(action, "STS", &error))?;
        let context = self.encryption_context();
        let parameters: Vec<(&str, &str)> =
            parameters.iter().copied().chain([("EncryptionContext", context.as_str())]).collect();
        let request = rpc::Request {
            account_id: &directory.account_id,
            host: "",
            named_region: Some(&self.info.region_id),
            default_region: &self.info.region_id,
            now: *now,
            caller: Some(&session),
            condition_context: &condition_context,
            parameters: &Parameters::from_pairs(&parameters),
        };
        rpc::call_as(&kms::SERVICE, keys, directory, action, &request)
            .map_err(|error| self.unusable(action, "KMS", &error))
    }

    /// A data key opens for its Logstore only, not for a later one of the same name.
    fn encryption_context(&self) -> String {
        json!({
            "AccountId": self.snapshot.directory.account_id,
            "Project": self.owner.project,
            "Logstore": self.owner.logstore,
            "LogstoreNumber": self.owner.number.to_string(),
        })
        .to_string()
    }

    fn unusable(&self, action: &str, service: &str, error: &Error) -> Error {
        let UserCmkInfo { cmk_key_id, arn, region_id } = self.info;
        let Error { status, code, message } = error;
        let text = format!(
            "The key {cmk_key_id} in {region_id} of logstore {} cannot be used for kms:{action} through the role \
             {arn}: {service} answers {code}: {message}",
            self.owner.logstore
        );
        if service == "STS" || *status == 403 {
            Error::unauthorized(text)
        } else {
            Error::parameter_invalid(text)
        }
    }
}

/// Takes the plaintext out of an answer.
fn secret(answer: &mut Map<String, Value>) -> Option<Zeroizing<Vec<u8>>> {
    let Some(Value::String(text)) = answer.remove("Plaintext") else { return None };
    STANDARD.decode(Zeroizing::new(text).as_bytes()).ok().map(Zeroizing::new)
}
