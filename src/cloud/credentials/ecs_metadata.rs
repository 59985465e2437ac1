//! The keys of an ECS instance's role, from the metadata service of the instance.

use std::time::Duration;

use crate::context::CallContext;
use crate::credentials::answer::parse_temporary_key;
use crate::credentials::error::{operation, source_error, unusable};
use crate::credentials::source_context::UnsignedRequest;
use crate::credentials::{CredentialSource, Fetched, Fetching, SourceContext};
use crate::dispatcher::printable;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::http::{HttpRequest, HttpResponse, Method, percent_encode};
use crate::names::RoleName;
use crypto::Secret;

/// The keys of an instance's role.
///
/// Version 2 of the metadata service, which needs a token, is called first; then version 1, which needs none, if it is
/// allowed. Source: ECS documentation, "Instance metadata", and the official credentials libraries.
#[derive(Clone, Debug)]
pub struct EcsMetadata {
    /// The role; `None` asks the service for the role of the instance.
    pub role_name: Option<String>,
    /// Whether the source must exist. If it need not, a machine without the service or without a role is not an error:
    /// the source does not exist.
    pub required: bool,
    /// The metadata service.
    pub service: MetadataService,
    /// The setting or profile that names the role, for messages.
    pub source: String,
}

/// The metadata service.
#[derive(Clone, Debug)]
pub struct MetadataService {
    /// Its address: [`Endpoint::ecs_metadata`], or another one.
    pub endpoint: Endpoint,
    /// Whether version 1 may be called.
    pub version_1: bool,
}

const TOKEN: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

/// How long a token is valid, as in the official libraries.
const TOKEN_SECONDS: &str = "21600";

/// The service is on the machine's own link. Where it does not exist, there is no answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How many retries a call has if the service must exist.
const MAX_RETRIES: u32 = 2;

impl EcsMetadata {
    async fn fetch_keys(
        &self,
        source_context: &SourceContext,
        context: &CallContext,
    ) -> Result<Option<Fetched>, Error> {
        let token = match self.token(source_context, context).await {
            Ok(token) => Some(token),
            Err(error) if context.is_over(&*source_context.clock) => return Err(error),
            Err(_) if self.service.version_1 => None,
            Err(error) => return self.missing(error),
        };
        let role = match &self.role_name {
            Some(role) => role.clone(),
            None => match self.role(source_context, context, token.as_ref()).await {
                Ok(role) => role,
                Err(error) if context.is_over(&*source_context.clock) => return Err(error),
                Err(error) => return self.missing(error),
            },
        };
        let source = format!("{}, role {}", self.describe(), printable(&role));
        let path = format!("{ROLES}{}", percent_encode(&role));
        let answer = self.get(source_context, context, path, token.as_ref()).await;
        match answer {
            Ok(answer) => parse_temporary_key(&answer.body, &source).map(Some),
            Err(error) if context.is_over(&*source_context.clock) => Err(error),
            // The service exists, because it has named a role.
            Err(error) if self.role_name.is_none() => Err(source_error(error, &self.source)),
            Err(error) => self.missing(error),
        }
    }

    fn missing(&self, error: Error) -> Result<Option<Fetched>, Error> {
        if self.required {
            return Err(source_error(error, &self.source));
        }
        tracing::debug!(source = self.describe(), reason = error.message(), "no credentials there");
        Ok(None)
    }

    async fn token(&self, source_context: &SourceContext, context: &CallContext) -> Result<Secret, Error> {
        let mut request = HttpRequest::new(Method::Put, self.service.endpoint.origin(), TOKEN);
        request.headers.set("x-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_SECONDS);
        let answer = self.send(source_context, context, request).await?;
        self.text(&answer, "token").map(Secret::from)
    }

    async fn role(
        &self,
        source_context: &SourceContext,
        context: &CallContext,
        token: Option<&Secret>,
    ) -> Result<String, Error> {
        let answer = self.get(source_context, context, ROLES.to_owned(), token).await?;
        let role = self.text(&answer, "role")?;
        // Messages show the name from now on. A text that is not the name of a role may be anything, even a key.
        let name = RoleName::parse(role)
            .map_err(|_| unusable(&self.describe(), "its answer is not the name of a role"));
        name.map(|_| role.to_owned())
    }

    async fn get(
        &self,
        source_context: &SourceContext,
        context: &CallContext,
        path: String,
        token: Option<&Secret>,
    ) -> Result<HttpResponse, Error> {
        let mut request = HttpRequest::new(Method::Get, self.service.endpoint.origin(), path);
        if let Some(token) = token {
            request.headers.set("x-aliyun-ecs-metadata-token", token.expose());
        }
        self.send(source_context, context, request).await
    }

    async fn send(
        &self,
        source_context: &SourceContext,
        context: &CallContext,
        request: HttpRequest,
    ) -> Result<HttpResponse, Error> {
        let operation = operation(&self.describe());
        // Every answer, a token or keys, is a secret.
        let request = HttpRequest { secret: true, ..request };
        let max_retries = if self.required { MAX_RETRIES } else { 0 };
        source_context
            .send(context, UnsignedRequest { operation: &operation, request, timeout: TIMEOUT, max_retries })
            .await
    }

    /// One line of visible characters, as tokens and role names are.
    fn text<'a>(&self, answer: &'a HttpResponse, what: &str) -> Result<&'a str, Error> {
        let text = std::str::from_utf8(&answer.body).map(str::trim).unwrap_or_default();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unusable(&self.describe(), format!("its answer holds no {what}")));
        }
        Ok(text)
    }
}

impl CredentialSource for EcsMetadata {
    fn fetch<'a>(&'a self, source_context: &'a SourceContext, context: &'a CallContext) -> Fetching<'a> {
        Box::pin(self.fetch_keys(source_context, context))
    }

    fn describe(&self) -> String {
        format!("the ECS metadata service {} of {}", self.service.endpoint, self.source)
    }
}

#[cfg(test)]
mod tests;
