//! What answers are written in: JSON, or XML where a call asks for that
//! (<https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>).

use std::fmt::Write as _;

use serde_json::Value;

use super::Parameters;
use super::authentication::is_acs3;
use crate::emulator::http::{Call, Reply};

/// What an answer is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Also for a call that does not say. The vendor's pages give either as the default, and every SDK says it.
    Json,
    /// Members are elements, and a list is its element again and again.
    Xml,
}

impl Format {
    /// What a call asks for: `Format`, or with ACS3 `Accept`.
    pub fn of(call: &Call, parameters: &Parameters) -> Self {
        let is_xml = match parameters.get("Format") {
            Some(format) => format.eq_ignore_ascii_case("xml"),
            None => is_acs3(call) && call.header("accept").is_some_and(|accept| accept.contains("/xml")),
        };
        if is_xml { Self::Xml } else { Self::Json }
    }

    /// An answer with these members; `root` is what XML calls the whole.
    pub fn reply(self, status: u16, root: &str, members: &Value) -> Reply {
        match self {
            Self::Json => Reply::json(status, members),
            Self::Xml => {
                let mut text = "<?xml version='1.0' encoding='UTF-8'?>".to_owned();
                write_element(&mut text, root, members);
                Reply::raw(status, "text/xml;charset=utf-8", text.into_bytes())
            }
        }
    }
}

fn write_element(text: &mut String, name: &str, value: &Value) {
    if let Value::Array(elements) = value {
        for element in elements {
            write_element(text, name, element);
        }
        return;
    }
    // Writing to a string does not fail.
    let _ = write!(text, "<{name}>");
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                write_element(text, name, value);
            }
        }
        Value::Null => {}
        Value::String(value) => write_escaped(text, value),
        value => text.push_str(&value.to_string()),
    }
    let _ = write!(text, "</{name}>");
}

/// Escapes what is markup, and leaves out what XML has no way to write (XML 1.0, section 2.2).
fn write_escaped(text: &mut String, value: &str) {
    for letter in value.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\r' => text.push_str("&#13;"),
            '\t' | '\n' => text.push(letter),
            letter if letter.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&letter) => {}
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emulator::captured::call;

    fn asked(target: &str, headers: &[(&str, &str)]) -> Format {
        let call = call("GET", target, headers.iter().copied(), "");
        Format::of(&call, &Parameters::of(&call))
    }

    #[test]
    fn a_call_says_what_it_wants() {
        let acs3 = ("authorization", "ACS3-HMAC-SHA256 Credential=ak");
        assert_eq!(asked("/?Format=xml", &[]), Format::Xml);
        assert_eq!(asked("/?Format=JSON", &[acs3, ("accept", "application/xml")]), Format::Json);
        assert_eq!(asked("/", &[acs3, ("accept", "application/xml")]), Format::Xml);
        assert_eq!(asked("/", &[("accept", "application/xml,*/*")]), Format::Json);
        assert_eq!(asked("/", &[]), Format::Json);
    }

    #[test]
    fn xml_repeats_the_elements_of_lists_and_escapes_texts() {
        let members = json!({"RequestId": "A", "IsTruncated": false, "Roles": {"Role": [
            {"RoleName": "a&b", "Description": "<\u{1}\r>"}, {"RoleName": "c"}]}, "Empty": {"Role": []}});
        let reply = Format::Xml.reply(200, "ListRolesResponse", &members);
        let expected = "<?xml version='1.0' encoding='UTF-8'?><ListRolesResponse><Empty></Empty>\
            <IsTruncated>false</IsTruncated><RequestId>A</RequestId><Roles><Role><Description>&lt;&#13;&gt;\
            </Description><RoleName>a&amp;b</RoleName></Role><Role><RoleName>c</RoleName></Role></Roles>\
            </ListRolesResponse>";
        assert_eq!(String::from_utf8(reply.body).unwrap(), expected);
    }
}
