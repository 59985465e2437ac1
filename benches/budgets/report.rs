//! The table.

use std::fmt;

/// What a figure counts.
#[derive(Clone, Copy)]
pub enum Unit {
    /// 1024 × 1024 bytes, as memory is counted.
    Mebibytes,
    /// 1000 × 1000 bytes, as files are counted.
    Megabytes,
    /// Calls of the service.
    Calls,
    /// Processes.
    Processes,
    /// Changes of other writers.
    Changes,
    /// How many times something else.
    Times,
}

/// One line of the table.
pub struct Row {
    what: String,
    measured: String,
    budget: String,
    verdict: Verdict,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Over,
    NotMeasured,
}

/// The whole table.
#[derive(Default)]
pub struct Report(Vec<Row>);

impl Row {
    /// A figure that may be as high as its budget.
    pub fn at_most(what: impl Into<String>, measured: f64, budget: f64, unit: Unit) -> Self {
        Self {
            what: what.into(),
            measured: unit.show(measured),
            budget: unit.show(budget),
            verdict: if measured <= budget { Verdict::Ok } else { Verdict::Over },
        }
    }

    /// A figure that could not be had, which is neither within its budget nor over it.
    pub fn not_measured(what: impl Into<String>, budget: impl Into<String>, why: &str) -> Self {
        Self {
            what: what.into(),
            measured: why.to_owned(),
            budget: budget.into(),
            verdict: Verdict::NotMeasured,
        }
    }

    /// A figure that only Linux gives, there; elsewhere a row that says so.
    pub fn on_linux(what: impl Into<String>, measured: Option<f64>, budget: f64, unit: Unit) -> Self {
        match measured {
            Some(measured) => Self::at_most(what, measured, budget, unit),
            None => {
                Self::not_measured(what, unit.show(budget), "not measured: read from /proc, on Linux only")
            }
        }
    }

    /// Adds to the figure what it was made from.
    #[must_use]
    pub fn with_note(mut self, note: impl fmt::Display) -> Self {
        self.measured = format!("{} ({note})", self.measured);
        self
    }
}

impl Report {
    /// Adds rows.
    pub fn extend(&mut self, rows: impl IntoIterator<Item = Row>) {
        self.0.extend(rows);
    }

    /// True if any figure is over its budget.
    pub fn is_over(&self) -> bool {
        self.0.iter().any(|row| row.verdict == Verdict::Over)
    }
}

impl Unit {
    fn show(self, figure: f64) -> String {
        match self {
            Self::Mebibytes => format!("{figure:.1} MiB"),
            Self::Megabytes => format!("{figure:.2} MB"),
            Self::Calls | Self::Changes | Self::Processes => format!("{figure:.0}"),
            Self::Times => format!("{figure:.2} ×"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Ok => "ok",
            Self::Over => "OVER",
            Self::NotMeasured => "-",
        })
    }
}

/// A table in Markdown, whose columns are as wide as their widest cell. The last one, which may hold a sentence, is not
/// padded.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |cell: fn(&Row) -> &str, title: &str| {
            let cells = self.0.iter().map(cell).chain([title]);
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let what = width(|row| &row.what, "what");
        let budget = width(|row| &row.budget, "budget");
        writeln!(out, "| {:what$} | {:<budget$} |      | measured |", "what", "budget")?;
        writeln!(out, "| {:-<what$} | {:-<budget$} | ---- | -------- |", "", "")?;
        for row in &self.0 {
            writeln!(
                out,
                "| {:what$} | {:<budget$} | {:4} | {} |",
                row.what, row.budget, row.verdict, row.measured
            )?;
        }
        Ok(())
    }
}
