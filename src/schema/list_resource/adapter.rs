//! Carries encoded requests to a typed [`ListResource`] and its results back.

use std::{fmt, marker::PhantomData};

use futures_util::future::BoxFuture;

use super::{List, ListResource, ListSink};
use crate::{
    Diagnostic, Diagnostics, Path, Schema,
    adapter::Erased as ErasedResource,
    codec::{Codec, to_model},
    events::EventSink,
    messages::{Encoded, ListEvent, ListRequest},
    planning,
    resource::Context,
};

/// A list resource of any model, as the server keeps it.
pub struct AnyListResource(Box<dyn Erased>);

impl AnyListResource {
    /// Wraps a list resource.
    pub fn new<L: ListResource>(list_resource: L) -> AnyListResource {
        let codec = Codec::new(list_resource.schema());
        AnyListResource(Box::new(Adapter { list_resource, codec }))
    }

    pub(crate) fn erased(&self) -> &dyn Erased {
        self.0.as_ref()
    }
}

impl fmt::Debug for AnyListResource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("AnyListResource").field(&self.0.type_name()).finish()
    }
}

/// [`ListResource`] without its models.
pub(crate) trait Erased: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn validate(&self, config: &Encoded) -> Diagnostics;
    fn list<'a>(
        &'a self,
        context: &'a Context,
        request: ListRequest,
        resource: &'a dyn ErasedResource,
        events: &'a mut dyn EventSink<ListEvent>,
    ) -> BoxFuture<'a, ()>;
}

struct Adapter<L> {
    list_resource: L,
    codec: Codec,
}

impl<L: ListResource> Erased for Adapter<L> {
    fn type_name(&self) -> &'static str {
        self.list_resource.type_name()
    }

    fn schema(&self) -> &Schema {
        &self.codec.schema
    }

    /// The paths that hosts point at begin with the block around the arguments.
    fn validate(&self, config: &Encoded) -> Diagnostics {
        let found = self.codec.validate(config, |config| self.list_resource.validate(config));
        let in_block = |diagnostic: Diagnostic| Diagnostic {
            path: diagnostic.path.map(|path| Path::of("config").join(&path)),
            ..diagnostic
        };
        found.into_iter().map(in_block).collect()
    }

    fn list<'a>(
        &'a self,
        context: &'a Context,
        request: ListRequest,
        resource: &'a dyn ErasedResource,
        events: &'a mut dyn EventSink<ListEvent>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(problems) = self.try_list(context, request, resource, events).await {
                let problems = problems.into_iter().map(without_path).collect();
                events.send(ListEvent::about_the_list(problems)).await;
            }
        })
    }
}

impl<L: ListResource> Adapter<L> {
    async fn try_list(
        &self,
        context: &Context,
        request: ListRequest,
        resource: &dyn ErasedResource,
        events: &mut dyn EventSink<ListEvent>,
    ) -> Result<(), Diagnostics> {
        let limit = u64::try_from(request.limit).unwrap_or(0);
        if limit == 0 {
            return Ok(());
        }
        let config = self.codec.decode_known_config(&request.config, self.type_name())?;
        let config = to_model(planning::with_defaults(&self.codec.schema, &config))?;
        let ended = context.cancel.child_token();
        let mut sink = ListSink {
            resource,
            events,
            include_resource: request.include_resource,
            remaining: limit,
            warnings: Diagnostics::new(),
            failed: None,
            ended: ended.clone(),
            of: PhantomData,
        };
        let (inner, include_resource) = (Context { cancel: ended.clone() }, request.include_resource);
        let list = self.list_resource.list(&inner, List { config, limit, include_resource }, &mut sink);
        let outcome = ended.run_until_cancelled(list).await;
        if let Some(problem) = sink.failed {
            return Err(problem.into());
        }
        if context.cancel.is_cancelled() {
            return Err(interrupted(self.type_name()).into());
        }
        match outcome {
            // The limit is reached, or the host closed the stream.
            None => Ok(()),
            Some(Ok(())) => {
                sink.send_warnings().await;
                Ok(())
            }
            Some(Err(mut problems)) => {
                problems.extend(sink.warnings);
                Err(problems)
            }
        }
    }
}

/// A list that ends early must not pass for a whole one.
fn interrupted(type_name: &str) -> Diagnostic {
    Diagnostic::error(
        "Listing interrupted",
        format!("{type_name}: Terraform was interrupted before everything was listed. Run the query again."),
    )
}

/// Names the attribute in the text: hosts point at different places with the paths of these events.
fn without_path(diagnostic: Diagnostic) -> Diagnostic {
    let named = diagnostic.path.map(|path| path.to_string()).filter(|path| !path.is_empty());
    let detail = match named {
        Some(name) if !diagnostic.detail.contains(&name) => format!("{name}: {}", diagnostic.detail),
        _ => diagnostic.detail,
    };
    Diagnostic { detail, path: None, ..diagnostic }
}
