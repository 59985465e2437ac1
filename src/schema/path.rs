//! The address of a value inside a resource, data source or provider configuration.

use std::fmt;

/// One step from a value to a value inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// An attribute of an object, or a nested block type.
    Attribute(String),
    /// An element of a map.
    Key(String),
    /// An element of a list, counted from zero.
    Index(i64),
}

/// The steps from the root of an object to a value inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// The whole object.
    pub fn root() -> Path {
        Path::default()
    }

    /// The attribute of that name at the root.
    pub fn of(name: &str) -> Path {
        Path::root().attribute(name)
    }

    /// This path and one step more, to an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Path {
        self.step(Step::Attribute(name.to_owned()))
    }

    /// This path and one step more, to an element of a map.
    #[must_use]
    pub fn key(&self, key: &str) -> Path {
        self.step(Step::Key(key.to_owned()))
    }

    /// This path and one step more, to an element of a list.
    #[must_use]
    pub fn index(&self, index: usize) -> Path {
        self.step(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// This path and the steps of `inner` after it.
    #[must_use]
    pub fn join(&self, inner: &Path) -> Path {
        Path(self.0.iter().chain(&inner.0).cloned().collect())
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    fn step(&self, step: Step) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }
}

/// Written as in Terraform's language: `user_cmk_info.arn`, `users[0]`, `tags["owner"]`. A name that no schema has is
/// cut and made printable: a value from outside may have it.
impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) => {
                    let dot = if position == 0 { "" } else { "." };
                    write!(out, "{dot}{}", text::line_of(name, text::LONGEST_QUOTATION))?;
                }
                Step::Key(key) => write!(out, "[{}]", text::quote(key))?,
                Step::Index(index) => write!(out, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_in_the_language() {
        assert_eq!(Path::of("user_cmk_info").attribute("arn").to_string(), "user_cmk_info.arn");
        assert_eq!(Path::of("a").index(2).key("k").to_string(), r#"a[2]["k"]"#);
        assert_eq!(Path::root().to_string(), "");
    }

    #[test]
    fn a_name_from_outside_is_shown_in_part_and_printable() {
        assert_eq!(Path::of("a").attribute("\u{1b}[2J").to_string(), "a.\u{fffd}[2J");
        assert_eq!(Path::of(&"a".repeat(1 << 20)).to_string(), format!("{}…", "a".repeat(200)));
    }
}
