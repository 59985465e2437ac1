//! Errors in the service's own words
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/error-codes>).

use std::io;

use serde_json::json;

use crate::error::Error;
use crate::http::Reply;
use storage::StoreError;

impl Error {
    /// The answer: the request id goes into a header, so that it is not part of this.
    pub fn to_reply(&self) -> Reply {
        let body = json!({"errorCode": self.code, "errorMessage": self.message});
        Reply { error: Some(Box::new(self.clone())), ..Reply::json(self.status, &body) }
    }

    /// A header the service needs is missing.
    pub fn missing_header(code: &str, header: &str) -> Self {
        Self::new(400, code, format!("{header} does not exist in http header."))
    }

    /// The signature is not the one expected.
    pub fn signature_not_match(signature: &str) -> Self {
        Self::new(401, "SignatureNotMatch", format!("Signature {signature} is not matched."))
    }

    /// The caller is not known, or not allowed.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(401, "Unauthorized", message)
    }

    /// Something is wrong with a parameter.
    pub fn parameter_invalid(message: impl Into<String>) -> Self {
        Self::new(400, "ParameterInvalid", message)
    }

    /// Something is wrong with a Logstore's description.
    pub fn logstore_info_invalid(message: impl Into<String>) -> Self {
        Self::new(400, "LogStoreInfoInvalid", message)
    }

    /// A member the operation does not know.
    pub fn redundant_key() -> Self {
        Self::logstore_info_invalid("redundant key exist in json")
    }

    /// The body is not a JSON object.
    pub fn post_body_invalid() -> Self {
        Self::new(400, "PostBodyInvalid", "The request body is not valid JSON object.")
    }

    /// The body is larger than the service takes.
    pub fn post_body_too_large(limit: usize) -> Self {
        Self::new(400, "PostBodyTooLarge", format!("The request body is larger than {limit} bytes."))
    }

    /// No such project in this region.
    pub fn project_not_exist(project: &str) -> Self {
        Self::new(404, "ProjectNotExist", format!("The Project does not exist : {project}"))
    }

    /// The project's name is taken.
    pub fn project_already_exist(project: &str) -> Self {
        Self::new(400, "ProjectAlreadyExist", format!("Project {project} already exist"))
    }

    /// No such Logstore in the project.
    pub fn logstore_not_exist(logstore: &str) -> Self {
        Self::new(404, "LogStoreNotExist", format!("logstore {logstore} does not exist"))
    }

    /// The Logstore's name is taken.
    pub fn logstore_already_exist(logstore: &str) -> Self {
        Self::new(400, "LogStoreAlreadyExist", format!("logstore {logstore} already exists"))
    }

    /// The Logstore has no index.
    pub fn index_config_not_exist() -> Self {
        Self::new(400, "IndexConfigNotExist", "index config doesn't exist")
    }

    /// Something is wrong with the description of an index.
    pub fn index_info_invalid(message: impl Into<String>) -> Self {
        Self::new(400, "IndexInfoInvalid", message)
    }

    /// The project is full.
    pub fn project_quota_exceed() -> Self {
        Self::new(400, "ProjectQuotaExceed", "Project Quota Exceed.")
    }

    /// The service has no such path, or no such method on it.
    pub fn invalid_method(path: &str) -> Self {
        Self::new(405, "InvalidMethod", format!("invalid request method: {path}"))
    }

    /// An operation the service has and this emulator does not.
    pub fn not_emulated(method: &str, path: &str) -> Self {
        Self::new(400, "NotSupported", format!("This operation is not emulated: {method} {path}"))
    }

    /// Too many calls.
    pub fn throttled(is_read: bool) -> Self {
        if is_read {
            Self::new(403, "ReadQuotaExceed", "Read quota is exceeded.")
        } else {
            Self::new(403, "WriteQuotaExceed", "Write quota is exceeded.")
        }
    }

    /// The compression is unknown.
    pub fn invalid_compress_type(name: &str) -> Self {
        Self::new(400, "InvalidCompressType", format!("x-log-compresstype {name} is unsupported."))
    }

    /// A compressed body does not say how large it was.
    pub fn missing_body_raw_size() -> Self {
        let message = "x-log-bodyrawsize does not exist in header when it is necessary.";
        Self::new(400, "MissingBodyRawSize", message)
    }

    /// The stated size of a body is not a number, or wrong.
    pub fn invalid_body_raw_size() -> Self {
        Self::new(400, "InvalidBodyRawSize", "x-log-bodyrawsize is invalid.")
    }

    /// No such shard in the Logstore.
    pub fn shard_not_exist(shard: u32) -> Self {
        Self::new(400, "ShardNotExist", format!("shard {shard} does not exist"))
    }

    /// The store cannot be read or written; why goes to the log.
    pub fn storage(error: &StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::internal_server_error()
    }

    /// An answer could not be compressed; why goes to the log.
    pub fn compression(error: &io::Error) -> Self {
        tracing::error!(%error, "compressing an answer failed");
        Self::internal_server_error()
    }

    /// The emulator itself failed.
    pub fn internal_server_error() -> Self {
        Self::new(500, "InternalServerError", "Internal error of the emulator; its log says more.")
    }
}
