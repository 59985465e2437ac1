//! Vectors of the official SDKs: every step of every RPC vector of `tests/data/signing.json`, and the signature of
//! every RPC request of `tests/data/wire.json`, which were recorded as the SDKs sent them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::{SignatureVersion, acs3, sign, v1};
use crate::credentials::Credentials;
use crate::endpoint::Endpoint;
use crate::http::{HttpRequest, Method, form};
use crypto::Secret;

/// A vector, in our types.
struct Vector {
    id: String,
    request: HttpRequest,
    credentials: Credentials,
    nonce: String,
    at: OffsetDateTime,
    expected: Map<String, Value>,
}

impl Vector {
    #[track_caller]
    fn check(&self, step: &str, ours: &str) {
        assert_eq!(ours, self.expected[step].as_str().unwrap(), "{}: {step}", self.id);
    }

    fn signed(&self, version: SignatureVersion) -> HttpRequest {
        let mut request = self.request.clone();
        sign(&mut request, version, &self.credentials, &self.nonce, self.at).unwrap();
        request
    }
}

fn read_acs3(vector: &Value) -> Vector {
    let input = &vector["input"];
    let mut request = request(input["method"].as_str().unwrap());
    for (name, value) in input["headers"].as_object().unwrap() {
        request.headers.set(name, value.as_str().unwrap());
    }
    request.query = texts(&input["query"]);
    request.body = input["body"].as_str().unwrap_or_default().into();
    let nonce = request.headers.get("x-acs-signature-nonce").unwrap().to_owned();
    let at = moment(request.headers.get("x-acs-date").unwrap());
    vector_of(vector, request, nonce, at)
}

fn read_v1(vector: &Value) -> Vector {
    let input = &vector["input"];
    let mut request = request(input["method"].as_str().unwrap());
    request.query = texts(&input["query"]);
    // This SDK adds these to the parameters of the signature.
    request.query.insert("Format".into(), "JSON".into());
    request.query.insert("SignatureType".into(), String::new());
    let fields = texts(&input["form_body"]);
    if !fields.is_empty() {
        request.headers.set("content-type", form::MEDIA_TYPE);
        request.body = form::encode(&fields).into_bytes();
    }
    let nonce = input["signature_nonce"].as_str().unwrap().to_owned();
    vector_of(vector, request, nonce, moment(input["timestamp"].as_str().unwrap()))
}

fn vector_of(vector: &Value, request: HttpRequest, nonce: String, at: OffsetDateTime) -> Vector {
    let text = |name: &str| vector["input"][name].as_str();
    Vector {
        id: vector["id"].as_str().unwrap().to_owned(),
        request,
        credentials: Credentials {
            access_key_id: text("access_key_id").unwrap().into(),
            access_key_secret: text("access_key_secret").unwrap().into(),
            security_token: text("security_token").map(Secret::from),
            source: "vector".into(),
        },
        nonce,
        at,
        expected: vector["expected"].as_object().unwrap().clone(),
    }
}

fn request(method: &str) -> HttpRequest {
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        other => panic!("unknown method {other}"),
    };
    HttpRequest::new(method, Endpoint::parse("ram.aliyuncs.com").unwrap().origin(), "/")
}

fn texts(object: &Value) -> BTreeMap<String, String> {
    let pairs = object.as_object().unwrap().iter();
    pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn moment(text: &str) -> OffsetDateTime {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    PrimitiveDateTime::parse(text, format).unwrap().assume_utc()
}

fn vectors(algorithm: &str, read: fn(&Value) -> Vector) -> Vec<Vector> {
    let file: Value = serde_json::from_str(include_str!("../../../../tests/data/signing.json")).unwrap();
    let all = file["vectors"].as_array().unwrap();
    assert_eq!(all.len(), 23, "the file has changed: say how many vectors each test below must see");
    all.iter().filter(|vector| vector["algorithm"] == algorithm).map(read).collect()
}

#[test]
fn acs3_matches_the_python_sdk_step_by_step() {
    let vectors = vectors("acs3-hmac-sha256", read_acs3);
    assert_eq!(vectors.len(), 5);
    for vector in &vectors {
        let signed = vector.signed(SignatureVersion::Acs3HmacSha256);
        vector.check("x_acs_content_sha256", signed.headers.get("x-acs-content-sha256").unwrap());
        let canonical = acs3::canonical_request(&signed);
        vector.check("canonical_request", &canonical);
        let text = acs3::string_to_sign(&canonical);
        vector.check("string_to_sign", &text);
        let signature = acs3::signature(&vector.credentials.access_key_secret, &text);
        vector.check("signature", &signature);
        let names = acs3::signed_headers(&signed.headers);
        let authorization = acs3::authorization(&vector.credentials.access_key_id, &names, &signature);
        vector.check("authorization", &authorization);
        vector.check("authorization", signed.headers.get("authorization").unwrap());
        assert_eq!(signed.query, vector.request.query, "{}", vector.id);
    }
}

#[test]
fn v1_matches_the_python_sdk_step_by_step() {
    let vectors = vectors("rpc-v1-hmac-sha1", read_v1);
    assert_eq!(vectors.len(), 5);
    for vector in &vectors {
        let signed = vector.signed(SignatureVersion::V1HmacSha1);
        let parameters: BTreeMap<_, _> = v1::signed_parameters(&signed).into_iter().collect();
        assert_eq!(parameters, texts(&vector.expected["all_signed_parameters"]), "{}", vector.id);
        let text = v1::string_to_sign(&signed);
        vector.check("string_to_sign", &text);
        let signature = v1::signature(&vector.credentials.access_key_secret, &text);
        vector.check("signature", &signature);
        assert_eq!(signed.query["Signature"], signature, "{}", vector.id);
        let theirs = url::Url::parse("http://localhost").unwrap();
        let theirs = theirs.join(vector.expected["url_path_and_query"].as_str().unwrap()).unwrap();
        assert_eq!(
            theirs.query_pairs().into_owned().collect::<BTreeMap<_, _>>(),
            signed.query,
            "{}",
            vector.id
        );
        assert_eq!((&signed.headers, &signed.body), (&vector.request.headers, &vector.request.body));
    }
}

#[test]
fn recorded_requests_of_the_official_sdks_get_the_signature_of_the_sdks() {
    let file: Value = serde_json::from_str(include_str!("../../../../tests/data/wire.json")).unwrap();
    let (mut acs3, mut v1) = (0, 0);
    for recorded in file["requests"].as_array().unwrap() {
        match recorded["scheme"].as_str().unwrap() {
            "acs3-hmac-sha256" => {
                check_recorded_acs3(&file, recorded);
                acs3 += 1;
            }
            "rpc-v1-hmac-sha1" => {
                check_recorded_v1(&file, recorded);
                v1 += 1;
            }
            "sls-v1-hmac-sha1" | "sls-v1-hmac-sha256" | "sls-v4" => {}
            other => panic!("unknown scheme {other}"),
        }
    }
    assert_eq!((acs3, v1), (2, 4));
}

#[track_caller]
fn check_recorded_acs3(file: &Value, recorded: &Value) {
    let mut request = recorded_request(recorded);
    let header = |name| request.headers.get(name).unwrap().to_owned();
    let (theirs, nonce) = (header("authorization"), header("x-acs-signature-nonce"));
    let at = moment(&header("x-acs-date"));
    let token = request.headers.get("x-acs-security-token").map(Secret::from);
    let credentials = recorded_credentials(file, token);
    sign(&mut request, SignatureVersion::Acs3HmacSha256, &credentials, &nonce, at).unwrap();
    assert_eq!(request.headers.get("authorization").unwrap(), theirs, "{}", recorded["target"]);
}

#[track_caller]
fn check_recorded_v1(file: &Value, recorded: &Value) {
    let mut request = recorded_request(recorded);
    let (theirs, nonce) = (request.query["Signature"].clone(), request.query["SignatureNonce"].clone());
    let at = moment(&request.query["Timestamp"]);
    let token = request.query.get("SecurityToken").map(|token| Secret::from(token.as_str()));
    let credentials = recorded_credentials(file, token);
    sign(&mut request, SignatureVersion::V1HmacSha1, &credentials, &nonce, at).unwrap();
    assert_eq!(request.query["Signature"], theirs, "{}", recorded["target"]);
}

/// The request without the headers that the HTTP library of the SDK added after signing.
fn recorded_request(recorded: &Value) -> HttpRequest {
    let target = recorded["target"].as_str().unwrap();
    let url = url::Url::parse(&format!("http://localhost{target}")).unwrap();
    let mut request = request(recorded["method"].as_str().unwrap());
    request.query = url.query_pairs().into_owned().collect();
    request.body = recorded["body"].as_str().unwrap().into();
    for header in recorded["headers"].as_array().unwrap() {
        let name = header[0].as_str().unwrap().to_ascii_lowercase();
        if !["accept-encoding", "content-length"].contains(&name.as_str()) {
            request.headers.set(&name, header[1].as_str().unwrap());
        }
    }
    request
}

fn recorded_credentials(file: &Value, security_token: Option<Secret>) -> Credentials {
    Credentials {
        access_key_id: file["access_key_id"].as_str().unwrap().into(),
        access_key_secret: file["access_key_secret"].as_str().unwrap().into(),
        security_token,
        source: "recording".into(),
    }
}
