//! `log_store_id_parse`: the names in the id of a Logstore.

use std::collections::BTreeMap;

use crate::log_store_id;
use schema::{
    Field, Function, Type,
    function::{FunctionError, Parameter, Signature},
    model,
};

/// The function `log_store_id_parse`.
#[derive(Debug)]
pub struct LogStoreIdParse;

model! {
    /// A Logstore by its names.
    pub struct LogStoreNames {
        /// The project.
        pub project_name: String,
        /// The Logstore in it.
        pub logstore_name: String,
    }
}

impl Function for LogStoreIdParse {
    type Arguments = (String,);
    type Returns = LogStoreNames;

    fn name(&self) -> &'static str {
        "log_store_id_parse"
    }

    fn signature(&self) -> Signature<[Parameter; 1]> {
        Signature {
            summary: "The project and the Logstore that an id names.",
            description: "Takes the id of a Logstore apart: `<project>:<logstore>`, as `alicloud_log_store_encryption` has it and as the resource of the official provider for Logstores has it. Returns an object with `project_name` and `logstore_name`. The function checks both names against the rules of SLS. It does not ask whether there is such a Logstore.",
            deprecated: None,
            parameters: [Parameter::string("id", "The id of a Logstore, such as `audit-project:app-log`.")],
            returns: Type::Object(BTreeMap::from([
                ("project_name".to_owned(), Type::String),
                ("logstore_name".to_owned(), Type::String),
            ])),
        }
    }

    fn call(&self, (id,): (String,)) -> Result<LogStoreNames, FunctionError> {
        let (project, logstore) = log_store_id::parse_names(&id).map_err(|problem| {
            FunctionError::at(
                0,
                format!("{problem} The id of a Logstore looks like \"audit-project:app-log\"."),
            )
        })?;
        Ok(LogStoreNames {
            project_name: Field::from(project.as_str()),
            logstore_name: Field::from(logstore.as_str()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_are_returned() {
        let names = LogStoreIdParse.call(("audit-project:app_log".to_owned(),)).unwrap();
        assert_eq!(names.project_name, Field::from("audit-project"));
        assert_eq!(names.logstore_name, Field::from("app_log"));
    }

    #[test]
    fn what_is_no_id_is_an_error_at_the_argument_that_shows_one() {
        for (id, says) in
            [("audit", "no colon"), ("audit:App", "'A'"), ("audit:a:b", "':'"), ("", "no colon")]
        {
            let error = LogStoreIdParse.call((id.to_owned(),)).unwrap_err();
            assert_eq!(error.argument, Some(0));
            assert!(
                error.text.contains(says) && error.text.contains("audit-project:app-log"),
                "{}",
                error.text
            );
        }
    }
}
