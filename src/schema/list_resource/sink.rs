//! Where a list resource puts what it finds.

use std::{fmt, future::pending, marker::PhantomData};

use tokio_util::sync::CancellationToken;

use crate::{
    Diagnostic, Diagnostics, Model, Value, adapter::Erased as ErasedResource, events::EventSink,
    messages::ListEvent,
};

/// One object that exists.
#[derive(Clone, Debug)]
pub struct Listed<M> {
    /// The name by which a person knows the object; Terraform prints it.
    pub display_name: String,
    /// Its identity. No member is null.
    pub identity: Value,
    /// What an import of the object stores; needed if the request asks for it, and not passed on otherwise.
    pub resource: Option<M>,
}

/// Takes the objects of one listing, in their order.
pub struct ListSink<'a, M> {
    /// The resource type that is listed: it encodes.
    pub(super) resource: &'a dyn ErasedResource,
    pub(super) events: &'a mut dyn EventSink<ListEvent>,
    pub(super) include_resource: bool,
    /// How many objects the host still takes.
    pub(super) remaining: u64,
    /// What the host is told at the end.
    pub(super) warnings: Diagnostics,
    /// An object that cannot be sent.
    pub(super) failed: Option<Diagnostic>,
    /// Cancelled to end the listing.
    pub(super) ended: CancellationToken,
    pub(super) of: PhantomData<fn(M)>,
}

impl<M: Model> ListSink<'_, M> {
    /// Passes on one object, and waits while the host is behind. Does not return once the host takes no more.
    pub async fn send(&mut self, object: Listed<M>) {
        match self.event(object) {
            Ok(event) => self.pass_on(event).await,
            Err(problem) => self.failed = Some(problem),
        }
        if self.failed.is_some() || self.remaining == 0 {
            self.end().await;
        }
    }

    /// How many objects the host still takes.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Tells the person something about the whole list, such as which objects are not in it because they cannot be
    /// read. It is sent once the last object is; collect what concerns many objects into one warning.
    pub fn warn(&mut self, summary: impl Into<String>, detail: impl Into<String>) {
        self.warnings.warning(summary, detail);
    }

    /// Sends the warnings in an event of their own.
    pub(super) async fn send_warnings(&mut self) {
        if !self.warnings.is_empty() {
            let diagnostics = std::mem::take(&mut self.warnings);
            self.events.send(ListEvent::about_the_list(diagnostics)).await;
        }
    }

    /// Hosts close the stream with the last object that they take, so warnings go before it.
    async fn pass_on(&mut self, event: ListEvent) {
        if self.remaining == 1 {
            self.send_warnings().await;
        }
        self.remaining = if self.events.send(event).await { self.remaining.saturating_sub(1) } else { 0 };
    }

    async fn end(&self) {
        self.ended.cancel();
        pending::<()>().await;
    }

    fn event(&self, object: Listed<M>) -> Result<ListEvent, Diagnostic> {
        let Listed { display_name, identity, resource } = object;
        let about = |problem: Diagnostic| Diagnostic {
            detail: format!("{display_name}: {}", problem.detail),
            ..problem
        };
        let identity = self.resource.encode_identity(&identity).map_err(about)?;
        let resource = match resource.filter(|_| self.include_resource) {
            None if self.include_resource => return Err(about(incomplete())),
            resource => resource.map(|resource| self.resource.encode_object(resource.into_object())),
        };
        let resource = resource.transpose().map_err(about)?;
        Ok(ListEvent { display_name, identity: Some(identity), resource, diagnostics: Diagnostics::new() })
    }
}

impl<M> fmt::Debug for ListSink<'_, M> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ListSink")
            .field("include_resource", &self.include_resource)
            .field("remaining", &self.remaining)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

fn incomplete() -> Diagnostic {
    Diagnostic::error(
        "Listed object is incomplete",
        "The provider listed this object without the attributes that Terraform asked for. This is a bug in the provider.",
    )
}
