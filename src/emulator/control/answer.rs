//! What control calls are answered with.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::http::Reply;
use crate::json::{self, Node, Problem};
use crate::sls;
use crate::stored::{PersistError, Unwritable};

/// Something wrong with a control call.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// The body is JSON of another form.
    #[error("{0}")]
    Content(#[from] Problem),
    /// There is no such object.
    #[error("{0}")]
    NotFound(String),
    /// A change is not stored.
    #[error("{0}")]
    Persist(#[from] PersistError),
    /// A change cannot be encoded.
    #[error("not stored: {0}")]
    Unwritable(#[from] Unwritable),
    /// SLS refuses it.
    #[error("{}: {}", .0.code, .0.message)]
    Sls(#[from] sls::Error),
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Syntax(_) | Self::Content(_) => 400,
            Self::NotFound(_) => 404,
            Self::Persist(_) | Self::Unwritable(_) => 500,
            Self::Sls(error) => error.status,
        };
        Reply::json(status, &json!({"error": self.to_string()})).into_response()
    }
}

/// What a control call is answered with.
pub type Answer = Result<Response<Body>, ControlError>;

/// An answer in JSON.
pub fn json_answer(body: &Value) -> Response<Body> {
    Reply::json(200, body).into_response()
}

/// The answer to a command that succeeded.
pub fn empty_answer() -> Response<Body> {
    json_answer(&json!({}))
}

/// Reads a body.
///
/// # Errors
///
/// [`ControlError::Syntax`]
pub fn parse(body: &Bytes) -> Result<Value, ControlError> {
    Ok(json::parse(body)?)
}

/// Names a problem with a whole body, where a path would be empty.
pub fn root(document: &Value) -> Node<'_> {
    Node::root("", document)
}
