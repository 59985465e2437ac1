//! What a long run has done, in numbers.

use std::collections::BTreeMap;
use std::fmt;

/// Numbers by name.
#[derive(Clone, Debug, Default)]
pub struct Figures(BTreeMap<String, u64>);

impl Figures {
    /// Counts one more.
    pub fn count(&mut self, name: &str) {
        self.add(name, 1);
    }

    /// Counts more.
    pub fn add(&mut self, name: &str, number: u64) {
        *self.0.entry(name.to_owned()).or_default() += number;
    }

    /// A number.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Adds those of another run.
    pub fn merge(&mut self, other: &Figures) {
        for (name, number) in &other.0 {
            self.add(name, *number);
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, number) in &self.0 {
            writeln!(formatter, "{number:>9}  {name}")?;
        }
        Ok(())
    }
}
