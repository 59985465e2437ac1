//! What a person is told while an action runs.

use std::fmt;

use crate::{events::EventSink, messages::ActionEvent};

/// Tells the person who runs Terraform how far an action is.
pub struct Progress<'a> {
    events: &'a mut dyn EventSink<ActionEvent>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(events: &'a mut dyn EventSink<ActionEvent>) -> Progress<'a> {
        Progress { events }
    }

    /// Shows a line of text, and waits while the host is behind.
    pub async fn report(&mut self, message: impl Into<String>) {
        // A host that takes no more drops the action.
        self.events.send(ActionEvent::Progress(message.into())).await;
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Progress").finish_non_exhaustive()
    }
}
