//! Rotation: new material for a key at even intervals. What was sealed with an earlier version stays
//! readable.

use serde::{Deserialize, Serialize};

/// When a key gets new material, by the clock alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredRotation")]
pub struct Rotation {
    /// When each earlier version was created, in seconds since the epoch; never empty.
    versions: Vec<i64>,
    /// Seconds between a version and the next.
    interval: Option<i64>,
}

/// A rotation as it is stored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRotation {
    versions: Vec<i64>,
    interval: Option<i64>,
}

impl TryFrom<StoredRotation> for Rotation {
    type Error = &'static str;

    fn try_from(StoredRotation { versions, interval }: StoredRotation) -> Result<Self, Self::Error> {
        Self::from_versions(versions, interval).ok_or("a key has no version")
    }
}

impl Rotation {
    /// No rotation: one version.
    pub fn none(now: i64) -> Self {
        Self { versions: vec![now], interval: None }
    }

    /// A rotation of these versions; `None` for no version, or an interval that is not positive.
    pub fn from_versions(versions: Vec<i64>, interval: Option<i64>) -> Option<Self> {
        let is_possible = !versions.is_empty() && interval.is_none_or(|interval| interval > 0);
        is_possible.then_some(Self { versions, interval })
    }

    /// When each recorded version was created. Later ones follow from the clock.
    pub fn versions(&self) -> &[i64] {
        &self.versions
    }

    /// Seconds between a version and the next.
    pub fn interval(&self) -> Option<i64> {
        self.interval
    }

    /// When each version that exists at `now` was created, for a key that was never disabled.
    pub fn versions_at(&self, now: i64) -> Vec<i64> {
        let mut versions = self.versions.clone();
        let (Some(interval), Some(last)) = (self.interval, versions.last().copied()) else { return versions };
        let due = now.saturating_sub(last) / interval;
        versions.extend((1..=due).map(|number| last.saturating_add(number.saturating_mul(interval))));
        versions
    }

    /// Goes on at `now`, after a time in which the key could not rotate: a rotation that was due meanwhile is made
    /// up for once.
    pub fn resume(&mut self, now: i64) {
        let (Some(interval), Some(last)) = (self.interval, self.versions.last()) else { return };
        if last.saturating_add(interval) <= now {
            self.versions.push(now);
        }
    }

    /// Rotates every `interval` seconds from the last version on, or not any more. `versions` are those there
    /// are so far.
    pub fn set(&mut self, interval: Option<i64>, versions: Vec<i64>) {
        self.versions = versions;
        self.interval = interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_with_the_clock_and_stay_when_rotation_ends() {
        let day = 86_400;
        let mut rotation = Rotation::none(0);
        assert_eq!(rotation.versions_at(100 * day), [0]);
        rotation.set(Some(7 * day), vec![0]);
        assert_eq!(rotation.versions_at(6 * day), [0]);
        assert_eq!(rotation.versions_at(15 * day), [0, 7 * day, 14 * day]);
        rotation.set(None, rotation.versions_at(15 * day));
        assert_eq!(rotation.versions_at(1_000 * day), [0, 7 * day, 14 * day]);
    }
}
