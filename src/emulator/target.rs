//! The request target: its path as sent, its query decoded.

use percent_encoding::percent_decode_str;

/// One query parameter, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The value; `None` when the wire had no `=`, which some signatures tell apart from an empty one.
    pub value: Option<String>,
}

/// The query of a request, in the order it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<Parameter>);

impl Query {
    /// Decodes a query string: `+` and `%20` both mean a space
    /// (<https://url.spec.whatwg.org/#urlencoded-parsing>).
    pub fn parse(raw: &str) -> Self {
        let parameters =
            raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
                Some((name, value)) => Parameter { name: decoded(name), value: Some(decoded(value)) },
                None => Parameter { name: decoded(pair), value: None },
            });
        Self(parameters.collect())
    }

    /// The query of these names and values.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let parameter = |(name, value): &(&str, &str)| Parameter {
            name: (*name).to_owned(),
            value: Some((*value).to_owned()),
        };
        Self(pairs.iter().map(parameter).collect())
    }

    /// The first value of a parameter; one sent without a value is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let parameter = self.0.iter().find(|parameter| parameter.name == name)?;
        Some(parameter.value.as_deref().unwrap_or_default())
    }

    /// Every parameter, in the order it was sent.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter()
    }
}

/// The segments of a path, decoded: `/logstores/app` gives `["logstores", "app"]`, `/` gives none.
pub fn segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Vec::new();
    }
    path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_decoded_once() {
        let query = Query::parse("logstoreName=a+b%2F%E4%B8%AD~%2A%2B&offset=0&flag&empty=");
        assert_eq!(query.get("logstoreName"), Some("a b/中~*+"));
        assert_eq!(query.get("offset"), Some("0"));
        assert_eq!(query.get("missing"), None);
        let kinds: Vec<_> = query.iter().map(|p| (p.name.as_str(), p.value.as_deref())).collect();
        assert_eq!(kinds[2..], [("flag", None), ("empty", Some(""))]);
    }

    #[test]
    fn the_first_of_a_repeated_parameter_counts() {
        assert_eq!(Query::parse("size=1&size=2").get("size"), Some("1"));
    }

    #[test]
    fn paths_are_cut_before_they_are_decoded() {
        assert_eq!(segments("/"), Vec::<String>::new());
        assert_eq!(segments("/logstores/a%2Fb"), ["logstores", "a/b"]);
        assert_eq!(segments("/logstores/"), ["logstores", ""]);
    }
}
