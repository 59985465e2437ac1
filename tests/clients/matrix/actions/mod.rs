//! Every action of every client: how it is called, and how it shows that it was carried out.

mod attachments;
mod policies;
mod reads;
mod roles;
mod sls;

use cloud::error::Error;
use futures_util::future::BoxFuture;

use super::cases::Service;
use super::stage::Clients;

/// Calls an action.
type Run = for<'a> fn(&'a Clients) -> BoxFuture<'a, Result<(), Error>>;

/// Looks whether an action was carried out.
pub type Look = for<'a> fn(&'a Clients) -> BoxFuture<'a, bool>;

/// Makes what an action needs.
type Prepare = for<'a> fn(&'a Clients) -> BoxFuture<'a, ()>;

/// An action.
#[derive(Clone, Copy)]
pub struct Action {
    pub service: Service,
    pub name: &'static str,
    pub kind: Kind,
    pub run: Run,
    pub prepare: Prepare,
}

/// What an action does, and so how often its client may send it.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Changes nothing that matters: sent again whenever that can help.
    Read,
    /// Changes something: sent again only when it is certain that nothing was done.
    Write(Look),
    /// Replaces a whole document: sent once, whatever the outcome.
    WriteOnce(Look),
}

impl Action {
    fn new(service: Service, name: &'static str, kind: Kind, run: Run) -> Self {
        Self { service, name, kind, run, prepare: |_| Box::pin(async {}) }
    }

    fn after(self, prepare: Prepare) -> Self {
        Self { prepare, ..self }
    }
}

/// Every action.
pub fn all() -> Vec<Action> {
    let groups = [
        sls::actions(),
        roles::actions(),
        policies::actions(),
        attachments::actions(),
        reads::of_ram(),
        reads::of_kms_and_sts(),
    ];
    groups.concat()
}

/// The actions of some services.
pub fn of(services: &[Service]) -> Vec<Action> {
    let mut actions = all();
    actions.retain(|action| services.contains(&action.service));
    actions
}
