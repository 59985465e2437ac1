//! Policy documents.

use crate::ram::PolicyDocument;
use crate::ram::permission::{Request, Target, Verdict, evaluate_documents};

/// Two policy documents with a zero byte between them. A document is the same after it was written and read; documents
/// that are equal decide every request the same way, in whatever order they stand; and a statement more that denies
/// everything allows nothing.
pub fn policy_document(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (one, other) = text.split_once('\0').unwrap_or((&text, "{}"));
    let documents: Vec<PolicyDocument> = [one, other].into_iter().filter_map(parsed).collect();
    let [one, other] = &documents[..] else { return };
    let both = one.and_statements_of(other);
    let denial = PolicyDocument::parse(
        r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#,
    );
    let denial = denial.unwrap();
    for request in requests() {
        let verdict = evaluate_documents([one, other], request);
        assert_eq!(verdict, evaluate_documents([other, one], request));
        assert_eq!(verdict, evaluate_documents([&both], request));
        if one == other {
            assert_eq!(evaluate_documents([one], request), evaluate_documents([other], request));
        }
        if matches!(request.target, Target::Resource(_)) {
            assert_eq!(evaluate_documents([one, other, &denial], request), Verdict::Denied);
        }
    }
}

fn parsed(text: &str) -> Option<PolicyDocument> {
    let document = match PolicyDocument::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let said = error.to_string();
            assert!(said.chars().all(text::is_printable) && said.chars().count() < 500, "{said:?}");
            return None;
        }
    };
    let written = document.to_string();
    let again = PolicyDocument::parse(&written).unwrap();
    assert_eq!(again, document);
    assert_eq!(again.to_string(), written);
    for request in requests() {
        assert_eq!(evaluate_documents([&document], request), evaluate_documents([&again], request));
    }
    assert_eq!(document.names_service("log.aliyuncs.com"), again.names_service("LOG.aliyuncs.com"));
    Some(document)
}

fn requests() -> [Request<'static>; 3] {
    let role = "acs:ram::1234567890123456:role/sls-byok";
    let key = "acs:kms:cn-hangzhou:1234567890123456:key/key-1";
    [
        Request { action: "ram:PassRole", target: Target::Resource(role) },
        Request { action: "kms:Decrypt", target: Target::Resource(key) },
        Request { action: "sts:AssumeRole", target: Target::Service("log.aliyuncs.com") },
    ]
}
