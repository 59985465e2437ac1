//! A repository with the pipelines, and all that they reach.

use super::account::{ACCOUNTS, Account, System};
use super::checkout::Repository;
use super::servers::States;

pub struct World {
    pub repository: Repository,
    pub accounts: Vec<Account>,
    pub states: States,
}

impl World {
    pub fn of(system: System) -> World {
        let repository = Repository::new();
        let accounts = ACCOUNTS
            .iter()
            .map(|inventory| Account::start(inventory, system, &repository.path("")))
            .collect();
        World { repository, accounts, states: States::start() }
    }

    pub fn account(&self, id: &str) -> &Account {
        self.accounts.iter().find(|account| account.inventory.id == id).unwrap()
    }

    pub fn forget_calls(&self) {
        self.accounts.iter().for_each(Account::forget_calls);
    }

    /// Checks that nothing was changed in any account.
    #[track_caller]
    pub fn nothing_was_written(&self) {
        for account in &self.accounts {
            assert_eq!(account.writes(), [], "{}", account.inventory.id);
        }
    }
}
