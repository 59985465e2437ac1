//! The proxy for calls to the services.

use std::fmt;

use crypto::Secret;

/// An HTTP proxy that is asked for a tunnel (`CONNECT`, RFC 9110 section 9.3.6) to each service.
///
/// All requests to other machines are HTTPS, so a proxy never sees a request itself.
#[derive(Clone)]
pub struct Proxy {
    /// The URL with the user name and password, if there are any.
    url: Secret,
    /// The URL without them.
    address: String,
    /// The hosts that are reached without the proxy, comma-separated.
    except: String,
}

/// Why a proxy cannot be used, as a sentence for a person. It never quotes a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// A scheme other than `http` and `https`.
    #[error("A proxy with the scheme {} cannot be used; only http:// and https:// can.", text::quote(.0))]
    Scheme(String),
    /// Not a URL.
    #[error("It is not the URL of a proxy: {0}. It has the form http://[USER:PASSWORD@]HOST[:PORT].")]
    Malformed(String),
}

impl Proxy {
    /// Parses the URL of a proxy, with or without `http://`, and the list of hosts that are reached without it.
    ///
    /// `except` has the form of curl's `NO_PROXY`: names (each includes its subdomains, with or without a leading `.`
    /// or `*.`), IP addresses, networks such as `10.0.0.0/8`, or `*` for every host.
    ///
    /// # Errors
    /// A [`ProxyError`] that says what is wrong with the URL.
    pub fn parse(url: &str, except: &str) -> Result<Self, ProxyError> {
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let mut parsed =
            reqwest::Url::parse(&url).map_err(|error| ProxyError::Malformed(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(ProxyError::Scheme(parsed.scheme().to_owned()));
        }
        if parsed.path() != "/" || parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(ProxyError::Malformed("it has a path, a query or a fragment".to_owned()));
        }
        // Every http and https URL has a host, so neither can fail.
        let _ = parsed.set_username("");
        let _ = parsed.set_password(None);
        let address = parsed.as_str().trim_end_matches('/').to_owned();
        let except: Vec<&str> =
            except.split(',').map(str::trim).map(|entry| entry.strip_prefix("*.").unwrap_or(entry)).collect();
        Ok(Self { url: Secret::from(url), address, except: except.join(",") })
    }

    /// `scheme://host[:port]`, without user name and password.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The proxy as a type of reqwest.
    pub(super) fn to_reqwest(&self) -> Result<reqwest::Proxy, reqwest::Error> {
        let except = reqwest::NoProxy::from_string(&self.except);
        Ok(reqwest::Proxy::all(self.url.expose())?.no_proxy(except))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("address", &self.address)
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, address: &str) {
        let proxy = Proxy::parse(url, "").unwrap();
        assert_eq!(proxy.address(), address, "{url}");
        assert!(proxy.to_reqwest().is_ok(), "{url}");
    }

    #[test]
    fn a_proxy_is_a_url_or_a_host() {
        check("http://proxy.example:3128", "http://proxy.example:3128");
        check("proxy.example:3128", "http://proxy.example:3128");
        check("https://proxy.example/", "https://proxy.example");
        check("http://user:canary@[::1]:3128/", "http://[::1]:3128");
    }

    #[test]
    fn passwords_are_not_shown() {
        let proxy = Proxy::parse("http://user:canary@proxy.example", "").unwrap();
        assert!(!format!("{proxy:?}").contains("canary"));
        let error = Proxy::parse("http://user:canary@pro xy", "").unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[track_caller]
    fn refused(url: &str, part: &str) {
        let sentence = Proxy::parse(url, "").unwrap_err().to_string();
        assert!(sentence.contains(part), "{url}: {sentence}");
    }

    #[test]
    fn other_schemes_and_other_texts_are_refused() {
        refused("socks5://proxy.example", "\"socks5\"");
        refused("http://", "not the URL of a proxy");
        refused("http://proxy.example/path", "a path");
        refused("http://proxy.example:port", "not the URL of a proxy");
    }
}
