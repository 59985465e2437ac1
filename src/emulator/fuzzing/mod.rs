//! The bodies of the fuzz targets of this room.

#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is the report"
)]

#[cfg(test)]
#[path = "../../../fuzz/corpus.rs"]
mod corpus;
mod covered;
mod running;
mod sent;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;

use axum::body::Bytes;
use hyper::Request;
use prost::Message;
use serde_json::Value;
use zeroize::Zeroizing;

use self::covered::covered;
use self::running::Running;
use self::sent::Sent;
use super::access::AccessKey;
use super::captured::captured;
use super::http::Call;
use super::persistence::{initial_batch, restore_from, write_clock};
use super::policy::reference::{self, Question};
use super::policy::{self, ConditionContext, Decision, Document, Grammar, PolicyText, TrustedEntity, decide};
use super::rpc::{self, Nonces, rpc_call};
use super::seed::Seed;
use super::sls::{self, Log, LogGroup, Pair, Query, Record, entries, push_group, to_plaintext, validate};
use super::stored::encode;
use super::{Clock, access};
use crypto::Secret;
use storage::{Kind, StoreError};

/// Fri, 20 Nov 2026 08:00:00 GMT: what the clock shows.
const NOW: i64 = 1_795_161_600;

/// What is answered to who asks before it sends a body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// How many requests of one input are sent.
const MOST_REQUESTS: usize = 8;

/// The bytes are requests as on the wire, parted by lines of `###`.
///
/// First they are sent as they are, from another machine: the answers are well-formed, and nothing that is stored
/// changes, since nothing is signed. Then each of them is signed and sent from this machine: it is answered, by no
/// internal error, and what is stored then can be restored and is written again byte for byte.
pub fn http_request(bytes: &[u8]) {
    statuses(bytes);
}

/// The statuses of the requests that were signed.
fn statuses(bytes: &[u8]) -> Vec<u16> {
    thread_local! {
        static RUNNING: Running = Running::new(NOW);
    }
    RUNNING.with(|running| {
        running.reset();
        let before = running.documents();
        let answers = running.exchange(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), bytes.to_vec(), true);
        if !bytes.windows(4).any(|word| word == b"HEAD") {
            // The body that was asked for did not come.
            let mut rest = answers.strip_suffix(CONTINUE).unwrap_or(&answers);
            for _ in bytes.split(|byte| *byte == b'\n') {
                if !rest.is_empty() {
                    rest = checked_answer(rest, false).1;
                }
            }
            assert!(rest.is_empty(), "more answers than lines");
        }
        assert!(running.documents() == before, "a request that is not signed changed what is stored");

        let mut statuses = Vec::new();
        for (number, request) in sent::parted(bytes).into_iter().take(MOST_REQUESTS).enumerate() {
            let Some(sent) = Sent::parse(request) else { continue };
            let is_head = sent.method == "HEAD";
            let Some(request) = sent.signed(NOW, number) else { continue };
            let answer = running.exchange(IpAddr::V4(Ipv4Addr::LOCALHOST), request, false);
            let (status, rest) = checked_answer(&answer, is_head);
            assert!(rest.is_empty(), "more than one answer");
            statuses.push(status);
            // Faults and quotas would let calls fail or wait, as they are to.
            running.state.faults.clear();
            running.state.quotas.clear();
        }
        let stored = running.documents();
        let (contents, advanced) = restored(&stored).expect("what is stored can be read");
        assert!(written(&contents, advanced) == stored, "what is stored is restored as something else");
        statuses
    })
}

/// The status of the first answer, and what is behind that answer.
#[track_caller]
fn checked_answer(answers: &[u8], is_head: bool) -> (u16, &[u8]) {
    let answers = answers.strip_prefix(CONTINUE).unwrap_or(answers);
    let end = answers.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an answer has a head");
    let (head, body) = (std::str::from_utf8(&answers[..end]).unwrap(), &answers[end + 4..]);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok());
    let status: u16 = status.expect("a status line");
    assert!((200..500).contains(&status) || status == 501, "{head}\n{}", body.escape_ascii());
    let headers: BTreeMap<String, &str> = lines
        .map(|line| line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, ""))).expect(line))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let length = if is_head { 0 } else { length };
    assert!(body.len() >= length, "{} of {length} bytes", body.len());
    let (body, rest) = body.split_at(length);
    let is_json = headers.get("content-type") == Some(&"application/json");
    if is_json && !body.is_empty() && !headers.contains_key("x-log-compresstype") {
        serde_json::from_slice::<Value>(body).unwrap();
    }
    (status, rest)
}

/// The bytes are a request. If its signature holds, a captured request of an official SDK has the same in all that the
/// signature covers, and as a nonce it is good once.
pub fn authorization(bytes: &[u8]) {
    static SIGNED: OnceLock<Vec<Vec<String>>> = OnceLock::new();
    let signed = SIGNED.get_or_init(|| captured(|_| true).iter().map(|one| covered(&one.call())).collect());
    let Some(call) = Sent::parse(bytes).and_then(|sent| sent.call()) else { return };
    if is_authentic(&call) {
        let covered = covered(&call);
        assert!(signed.contains(&covered), "nobody signed this: {covered:#?}");
    }
}

/// Whether a call is authentic for someone who knows what the captured requests were signed with.
fn is_authentic(call: &Call) -> bool {
    // Sun, 22 Nov 2026 01:20:29 GMT, when the requests were captured.
    const CAPTURED_AT: i64 = 1_795_310_429;
    let secret = || Secret::from("sk");
    let root = || access::Principal::AccountRoot { account_id: "1234567890123456".to_owned() };
    let lasting = AccessKey::lasting("ak", secret(), root());
    let temporary = AccessKey::temporary("ak", secret(), root(), Secret::from("to+k/=="), CAPTURED_AT + 1);
    let clock = Clock::fixed(CAPTURED_AT);
    [lasting, temporary].iter().any(|key| {
        let find = |id: &str| (id == "ak").then(|| key.clone());
        let Some(rpc) = rpc_call(call) else {
            return sls::authenticate(call, find, &clock, "cn-hangzhou").is_ok();
        };
        let nonces = Nonces::default();
        let authenticate = || rpc::authenticate(call, &rpc.parameters, find, &nonces, &clock);
        let is_authentic = authenticate().is_ok();
        assert!(authenticate().is_err(), "the same nonce was good twice");
        is_authentic
    })
}

/// The first byte chooses a compression, three bytes are the size that the call announces, and the others are the body
/// of `PutLogs`. What is decompressed has that size and comes back from each compression; a log group that is taken is
/// read alike wherever it is read.
pub fn log_group(bytes: &[u8]) {
    const NAMES: [&str; 6] = ["", "lz4", "deflate", "gzip", "zstd", "br"];
    #[derive(Clone, PartialEq, Message)]
    struct List {
        #[prost(message, repeated, tag = "1")]
        groups: Vec<LogGroup>,
    }
    let Some(([name, high, middle, low], body)) = bytes.split_first_chunk() else { return };
    let name = NAMES[usize::from(*name) % NAMES.len()];
    let size = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
    let request = Request::post("/logstores/app/shards/lb");
    let request = request.header("x-log-compresstype", name).header("x-log-bodyrawsize", size);
    let head = request.body(()).unwrap().into_parts().0;
    let raw = match sls::decompressed(&Call::new(&head, Bytes::copy_from_slice(body))) {
        Ok(raw) => raw,
        Err(error) => {
            assert!((400..500).contains(&error.status), "{error}");
            return;
        }
    };
    assert!(raw.len() == size || name.is_empty(), "{} bytes instead of {size}", raw.len());
    if raw.len() < 64 * 1024 {
        for compression in NAMES.iter().filter_map(|name| sls::Compression::from_name(name)) {
            let compressed = compression.compress(&raw).unwrap();
            let again = compression.decompress(&compressed, raw.len());
            assert!(again.as_deref() == Some(&raw[..]), "{compression:?}");
        }
    }
    let logs = match validate(&raw, &Clock::fixed(NOW)) {
        Ok(logs) => logs,
        Err(error) => {
            assert!((400..500).contains(&error.status), "{error}");
            return;
        }
    };
    let group = LogGroup::decode(raw.clone()).expect("what was taken is a log group");
    assert!(group.logs.len() == logs, "{logs} logs were counted");
    let found = entries(&raw).expect("what was taken is read again").map(|entry| entry.unwrap().time);
    assert!(found.eq(group.logs.iter().map(|log| i64::from(log.time.unwrap()))));
    let mut list = Vec::new();
    push_group(&mut list, &raw);
    push_group(&mut list, &raw);
    let list = List::decode(list.as_slice()).unwrap();
    assert!(list.groups == [group.clone(), group]);
    let record = Record::from_plaintext(to_plaintext(NOW, &raw)).unwrap();
    assert!(record.received == NOW && record.log_group == raw);
}

/// The bytes are a question and, behind an empty line, a policy: the action and the resource in one line, who asks in
/// another where that matters, and a line `key=value` for everything that is known. A text that is no policy is refused
/// also when it is stored; what a policy decides is what the documentation says; and a deny of everything denies.
pub fn emulator_policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (question, policy) = text.split_once("\n\n").unwrap_or(("", text));
    let (asked, known) = question.split_once('\n').unwrap_or((question, ""));
    let (action, resource) = asked.split_once(' ').unwrap_or((asked, ""));
    let facts: Vec<(&str, &str)> = known.lines().filter_map(|line| line.split_once('=')).collect();
    let context =
        facts.iter().fold(ConditionContext::default(), |context, (key, value)| context.with(key, *value));
    let entity = known.lines().find_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
        ["service", host] => Some(TrustedEntity::Service(host)),
        ["federated", arn] => Some(TrustedEntity::Federated(arn)),
        ["ram", arn, account_id] => Some(TrustedEntity::Ram { arn, account_id }),
        _ => None,
    });
    for grammar in [Grammar::Permission, Grammar::Trust] {
        let stored = Value::from(policy);
        let restored = match grammar {
            Grammar::Permission => serde_json::from_value(stored).ok(),
            Grammar::Trust => PolicyText::deserialize_trust(stored).ok(),
        };
        let Ok(policy) = PolicyText::parse(policy, grammar) else {
            assert!(restored.is_none(), "a policy that is no policy was restored");
            continue;
        };
        assert!(restored.as_ref() == Some(&policy), "a policy was restored as another one");
        let trusted_entity = entity.filter(|_| grammar == Grammar::Trust);
        let request = policy::Request { action, resource, trusted_entity, condition_context: &context };
        let decision = decide([policy.document()], request);
        let question = Question { action, resource, trusted_entity, facts: &facts };
        let document: Value = serde_json::from_str(policy.as_str().trim_start_matches('\u{feff}')).unwrap();
        if let Some(expected) = reference::decision(&document, &question) {
            assert_eq!(decision, expected);
        }
        assert_eq!(decide([policy.document(), policy.document()], request), decision);
        if trusted_entity.is_none() {
            assert_eq!(decide([policy.document(), &deny_of_everything()], request), Decision::Denied);
        }
    }
}

fn deny_of_everything() -> Document {
    let statement = r#"{"Effect": "Deny", "Action": "*", "Resource": "*"}"#;
    Document::parse(&format!(r#"{{"Version": "1", "Statement": {statement}}}"#), Grammar::Permission).unwrap()
}

/// The first line is a query, each further one a field `name=value` of a log. A query that is read matches or does not,
/// and inside of others it does the same.
pub fn search_query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (query, fields) = text.split_once('\n').unwrap_or((&text, ""));
    let pair = |(key, value): (&str, &str)| Pair { key: Some(key.into()), value: Some(value.into()) };
    let contents = fields.lines().filter_map(|line| line.split_once('=')).map(pair).collect();
    let log = Log { time: Some(1), contents, time_ns: None };
    let log_tags = vec![pair(("host", "alpha"))];
    let group = LogGroup { logs: vec![log], topic: Some(b"web".into()), log_tags, ..LogGroup::default() };
    let entry = entries(&group.encode_to_vec()).unwrap().next().unwrap().unwrap();
    let Ok(parsed) = Query::parse(query) else { return };
    let matches = parsed.matches(&entry);
    assert_ne!(Query::Not(Box::new(parsed)).matches(&entry), matches);
    // An empty query is not one inside of parentheses, and there may be no room for more of these.
    let nested = query.matches('(').count() + query.to_ascii_lowercase().matches("not").count();
    if query.trim().is_empty() || nested > 60 {
        return;
    }
    for (joined, expected) in [
        (format!("({query})"), matches),
        (format!("not ({query})"), !matches),
        (format!("({query}) and ({query}) ({query})"), matches),
        (format!("({query}) not ({query})"), false),
        (format!("not ({query}) or ({query})"), true),
    ] {
        assert_eq!(Query::parse(&joined).map(|query| query.matches(&entry)), Ok(expected), "{joined}");
    }
}

/// Each line is a document of the store: its kind, its name and its content, with tabs between them. What is restored
/// from them is written as documents of the same names, and these are restored and written again byte for byte.
pub fn documents(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let documents: Documents = text.lines().filter_map(document).collect();
    let Some((contents, advanced)) = restored(&documents) else { return };
    let first = written(&contents, advanced);
    // A session is found by the id in it, whatever the name of its document is.
    let names = |documents: &Documents| -> Vec<_> {
        documents.keys().filter(|(kind, _)| *kind != Kind::Session).cloned().collect()
    };
    assert_eq!(names(&first), names(&documents));
    let (contents, advanced) = restored(&first).expect("what was written can be read");
    assert!(written(&contents, advanced) == first, "a document is written back as another one");
}

type DocumentKey = (Kind, String);

/// What a store holds, by kind and name.
type Documents = BTreeMap<DocumentKey, Zeroizing<Vec<u8>>>;

fn document(line: &str) -> Option<(DocumentKey, Zeroizing<Vec<u8>>)> {
    let (kind, rest) = line.split_once('\t')?;
    let (name, content) = rest.split_once('\t')?;
    let kind = match kind {
        // There are no others, and nobody looks for them.
        "account" if ["all", "clock", "numbers"].contains(&name) => Kind::Account,
        "identity" => Kind::Identity,
        "key" => Kind::Keys,
        "project" => Kind::Project,
        "logstore" => Kind::Logstore,
        "session" => Kind::Session,
        _ => return None,
    };
    Some(((kind, name.to_owned()), Zeroizing::new(content.as_bytes().to_vec())))
}

fn restored(documents: &Documents) -> Option<(Seed, i64)> {
    let stored = |kind: Kind| -> Result<Vec<_>, StoreError> {
        let of_kind = documents.iter().filter(|((of, _), _)| *of == kind);
        let documents = of_kind.map(|((kind, name), content)| storage::Document {
            kind: *kind,
            name: name.clone(),
            content: content.clone(),
        });
        Ok(documents.collect())
    };
    restore_from(stored).ok().flatten()
}

/// The documents of everything that was restored.
fn written(contents: &Seed, advanced: i64) -> Documents {
    let mut batch = initial_batch(contents, &contents.sls).unwrap();
    write_clock(advanced, &mut batch).unwrap();
    for (id, key) in &contents.sessions {
        batch.write(Kind::Session, id, encode(key).unwrap());
    }
    let documents = batch.written().iter();
    documents.map(|document| ((document.kind, document.name.clone()), document.content.clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Sent, corpus, is_authentic, statuses};

    fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/");
        let files = fs::read_dir(format!("{folder}{target}")).unwrap().map(|file| file.unwrap().path());
        files.map(|file| (file.display().to_string(), fs::read(file).unwrap())).collect()
    }

    #[test]
    fn the_requests_that_fuzzing_begins_with_are_carried_out() {
        for (file, bytes) in seeds("http_request") {
            let statuses = statuses(&bytes);
            assert!(
                !statuses.is_empty() && statuses.iter().all(|status| *status < 300),
                "{file}: {statuses:?}"
            );
        }
    }

    #[test]
    fn the_signatures_that_fuzzing_begins_with_hold() {
        for (file, bytes) in seeds("authorization") {
            assert!(is_authentic(&Sent::parse(&bytes).unwrap().call().unwrap()), "{file}");
        }
    }

    #[test]
    fn authorization() {
        corpus::run("authorization", super::authorization);
    }

    #[test]
    fn documents() {
        corpus::run("documents", super::documents);
    }

    #[test]
    fn emulator_policy() {
        corpus::run("emulator_policy", super::emulator_policy);
    }

    #[test]
    fn http_request() {
        corpus::run("http_request", super::http_request);
    }

    #[test]
    fn log_group() {
        corpus::run("log_group", super::log_group);
    }

    #[test]
    fn search_query() {
        corpus::run("search_query", super::search_query);
    }
}
