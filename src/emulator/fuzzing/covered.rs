//! What the signature of a call covers, written down once more from the documentation of each scheme. What a scheme
//! joins without marks stays joined here: version 1 of SLS does not tell `?a=1&b=2` from `?a=1%26b%3D2`.

use std::collections::BTreeMap;

use crate::captured::encoded;
use crate::http::Call;
use crate::target::Query;
use crypto::sha256_hex;

/// The texts that are covered, in a fixed order.
pub fn covered(call: &Call) -> Vec<String> {
    let authorization = call.header("authorization").unwrap_or_default();
    let scheme = authorization.split(' ').next().unwrap_or_default();
    let mut covered = vec![call.method.clone()];
    covered.extend(match scheme {
        "LOG" | "SLS" => sls_v1(call),
        "SLS4-HMAC-SHA256" => sls_v4(call),
        _ if scheme.starts_with("ACS3-HMAC-SHA256") => acs3(call),
        _ => return rpc_v1(call),
    });
    covered.extend([call.path.clone(), sha256_hex(&call.body)]);
    covered
}

/// Every value of a header.
fn values(call: &Call, name: &str) -> String {
    let values = call.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    format!("{name}: {}", values.map(|value| value.trim().to_owned()).collect::<Vec<_>>().join("\n"))
}

/// The headers that `is_covered` picks, by name.
fn headers(call: &Call, is_covered: impl Fn(&str) -> bool) -> Vec<String> {
    let names = call.headers.keys().map(hyper::header::HeaderName::as_str).filter(|name| is_covered(name));
    let headers: BTreeMap<&str, String> = names.map(|name| (name, values(call, name))).collect();
    headers.into_values().collect()
}

fn is_of_service(name: &str) -> bool {
    (name.starts_with("x-log-") && !name.starts_with("x-log-meta-")) || name.starts_with("x-acs-")
}

/// Names and values of the query, by name.
fn sorted(query: &Query) -> Vec<(&str, &str)> {
    let mut pairs: Vec<_> =
        query.iter().map(|one| (one.name.as_str(), one.value.as_deref().unwrap_or_default())).collect();
    pairs.sort_by_key(|(name, _)| *name);
    pairs
}

fn sls_v1(call: &Call) -> Vec<String> {
    let date = call.header("x-log-date").or_else(|| call.header("date")).unwrap_or_default();
    let kind = call.header("content-type").unwrap_or_default();
    let query: Vec<String> =
        sorted(&call.query).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut covered = headers(call, |name| is_of_service(name) && name != "x-log-date");
    covered.extend([date.to_owned(), kind.to_owned(), query.join("&")]);
    covered
}

fn sls_v4(call: &Call) -> Vec<String> {
    let mut pairs = sorted(&call.query);
    // The first value counts, for the service too.
    pairs.dedup_by_key(|(name, _)| *name);
    let pair = |(name, value): (&str, &str)| {
        if value.is_empty() { name.to_owned() } else { format!("{name}={}", encoded(value)) }
    };
    let query: Vec<String> = pairs.into_iter().map(pair).collect();
    let mut covered = headers(call, |name| name == "host" || name == "content-type" || is_of_service(name));
    covered.push(query.join("&"));
    covered
}

fn acs3(call: &Call) -> Vec<String> {
    let authorization = call.header("authorization").unwrap_or_default();
    let list = authorization.split(',').find_map(|part| part.trim().strip_prefix("SignedHeaders="));
    let names: Vec<&str> = list.unwrap_or_default().split(';').collect();
    let mut covered = headers(call, |name| {
        let is_kind_of_body = name == "content-type" && !call.body.is_empty();
        names.contains(&name) || name == "host" || name.starts_with("x-acs-") || is_kind_of_body
    });
    let mut pairs = sorted(&call.query);
    pairs.sort_unstable();
    covered.extend([format!("{names:?}"), format!("{pairs:?}")]);
    covered
}

/// It covers no header. Parameters mean the same in query and form.
fn rpc_v1(call: &Call) -> Vec<String> {
    let is_form =
        call.header("content-type").unwrap_or_default().starts_with("application/x-www-form-urlencoded");
    let form = if is_form { std::str::from_utf8(&call.body).unwrap_or("not text") } else { "" };
    let other_body = if is_form { &b""[..] } else { &call.body };
    let form = Query::parse(form);
    let mut pairs = [sorted(&call.query), sorted(&form)].concat();
    pairs.retain(|(name, _)| *name != "Signature");
    pairs.sort_unstable();
    let path = call.path.strip_prefix("/open-api").filter(|rest| rest.starts_with('/')).unwrap_or(&call.path);
    vec![call.method.clone(), path.to_owned(), format!("{pairs:?}"), sha256_hex(other_body)]
}
