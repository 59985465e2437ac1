//! A program that prints credentials.

use serde_json::{Map, Value};

use crate::cloud::context::CallContext;
use crate::cloud::credentials::answer::date;
use crate::cloud::credentials::error::{operation, unusable};
use crate::cloud::credentials::source::Fetched;
use crate::cloud::credentials::{CommandOutput, Credentials, Means};
use crate::cloud::error::Error;
use crate::crypto::Secret;

/// Runs the command line of `source`.
///
/// It is split at white space, without quotes or a shell, as the official command line tool does. No error shows it
/// or what it prints.
pub(super) async fn fetch(
    line: &Secret,
    source: &str,
    means: &Means,
    context: &CallContext,
) -> Result<Fetched, Error> {
    let mut words = line.expose().split_whitespace().map(str::to_owned);
    let program = words.next().ok_or_else(|| unusable(source, "the command is empty"))?;
    let arguments: Vec<String> = words.collect();
    let output = async {
        tokio::select! {
            biased;
            output = means.host.run(&program, &arguments) => output.map_err(|error| {
                unusable(source, format!("the command cannot be run: {}", error.kind()))
            }),
            () = means.clock.sleep(means.request_timeout) => {
                let limit = means.request_timeout.as_secs_f64();
                Err(unusable(source, format!("the command did not end within {limit} s")))
            }
        }
    };
    read(&means.within(context, &operation(source), output).await??, source)
}

/// Reads `{"mode","access_key_id","access_key_secret","sts_token","expiration"}`.
fn read(output: &CommandOutput, source: &str) -> Result<Fetched, Error> {
    if !output.success {
        return Err(unusable(source, format!("the command failed ({})", output.status)));
    }
    let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(&output.stdout) else {
        return Err(unusable(source, "what the command printed is no JSON object"));
    };
    let optional = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = |name: &str| {
        let missing = || unusable(source, format!("`{name}` is missing in what the command printed"));
        optional(name).ok_or_else(missing)
    };
    let security_token = match text("mode")? {
        "AK" => None,
        "StsToken" => Some(text("sts_token")?.into()),
        _ => return Err(unusable(source, "`mode` of what the command printed is neither AK nor StsToken")),
    };
    let expiration = match optional("expiration") {
        None => None,
        Some(text) => {
            let wrong = || unusable(source, "`expiration` of what the command printed is no date");
            Some(date(text).ok_or_else(wrong)?)
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
    use crate::cloud::testing::{ManualClock, ScriptedHost, ScriptedTransport, scripted_means};

    async fn run(line: &str, host: ScriptedHost) -> Result<Fetched, Error> {
        let transport = Arc::new(ScriptedTransport::default());
        let means = scripted_means(&Arc::new(host), &transport, &ManualClock::new());
        fetch(&line.into(), "the test", &means, &CallContext::default()).await
    }

    async fn printed(stdout: &str) -> Result<Fetched, Error> {
        run("tool  -x ", ScriptedHost::default().command("tool -x", true, stdout)).await
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
    async fn what_is_wrong_is_said_and_nothing_is_quoted() {
        for (stdout, said) in [
            ("canary", "no JSON object"),
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
