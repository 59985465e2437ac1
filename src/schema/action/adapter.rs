//! Carries encoded requests to a typed [`Action`] and its diagnostics back.

use std::fmt;

use futures_util::future::BoxFuture;

use super::{Action, Progress};
use crate::{
    Diagnostics, Schema,
    codec::{Codec, to_model},
    events::EventSink,
    messages::{ActionEvent, Encoded},
    planning,
    resource::Context,
};

/// An action of any model, as the server keeps it.
pub struct AnyAction(Box<dyn Erased>);

impl AnyAction {
    /// Wraps an action.
    pub fn new<A: Action>(action: A) -> AnyAction {
        let codec = Codec::new(action.schema());
        AnyAction(Box::new(Adapter { action, codec }))
    }

    pub(crate) fn erased(&self) -> &dyn Erased {
        self.0.as_ref()
    }
}

impl fmt::Debug for AnyAction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("AnyAction").field(&self.0.type_name()).finish()
    }
}

/// [`Action`] without its model.
pub(crate) trait Erased: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn validate(&self, config: &Encoded) -> Diagnostics;
    fn plan<'a>(&'a self, context: &'a Context, config: &'a Encoded) -> BoxFuture<'a, Diagnostics>;
    fn invoke<'a>(
        &'a self,
        context: &'a Context,
        config: &'a Encoded,
        events: &'a mut dyn EventSink<ActionEvent>,
    ) -> BoxFuture<'a, Diagnostics>;
}

struct Adapter<A> {
    action: A,
    codec: Codec,
}

impl<A: Action> Erased for Adapter<A> {
    fn type_name(&self) -> &'static str {
        self.action.type_name()
    }

    fn schema(&self) -> &Schema {
        &self.codec.schema
    }

    fn validate(&self, config: &Encoded) -> Diagnostics {
        self.codec.validate(config, |config| self.action.validate(config))
    }

    fn plan<'a>(&'a self, context: &'a Context, config: &'a Encoded) -> BoxFuture<'a, Diagnostics> {
        Box::pin(async move {
            let planned = self.try_plan(context, config).await;
            self.codec.locate(planned.unwrap_or_else(|problems| problems))
        })
    }

    fn invoke<'a>(
        &'a self,
        context: &'a Context,
        config: &'a Encoded,
        events: &'a mut dyn EventSink<ActionEvent>,
    ) -> BoxFuture<'a, Diagnostics> {
        Box::pin(async move {
            let invoked = self.try_invoke(context, config, events).await;
            self.codec.locate(invoked.unwrap_or_else(|problems| problems))
        })
    }
}

impl<A: Action> Adapter<A> {
    async fn try_plan(&self, context: &Context, config: &Encoded) -> Result<Diagnostics, Diagnostics> {
        let config = self.codec.decode_config(config)?;
        let config = to_model(planning::with_defaults(&self.codec.schema, &config))?;
        Ok(self.action.plan(context, config).await)
    }

    async fn try_invoke(
        &self,
        context: &Context,
        config: &Encoded,
        events: &mut dyn EventSink<ActionEvent>,
    ) -> Result<Diagnostics, Diagnostics> {
        let config = self.codec.decode_known_config(config, self.type_name())?;
        let config = to_model(planning::with_defaults(&self.codec.schema, &config))?;
        Ok(self.action.invoke(context, config, &mut Progress::new(events)).await)
    }
}
