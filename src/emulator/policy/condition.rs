//! Conditions of statements, and the context they are evaluated in
//! (<https://www.alibabacloud.com/help/en/ram/user-guide/policy-elements>).

use std::collections::BTreeMap;
use std::net::IpAddr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::pattern::matches;

/// What is known about a request, by condition key.
#[derive(Clone, Debug, Default)]
pub struct ConditionContext(BTreeMap<String, String>);

impl ConditionContext {
    /// Adds a fact.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.insert(key.to_ascii_lowercase(), value.into());
        self
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(&key.to_ascii_lowercase()).map(String::as_str)
    }
}

/// One key of a condition block: it holds when any of the values fits, or for a negated operator none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub(super) operator: Operator,
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

/// How a fact is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    comparison: Comparison,
    is_negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Text,
    TextInAnyCase,
    Pattern,
    Number(Order),
    Date(Order),
    Bool,
    Address,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// The operator of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = |comparison| Some(Self { comparison, is_negated: false });
        let negated = |comparison| Some(Self { comparison, is_negated: true });
        match name {
            "StringEquals" => plain(Comparison::Text),
            "StringNotEquals" => negated(Comparison::Text),
            "StringEqualsIgnoreCase" => plain(Comparison::TextInAnyCase),
            "StringNotEqualsIgnoreCase" => negated(Comparison::TextInAnyCase),
            "StringLike" => plain(Comparison::Pattern),
            "StringNotLike" => negated(Comparison::Pattern),
            "Bool" => plain(Comparison::Bool),
            "IpAddress" => plain(Comparison::Address),
            "NotIpAddress" => negated(Comparison::Address),
            _ => Self::of_order(name),
        }
    }

    fn of_order(name: &str) -> Option<Self> {
        let (comparison, order): (fn(Order) -> Comparison, &str) =
            if let Some(order) = name.strip_prefix("Numeric") {
                (Comparison::Number, order)
            } else {
                (Comparison::Date, name.strip_prefix("Date")?)
            };
        let (order, is_negated) = match order {
            "Equals" => (Order::Equal, false),
            "NotEquals" => (Order::Equal, true),
            "LessThan" => (Order::Less, false),
            "LessThanEquals" => (Order::LessOrEqual, false),
            "GreaterThan" => (Order::Greater, false),
            "GreaterThanEquals" => (Order::GreaterOrEqual, false),
            _ => return None,
        };
        Some(Self { comparison: comparison(order), is_negated })
    }

    /// What a value of this operator has to be, if `value` is something else. A value that cannot be compared would
    /// make a negated operator hold for everybody.
    pub fn misfit(self, value: &str) -> Option<&'static str> {
        let (is_right, expected) = match self.comparison {
            Comparison::Text | Comparison::TextInAnyCase | Comparison::Pattern => (true, ""),
            Comparison::Number(_) => (number(value).is_some(), "a number"),
            Comparison::Date(_) => (date(value).is_some(), "a date (2026-11-20T08:00:00Z)"),
            Comparison::Bool => (is_flag(value), "true or false"),
            Comparison::Address => {
                (Network::parse(value).is_some(), "an IP address or a network (10.0.0.0/8)")
            }
        };
        (!is_right).then_some(expected)
    }
}

impl Condition {
    /// Whether the condition holds. A fact that is not known fits no value.
    pub fn holds(&self, condition_context: &ConditionContext) -> bool {
        let fits = condition_context
            .get(&self.key)
            .is_some_and(|fact| self.values.iter().any(|value| self.operator.comparison.fits(fact, value)));
        fits != self.operator.is_negated
    }
}

impl Comparison {
    fn fits(self, fact: &str, value: &str) -> bool {
        match self {
            Self::Text => fact == value,
            Self::TextInAnyCase | Self::Bool => fact.eq_ignore_ascii_case(value),
            Self::Pattern => matches(value, fact),
            Self::Number(order) => order.fits(number(fact), number(value)),
            Self::Date(order) => order.fits(date(fact), date(value)),
            Self::Address => Network::parse(value).is_some_and(|network| network.holds(fact)),
        }
    }
}

impl Order {
    /// Compares what could be read; what could not, fits nothing.
    fn fits<T: PartialOrd>(self, fact: Option<T>, value: Option<T>) -> bool {
        let (Some(fact), Some(value)) = (fact, value) else { return false };
        match self {
            Self::Equal => fact == value,
            Self::Less => fact < value,
            Self::LessOrEqual => fact <= value,
            Self::Greater => fact > value,
            Self::GreaterOrEqual => fact >= value,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn is_flag(text: &str) -> bool {
    ["true", "false"].iter().any(|flag| flag.eq_ignore_ascii_case(text))
}

fn date(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// An address, or a network written `address/prefix`.
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let length = length_of(address);
        let prefix = prefix.map_or(Some(length), |prefix| prefix.parse().ok())?;
        (prefix <= length).then_some(Self { address, prefix })
    }

    /// Whether an address lies in it.
    fn holds(&self, fact: &str) -> bool {
        let Ok(fact) = fact.parse() else { return false };
        let (bits, own) = match (fact, self.address) {
            (IpAddr::V4(fact), IpAddr::V4(own)) => (u128::from(fact.to_bits()), u128::from(own.to_bits())),
            (IpAddr::V6(fact), IpAddr::V6(own)) => (fact.to_bits(), own.to_bits()),
            _ => return false,
        };
        let ignored = length_of(fact).saturating_sub(self.prefix);
        bits.checked_shr(ignored).unwrap_or(0) == own.checked_shr(ignored).unwrap_or(0)
    }
}

/// Bits in an address.
fn length_of(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(operator: &str, fact: &str, values: &[&str], expected: bool) {
        let condition_context = ConditionContext::default().with("acs:Test", fact);
        let condition = Condition {
            operator: Operator::from_name(operator).unwrap(),
            key: "ACS:test".to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        assert_eq!(condition.holds(&condition_context), expected, "{operator} {fact} {values:?}");
        let unknown = Condition { key: "acs:Other".to_owned(), ..condition };
        assert_eq!(
            unknown.holds(&condition_context),
            operator.contains("Not"),
            "{operator} of what is not known"
        );
    }

    #[test]
    fn texts() {
        check("StringEquals", "a", &["b", "a"], true);
        check("StringEquals", "a", &["A"], false);
        check("StringNotEquals", "a", &["b", "a"], false);
        check("StringNotEquals", "a", &["b"], true);
        check("StringEqualsIgnoreCase", "a", &["A"], true);
        check("StringNotEqualsIgnoreCase", "a", &["A"], false);
        check("StringLike", "key-1", &["key-*"], true);
        check("StringNotLike", "key-1", &["key-?"], false);
    }

    #[test]
    fn numbers_and_dates() {
        check("NumericEquals", "1.0", &["1"], true);
        check("NumericNotEquals", "1", &["2"], true);
        check("NumericLessThan", "9", &["10"], true);
        check("NumericLessThanEquals", "10", &["10"], true);
        check("NumericGreaterThan", "10", &["10"], false);
        check("NumericGreaterThanEquals", "x", &["1"], false);
        check("DateLessThan", "2026-11-20T08:00:00Z", &["2026-11-20T17:00:00+08:00"], true);
        check("DateGreaterThan", "2026-11-20T08:00:00Z", &["2026-11-20T17:00:00+08:00"], false);
        check("DateEquals", "2026-11-20T08:00:00Z", &["2026-11-20T16:00:00+08:00"], true);
        check("DateNotEquals", "2026-11-20T08:00:00Z", &["2026-11-20T16:00:00+08:00"], false);
    }

    #[test]
    fn flags_and_addresses() {
        check("Bool", "false", &["False"], true);
        check("Bool", "false", &["true"], false);
        check("IpAddress", "10.1.2.3", &["10.1.0.0/16"], true);
        check("IpAddress", "10.1.2.3", &["10.2.0.0/16", "10.1.2.3"], true);
        check("IpAddress", "10.1.2.3", &["0.0.0.0/0"], true);
        check("IpAddress", "::1", &["10.0.0.0/8"], false);
        check("IpAddress", "fd00::1", &["fd00::/8"], true);
        check("NotIpAddress", "10.1.2.3", &["10.1.0.0/16"], false);
    }

    #[test]
    fn a_value_is_what_its_operator_compares() {
        for (operators, good, bad) in [
            (
                &["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"][..],
                &["0", "-1", "1.5", "1e3"][..],
                &["", "y", "NaN", "inf", "1,5", "1 ", "0x10"][..],
            ),
            (
                &["DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals"],
                &["2026-11-20T08:00:00Z", "2026-11-20T08:00:00.123Z", "2026-11-20T16:00:00+08:00"],
                &["", "tomorrow", "2026-11-20", "2026-13-20T08:00:00Z", "1795161600", "2026-11-20T08:00:00"],
            ),
            (&["Bool"], &["true", "False"], &["", "yes", "1", "true "]),
            (
                &["IpAddress", "NotIpAddress"],
                &["10.1.2.3", "10.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32", "::1", "fd00::/8", "::/128"],
                &["", "10.0.0.0/33", "10.0.0", "10.0.0.0/", "10.0.0.0/-1", "::/129", "localhost", "*", "/8"],
            ),
            (&["StringEquals", "StringNotLike", "StringEqualsIgnoreCase"], &["", "10.0.0.0/33", "*"], &[]),
        ] {
            for name in operators {
                let operator = Operator::from_name(name).unwrap();
                for value in good {
                    assert_eq!(operator.misfit(value), None, "{name} {value:?}");
                }
                for value in bad {
                    assert!(operator.misfit(value).is_some(), "{name} {value:?}");
                }
            }
        }
    }

    #[test]
    fn names_that_are_no_operator() {
        for name in ["", "stringequals", "Numeric", "DateLike", "StringLess", "Equals"] {
            assert_eq!(Operator::from_name(name), None, "{name}");
        }
    }
}
