//! The profile file of the credentials libraries: `~/.alibabacloud/credentials`, in INI form.

use crate::credentials::cli_config::Members;

/// The members of a section, with the names and modes of the command line tool's file; `None` when the section does not
/// exist.
///
/// Lines are `[section]`, `key = value`, or a comment after `#` or `;`. A comment may also follow a section or a value
/// after white space. A value may be in quotes. An empty value counts as not set. The vendor's own samples have such
/// comments; its libraries disagree on a `#` without white space before it, which is part of the value here.
///
/// # Errors
/// The problem with the file, without its content.
pub(super) fn section(text: &str, name: &str) -> Result<Option<Members>, String> {
    let mut found: Option<Members> = None;
    let mut here = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            let heading = without_comment(heading).strip_suffix(']');
            here = heading.ok_or(format!("line {number} is no [section]"))?.trim() == name;
            if here {
                found.get_or_insert_default();
            }
            continue;
        }
        let (key, value) = line.split_once('=').ok_or(format!("line {number} is not key = value"))?;
        let value = strip_quotes_and_comment(value);
        if let Some(members) = found.as_mut().filter(|_| here && !value.is_empty()) {
            let (key, value) = to_cli_names(key.trim(), value);
            members.insert(key.to_owned(), value.into());
        }
    }
    Ok(found)
}

/// A value without the quotes around it, and without the comment after it.
fn strip_quotes_and_comment(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some((quoted, rest)) = text.strip_prefix(quote).and_then(|text| text.split_once(quote))
            && without_comment(rest).is_empty()
        {
            return quoted.trim();
        }
    }
    without_comment(text)
}

/// The text before the first `#` or `;` that begins it or follows white space.
fn without_comment(text: &str) -> &str {
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        if matches!(character, '#' | ';') && before.is_whitespace() {
            return text.get(..at).unwrap_or_default().trim_end();
        }
        before = character;
    }
    text.trim_end()
}

/// Replaces the names of the libraries by those of the command line tool.
///
/// The keys of roles are those of `aliyun/credentials-go`; `oidc_token_file_path` is accepted beside
/// `oidc_token_file` without a source that confirms either.
fn to_cli_names<'a>(key: &'a str, value: &'a str) -> (&'a str, &'a str) {
    match key {
        "type" => ("mode", mode(value)),
        "security_token" => ("sts_token", value),
        "role_name" => ("ram_role_name", value),
        "role_arn" => ("ram_role_arn", value),
        "role_session_name" => ("ram_session_name", value),
        "role_session_expiration" => ("expired_seconds", value),
        "oidc_token_file_path" => ("oidc_token_file", value),
        other => (other, value),
    }
}

fn mode(of_type: &str) -> &str {
    match of_type {
        "access_key" => "AK",
        "sts" => "StsToken",
        "ecs_ram_role" => "EcsRamRole",
        "ram_role_arn" => "RamRoleArn",
        "oidc_role_arn" => "OIDC",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_has_the_names_of_the_command_line_tool() {
        let text = "; c\n[default]\ntype=access_key\naccess_key_id = a = b\nempty =\n[r]\n# c\ntype = ram_role_arn\nrole_arn=x\n";
        let shown = |name| {
            let members = section(text, name).unwrap().unwrap();
            members.iter().map(|(name, text)| format!("{name}={}", text.expose())).collect::<Vec<_>>()
        };
        assert_eq!(shown("default"), ["access_key_id=a = b", "mode=AK"]);
        assert_eq!(shown("r"), ["mode=RamRoleArn", "ram_role_arn=x"]);
        assert!(section(text, "other").unwrap().is_none());
    }

    #[test]
    fn comments_and_quotes_are_removed_from_headings_and_values() {
        for (line, value) in [
            ("k = v", "v"),
            ("k=v # c", "v"),
            ("k = v\t; c", "v"),
            ("k = v#c", "v#c"),
            ("k = a;b # c", "a;b"),
            ("k = \"v\"", "v"),
            ("k = 'v' # \"c\"", "v"),
            ("k = \" v # x \" ; c", "v # x"),
            ("k = \"v", "\"v"),
            ("k = \"a\" b", "\"a\" b"),
            ("k = \"a\"b\"", "\"a\"b\""),
            ("k = {\"a\":\"b\"}", "{\"a\":\"b\"}"),
            ("k = é # ü", "é"),
        ] {
            for heading in ["[s]", "[s] # c", " [ s ]\t; c"] {
                let members = section(&format!("{heading}\n{line}\n"), "s").unwrap().unwrap();
                assert_eq!(members["k"].expose(), value, "{line}");
            }
        }
        for line in ["k =", "k = # c", "k = \"\"", "k = '' ; c"] {
            assert!(section(&format!("[s]\n{line}"), "s").unwrap().unwrap().is_empty(), "{line}");
        }
    }

    #[test]
    fn a_broken_line_is_named_by_its_number() {
        for text in ["[default]\ncanary", "x=1\n[canary"] {
            let problem = section(text, "default").unwrap_err();
            assert!(problem.contains("line 2") && !problem.contains("canary"), "{problem}");
        }
    }
}
