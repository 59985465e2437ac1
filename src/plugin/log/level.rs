//! How much the person wants to read.

use tracing::level_filters::LevelFilter;

use crate::environment::Environment;

/// The variables that set the level; the first one that is set counts.
const VARIABLES: [&str; 2] = ["TF_LOG_PROVIDER", "TF_LOG"];

/// The level the environment asks for: none if it asks for nothing, and everything if it asks for
/// something that is not a level, as hosts understand it themselves (`TF_LOG=JSON`, `TF_LOG=1`).
pub(super) fn wanted(environment: &Environment) -> LevelFilter {
    let Some(level) = VARIABLES.iter().find_map(|name| environment.get(name)) else {
        return LevelFilter::OFF;
    };
    match level.to_ascii_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<const N: usize>(variables: [(&str, &str); N], expected: LevelFilter) {
        assert_eq!(wanted(&Environment::from(variables)), expected, "{variables:?}");
    }

    #[test]
    fn nothing_is_logged_unless_asked_for() {
        check([], LevelFilter::OFF);
        check([("TF_LOG", "")], LevelFilter::OFF);
        check([("TF_LOG", "off")], LevelFilter::OFF);
    }

    #[test]
    fn the_variable_for_providers_comes_first() {
        check([("TF_LOG_PROVIDER", "warn"), ("TF_LOG", "trace")], LevelFilter::WARN);
        check([("TF_LOG_PROVIDER", ""), ("TF_LOG", "info")], LevelFilter::INFO);
        check([("TF_LOG_PROVIDER", "off"), ("TF_LOG", "info")], LevelFilter::OFF);
    }

    #[test]
    fn each_level_is_known_in_either_case() {
        for (name, level) in [
            ("ERROR", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("Info", LevelFilter::INFO),
            ("DEBUG", LevelFilter::DEBUG),
            ("TRACE", LevelFilter::TRACE),
        ] {
            check([("TF_LOG", name)], level);
        }
    }

    #[test]
    fn what_is_no_level_means_everything() {
        check([("TF_LOG", "JSON")], LevelFilter::TRACE);
        check([("TF_LOG", "1")], LevelFilter::TRACE);
    }
}
