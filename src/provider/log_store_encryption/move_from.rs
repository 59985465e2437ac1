//! Why an object of another resource type does not become an encryption.

use schema::{Diagnostic, resource::MoveSource};

/// The resource type of the official provider that creates and deletes a Logstore.
const LOG_STORE: &str = "alicloud_log_store";

/// The refusal of a move. A Logstore is told from its encryption whichever provider has it.
pub(super) fn refused(source: &MoveSource, target: &str) -> Diagnostic {
    if source.type_name != LOG_STORE {
        return source.refused(target);
    }
    // Older versions of that provider have the shorter names.
    let names = (source.text("project_name", "project"), source.text("logstore_name", "name"));
    let object = match names {
        (Some(project), Some(logstore)) => format!("Logstore {project}:{logstore}"),
        _ => "The Logstore".to_owned(),
    };
    Diagnostic::error(
        "A Logstore does not become its encryption",
        format!(
            "{object}: {LOG_STORE} is the Logstore, which it creates and deletes; {target} is nothing but its encryption. Remove the moved block.\n\nTo manage both, keep {LOG_STORE} beside {target}, and let only one of them configure the encryption. This goes into {LOG_STORE}:\n\n  lifecycle {{\n    ignore_changes = [encrypt_conf]\n  }}\n\nTo manage the encryption alone, let Terraform forget the Logstore, which stays as it is (Terraform 1.7 and newer). The apply of {target} then adopts an identical configuration and sends nothing:\n\n  removed {{\n    from = OLD_ADDRESS\n    lifecycle {{\n      destroy = false\n    }}\n  }}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_logstore_is_told_what_to_do_instead_and_any_other_type_how_to_import() {
        let of = |type_name: &str, state| {
            let source = MoveSource { type_name: type_name.to_owned(), state, ..MoveSource::default() };
            refused(&source, "alicloud_log_store_encryption")
        };
        for state in [
            json!({"project_name": "audit", "logstore_name": "app"}),
            json!({"project": "audit", "name": "app", "project_name": ""}),
        ] {
            let problem = of(LOG_STORE, state);
            assert!(problem.detail.starts_with("Logstore audit:app: "), "{}", problem.detail);
        }
        assert!(of(LOG_STORE, json!(null)).detail.starts_with("The Logstore: "));
        assert_eq!(of("alicloud_x", json!({})).summary, "Move between resource types not supported");
    }
}
