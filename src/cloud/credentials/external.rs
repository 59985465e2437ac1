//! A program that prints credentials.

use std::io::ErrorKind;

use serde_json::{Map, Value};

use crate::context::CallContext;
use crate::credentials::answer::parse_date;
use crate::credentials::error::{operation, unusable};
use crate::credentials::{
    CommandOutput, CredentialSource, Credentials, Fetched, Fetching, SourceContext, host,
};
use crate::dispatcher::printable;
use crate::error::Error;
use crypto::Secret;

/// Modes of profiles that name another source of keys. The command line tool accepts them in the output of a command,
/// the libraries do not.
const INDIRECT_MODES: [&str; 9] = [
    "RamRoleArn",
    "RamRoleArnWithRoleName",
    "ChainableRamRoleArn",
    "EcsRamRole",
    "OIDC",
    "CloudSSO",
    "OAuth",
    "External",
    "CredentialsURI",
];

/// A program that prints credentials.
///
/// Its command line is split into words as a shell does it, but no shell runs and expands anything. No error shows the
/// command line or the standard output. If the program fails, the error shows its standard error.
#[derive(Clone, Debug)]
pub struct ProcessCommand {
    /// The program and its arguments, which may contain secrets.
    pub line: Secret,
    /// The setting or profile that has the command, for messages.
    pub source: String,
}

impl CredentialSource for ProcessCommand {
    fn fetch<'a>(&'a self, source_context: &'a SourceContext, context: &'a CallContext) -> Fetching<'a> {
        Box::pin(async move { run(&self.line, &self.source, source_context, context).await.map(Some) })
    }

    fn describe(&self) -> String {
        self.source.clone()
    }
}

async fn run(
    line: &Secret,
    source: &str,
    source_context: &SourceContext,
    context: &CallContext,
) -> Result<Fetched, Error> {
    let words = split_words(line.expose(), cfg!(windows)).map_err(|problem| unusable(source, problem))?;
    let mut words = words.into_iter();
    let program = words.next().ok_or_else(|| unusable(source, "the command is empty"))?;
    let arguments: Vec<String> = words.collect();
    let output = async {
        tokio::select! {
            biased;
            output = source_context.host.run(&program, &arguments) => output.map_err(|error| {
                let problem = match error.kind() {
                    ErrorKind::FileTooLarge => format!("the command was ended: {error}"),
                    // The text of any other error may have the program's name, which may be a secret.
                    kind => format!("the command cannot be run: {kind}"),
                };
                unusable(source, problem)
            }),
            () = source_context.clock.sleep(source_context.request_timeout) => {
                let limit = source_context.request_timeout.as_secs_f64();
                Err(unusable(source, format!("the command did not end within {limit} s")))
            }
        }
    };
    parse_output(&source_context.bounded(context, &operation(source), output).await??, &arguments, source)
}

/// Splits a command line at white space outside of quotes, as the vendor's tools do (`splitProcessCommand` in
/// `aliyun/aliyun-cli` and `aliyun/credentials-go`). A backslash escapes the next character; within double quotes only
/// `"`, `\`, `$` or a back quote. A backslash before a line end joins both lines. Where a backslash separates the parts
/// of a path, as on Windows, it escapes only `"` within double quotes.
fn split_words(line: &str, backslash_separates: bool) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    let mut rest = line.chars().peekable();
    while let Some(character) = rest.next() {
        let is_escape = character == '\\' && quote != Some('\'');
        match quote {
            Some(open) if character == open => quote = None,
            None if matches!(character, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            _ if is_escape => {
                let next = rest.next_if(|next| match quote {
                    _ if backslash_separates => quote.is_some() && *next == '"',
                    None => true,
                    Some(_) => matches!(next, '"' | '\\' | '$' | '`' | '\n'),
                });
                match next {
                    Some('\n') => {}
                    None if quote.is_none() && !backslash_separates => {
                        return Err("the command ends with a backslash");
                    }
                    next => word.get_or_insert_default().push(next.unwrap_or(character)),
                }
            }
            _ => word.get_or_insert_default().push(character),
        }
    }
    if quote.is_some() {
        return Err("a quote of the command is not closed");
    }
    words.extend(word);
    Ok(words)
}

/// The standard error of the command, as the end of a sentence. A word that is also in its arguments or its standard
/// output may be a secret, and is replaced by `***`.
fn stderr_text(output: &CommandOutput, arguments: &[String]) -> String {
    let printed = String::from_utf8_lossy(&output.stdout);
    let may_be_secret = |word: &str| {
        /// A shorter word is not a key.
        const SHORTEST_SECRET: usize = 6;
        let word = word.trim_matches(|character: char| character.is_ascii_punctuation());
        let is_in = |text: &str| text.contains(word);
        word.len() >= SHORTEST_SECRET && (is_in(&printed) || arguments.iter().any(|argument| is_in(argument)))
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let words: Vec<&str> =
        said.split_whitespace().map(|word| if may_be_secret(word) { "***" } else { word }).collect();
    match words.join(" ").as_str() {
        "" => String::new(),
        said => format!("; it says: {}", printable(said)),
    }
}

/// Parses `{"mode","access_key_id","access_key_secret","sts_token","expiration"}`.
fn parse_output(output: &CommandOutput, arguments: &[String], source: &str) -> Result<Fetched, Error> {
    let complaint = stderr_text(output, arguments);
    if !output.success {
        return Err(unusable(source, format!("the command failed ({}){complaint}", output.status)));
    }
    let printed = host::text(&output.stdout).map(serde_json::from_str::<Map<String, Value>>);
    let Some(Ok(fields)) = printed else {
        return Err(unusable(source, format!("the output of the command is not a JSON object{complaint}")));
    };
    let optional = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = |name: &str| {
        let missing = || unusable(source, format!("`{name}` is missing in what the command printed"));
        optional(name).ok_or_else(missing)
    };
    let security_token = match optional("mode") {
        Some("AK") => None,
        Some("StsToken") => Some(text("sts_token")?.into()),
        // The credentials libraries do not look at it.
        None => optional("sts_token").map(Secret::from),
        Some(other) => {
            // A text that is not the name of a mode may be a misplaced secret, so it is not shown.
            let is_known = INDIRECT_MODES.contains(&other);
            let mode = if is_known { format!("`mode` {other}") } else { "`mode`".to_owned() };
            let problem = format!(
                "what the command printed has a {mode} that is neither AK nor StsToken; it must print keys"
            );
            return Err(unusable(source, problem));
        }
    };
    let expiration = match optional("expiration") {
        None => None,
        Some(text) => {
            let wrong = || unusable(source, "`expiration` in the output of the command is not a date");
            Some(parse_date(text).ok_or_else(wrong)?)
        }
    };
    Ok(Fetched {
        credentials: Credentials {
            access_key_id: text("access_key_id")?.to_owned(),
            access_key_secret: text("access_key_secret")?.into(),
            security_token,
            source: source.to_owned(),
        },
        expiration,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use time::macros::datetime;

    use super::*;
    use crate::testing::{ManualClock, ScriptedHost, ScriptedTransport, scripted_source_context};

    async fn run(line: &str, host: ScriptedHost) -> Result<Fetched, Error> {
        let transport = Arc::new(ScriptedTransport::default());
        let source_context = scripted_source_context(&Arc::new(host), &transport, &ManualClock::new());
        super::run(&line.into(), "the test", &source_context, &CallContext::default()).await
    }

    async fn printed(stdout: &str) -> Result<Fetched, Error> {
        run("tool  -x ", ScriptedHost::default().command("tool -x", true, stdout)).await
    }

    #[test]
    fn a_command_is_split_as_a_shell_splits_it() {
        for (line, expected) in [
            ("tool -x", vec!["tool", "-x"]),
            (" tool \t -x\n", vec!["tool", "-x"]),
            (r#""/opt/with space/get" a"#, vec!["/opt/with space/get", "a"]),
            (r"'/opt/with space/get'\ b", vec!["/opt/with space/get b"]),
            (r#"a"b c"'d e'f"#, vec!["ab cd ef"]),
            (r#"tool "" ''"#, vec!["tool", "", ""]),
            (r#""a\"b\\c\$d\xe" 'f\"g'"#, vec![r#"a"b\c$d\xe"#, r#"f\"g"#]),
            ("a\\\nb \"c\\\nd\"", vec!["ab", "cd"]),
            ("", vec![]),
        ] {
            assert_eq!(split_words(line, false).unwrap(), expected, "{line}");
        }
        for line in ["tool \"a", "tool 'a", "'a\"", r"tool \"] {
            assert!(split_words(line, false).is_err(), "{line}");
        }
        for (line, expected) in [
            (r"C:\tools\cred.exe -x", vec![r"C:\tools\cred.exe", "-x"]),
            (r#""C:\Program Files\cred.exe" "a\"b""#, vec![r"C:\Program Files\cred.exe", "a\"b"]),
            (r"C:\", vec![r"C:\"]),
        ] {
            assert_eq!(split_words(line, true).unwrap(), expected, "{line}");
        }
    }

    #[tokio::test]
    async fn the_error_of_a_failed_command_shows_its_standard_error() {
        let said = "session has expired:\nrun corp-login\n";
        for (succeeds, stdout) in [(false, ""), (true, "canary")] {
            let host = ScriptedHost::default().command("tool", succeeds, stdout).complaining(said);
            let text = run("tool", host).await.unwrap_err().to_string();
            assert!(text.contains("it says: session has expired: run corp-login"), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
    }

    #[tokio::test]
    async fn without_a_mode_the_token_decides_and_indirect_modes_are_errors() {
        const KEY: &str = r#""access_key_id":"i","access_key_secret":"s""#;
        let keys = printed(&format!("\u{feff}{{{KEY}}}")).await.unwrap();
        assert_eq!(keys.credentials.security_token, None);
        let session = printed(&format!(r#"{{{KEY},"sts_token":"t"}}"#)).await.unwrap();
        assert_eq!(session.credentials.security_token, Some("t".into()));
        for mode in INDIRECT_MODES {
            let error = printed(&format!(r#"{{"mode":"{mode}",{KEY}}}"#)).await.unwrap_err();
            assert!(error.message().contains(mode), "{error}");
        }
    }

    #[tokio::test]
    async fn both_modes_are_read() {
        let keys = printed(r#"{"mode":"AK","access_key_id":"i","access_key_secret":"s"}"#).await.unwrap();
        assert_eq!((keys.credentials.security_token, keys.expiration), (None, None));
        let session = printed(
            r#"{"mode":"StsToken","access_key_id":"i","access_key_secret":"s","sts_token":"t","expiration":"2026-11-20T09:00:00Z"}"#,
        );
        let session = session.await.unwrap();
        assert_eq!(session.credentials.security_token, Some("t".into()));
        assert_eq!(session.expiration, Some(datetime!(2026-11-20 09:00 UTC)));
    }

    #[tokio::test]
    async fn errors_name_the_problem_and_quote_no_output() {
        for (stdout, said) in [
            ("canary", "not a JSON object"),
            (r#"{"mode":"canary"}"#, "`mode`"),
            (r#"{"mode":"AK","access_key_secret":"canary"}"#, "`access_key_id`"),
            (r#"{"mode":"AK","access_key_id":"canary"}"#, "`access_key_secret`"),
            (r#"{"mode":"StsToken","access_key_id":"canary","access_key_secret":"canary"}"#, "`sts_token`"),
            (
                r#"{"mode":"AK","access_key_id":"i","access_key_secret":"canary","expiration":"canary"}"#,
                "`expiration`",
            ),
        ] {
            let error = printed(stdout).await.unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(said) && text.contains("the test"), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
        let failing = ScriptedHost::default().command("tool", false, "canary");
        for (line, host, said) in [
            ("tool", failing, "exit status: 3"),
            ("/canary/tool", ScriptedHost::default(), "cannot be run"),
            (" ", ScriptedHost::default(), "empty"),
        ] {
            let error = run(line, host).await.unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(said) && !text.contains("canary"), "{text}");
        }
    }
}
