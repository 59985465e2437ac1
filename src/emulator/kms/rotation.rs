//! Rotation: new material for a key at even intervals. What was sealed with an earlier version stays
//! readable.

use serde_json::{Map, Value, json};

use super::model::Key;
use super::{KeyState, Keys, error};
use crate::emulator::clock::iso_8601;
use crate::emulator::rpc::{Error, Outcome, Parameters, Request, answer, done, members};

/// The shortest and longest interval, in seconds: 7 and 730 days
/// (<https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-updaterotationpolicy>).
const INTERVALS: std::ops::RangeInclusive<i64> = 604_800..=63_072_000;

/// When a key gets new material. It happens by the clock alone, with nobody calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// When each version there already was came to be, in seconds since the epoch; never empty.
    versions: Vec<i64>,
    /// Seconds between a version and the next.
    interval: Option<i64>,
}

impl Rotation {
    /// No rotation: one version.
    pub fn none(now: i64) -> Self {
        Self { versions: vec![now], interval: None }
    }

    /// A rotation of these versions; `None` where there is none, or where it never would end.
    pub fn of(versions: Vec<i64>, interval: Option<i64>) -> Option<Self> {
        let is_possible = !versions.is_empty() && interval.is_none_or(|interval| interval > 0);
        is_possible.then_some(Self { versions, interval })
    }

    /// When each version that was noted came to be. Later ones come by the clock.
    pub fn versions(&self) -> &[i64] {
        &self.versions
    }

    /// Seconds between a version and the next.
    pub fn interval(&self) -> Option<i64> {
        self.interval
    }

    /// When each version there is at `now` came to be.
    pub fn versions_at(&self, now: i64) -> Vec<i64> {
        let mut versions = self.versions.clone();
        let (Some(interval), Some(last)) = (self.interval, versions.last().copied()) else { return versions };
        let due = now.saturating_sub(last) / interval;
        versions.extend((1..=due).map(|number| last.saturating_add(number.saturating_mul(interval))));
        versions
    }

    /// The number of the version in use at `now`, from 0 on.
    pub fn primary_at(&self, now: i64) -> usize {
        self.versions_at(now).len().saturating_sub(1)
    }

    /// Rotates every `interval` seconds from the last version on, or not any more.
    pub fn set(&mut self, interval: Option<i64>, now: i64) {
        self.versions = self.versions_at(now);
        self.interval = interval;
    }

    /// The members that `KeyMetadata` has about it.
    pub fn described(&self, state: KeyState, now: i64) -> Map<String, Value> {
        let last = self.versions_at(now).last().copied().unwrap_or(now);
        let mut described = members(json!({"LastRotationDate": iso_8601(last)}));
        let Some(interval) = self.interval else {
            described.insert("AutomaticRotation".to_owned(), "Disabled".into());
            return described;
        };
        let is_on = if state == KeyState::Enabled { "Enabled" } else { "Suspended" };
        described.extend(members(json!({
            "AutomaticRotation": is_on,
            "RotationInterval": format!("{interval}s"),
            "NextRotationDate": iso_8601(last.saturating_add(interval)),
        })));
        described
    }
}

/// `EnableAutomaticRotation` and `RotationInterval`: seconds (`604800s`) or days (`7d`); `None` for none.
///
/// # Errors
///
/// `InvalidParameter`, `MissingParameter`.
pub fn read(parameters: &Parameters) -> Result<Option<i64>, Error> {
    if !parameters.flag("EnableAutomaticRotation")?.unwrap_or_default() {
        return Ok(None);
    }
    let text = parameters.required("RotationInterval")?;
    let number = |suffix: char| text.strip_suffix(suffix).and_then(|number| number.parse::<i64>().ok());
    let seconds = number('s').or_else(|| number('d').and_then(|days| days.checked_mul(86_400)));
    let seconds = seconds.filter(|seconds| INTERVALS.contains(seconds));
    seconds.map(Some).ok_or_else(|| error::invalid("RotationInterval"))
}

/// `UpdateRotationPolicy`
pub fn update_policy(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let interval = read(request.parameters)?;
    let key = keys.required_mut(request)?;
    if !key.encrypts() || key.origin != "Aliyun_KMS" {
        return Err(error::unsupported_operation());
    }
    match key.state {
        KeyState::Enabled | KeyState::Disabled => key.rotation.set(interval, request.now),
        state => return Err(error::rejected(state)),
    }
    done()
}

/// `ListKeyVersions`
pub fn list_versions(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    let versions = key.rotation.versions_at(request.now).into_iter().enumerate();
    let versions: Vec<Value> = versions.map(|(number, created)| described(key, number, created)).collect();
    answer(json!({
        "KeyVersions": {"KeyVersion": versions},
        "TotalCount": versions.len(),
        "PageNumber": 1,
        "PageSize": versions.len().max(10),
    }))
}

/// `DescribeKeyVersion`
pub fn describe_version(keys: &Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required(request)?;
    let wanted = request.parameters.required("KeyVersionId")?;
    let mut versions = key.rotation.versions_at(request.now).into_iter().enumerate();
    let (number, created) = versions
        .find(|(number, _)| key.root.version_id(*number) == wanted)
        .ok_or_else(error::version_not_found)?;
    answer(json!({"KeyVersion": described(key, number, created)}))
}

fn described(key: &Key, number: usize, created: i64) -> Value {
    json!({"KeyId": key.id, "KeyVersionId": key.root.version_id(number), "CreationDate": iso_8601(created)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_with_the_clock_and_stay_when_rotation_ends() {
        let day = 86_400;
        let mut rotation = Rotation::none(0);
        assert_eq!(rotation.versions_at(100 * day), [0]);
        rotation.set(Some(7 * day), 2 * day);
        assert_eq!(rotation.versions_at(6 * day), [0]);
        assert_eq!(rotation.versions_at(15 * day), [0, 7 * day, 14 * day]);
        rotation.set(None, 15 * day);
        assert_eq!(rotation.versions_at(1_000 * day), [0, 7 * day, 14 * day]);
        assert_eq!(rotation.primary_at(1_000 * day), 2);
    }
}
