//! How host and plugin find each other: a cookie, a version, one line on standard output.
//!
//! This is go-plugin's handshake as Terraform uses it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use super::environment::Environment;

/// The plugin protocol served, as its definition in `proto/tfplugin6.proto` says.
///
/// Only the major version is negotiated. The minor one says what a host can find here at most.
pub const PROTOCOL: &str = "6.11";

/// The major version of [`PROTOCOL`], which goes into the handshake.
pub const MAJOR: u32 = 6;

/// The version of the handshake itself.
const CORE_PROTOCOL: u32 = 1;

/// Tells a host from a person; the value is fixed by Terraform and no secret.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The major protocol versions the host speaks, separated by commas.
const OFFERED_VERSIONS: &str = "PLUGIN_PROTOCOL_VERSIONS";

/// Set by hosts that could send several brokered streams over one connection.
const MULTIPLEX: &str = "PLUGIN_MULTIPLEX_GRPC";

/// Where the plugin can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `unix` or `tcp`.
    pub network: &'static str,
    /// The path of the socket, or the IP address and port.
    pub address: String,
}

/// The process was not started in a way that lets it serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// A person started the process, not a host.
    #[error(
        "This program is a Terraform provider. It is not run by hand: Terraform and OpenTofu start it \
         when a configuration needs it. See --help."
    )]
    NotHosted,
    /// The host speaks none of our protocol versions.
    #[error(
        "The host offers plugin protocol {offered}, and this provider speaks protocol {MAJOR} only. \
         Use Terraform 1.0 or later, or OpenTofu 1.6 or later."
    )]
    NoCommonVersion {
        /// The versions the host offers.
        offered: String,
    },
}

/// Checks that a host started the process, and that it speaks our protocol.
///
/// # Errors
///
/// [`HandshakeError`], whose text is meant for the person who started the process or the host.
pub fn check(environment: &Environment) -> Result<(), HandshakeError> {
    if environment.get(COOKIE.0) != Some(COOKIE.1) {
        return Err(HandshakeError::NotHosted);
    }
    match environment.get(OFFERED_VERSIONS) {
        Some(offered) if !offered.split(',').any(|version| version.trim().parse() == Ok(MAJOR)) => {
            Err(HandshakeError::NoCommonVersion { offered: offered.to_owned() })
        }
        // A host that offers nothing reads our version from the line, and refuses it itself.
        _ => Ok(()),
    }
}

/// The line that tells the host where and how to connect, without its line end.
///
/// `certificate` is the server's certificate in DER, if TLS is spoken.
pub fn line(address: &Address, certificate: Option<&[u8]>, environment: &Environment) -> String {
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    let line = format!("{CORE_PROTOCOL}|{MAJOR}|{address}|grpc|{certificate}");
    // Hosts that do not know of multiplexing choke on a seventh field. We never multiplex.
    if environment.get(MULTIPLEX).is_some() { line + "|false" } else { line }
}

/// Written as in the handshake: `unix|/tmp/x/s`.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}|{}", self.network, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_versions(offered: &str, expected: &Result<(), HandshakeError>) {
        let environment = Environment::from([COOKIE, (OFFERED_VERSIONS, offered)]);
        assert_eq!(&check(&environment), expected);
    }

    fn unix() -> Address {
        Address { network: "unix", address: "/tmp/p/s".to_owned() }
    }

    #[test]
    fn version_is_the_one_of_the_definition() {
        let definition = include_str!("../../proto/tfplugin6.proto");
        assert_eq!(
            definition.lines().next(),
            Some(format!("// Terraform plugin protocol, version {PROTOCOL}").as_str())
        );
        assert_eq!(PROTOCOL.split_once('.').unwrap().0.parse(), Ok(MAJOR));
    }

    #[test]
    fn without_the_right_cookie_a_person_is_talking() {
        for environment in [Environment::default(), Environment::from([(COOKIE.0, "wrong")])] {
            assert_eq!(check(&environment), Err(HandshakeError::NotHosted));
        }
    }

    #[test]
    fn our_version_is_found_wherever_it_stands() {
        for offered in ["6", "5,6", "6,5", "5, 6", ""] {
            check_versions(offered, &Ok(()));
        }
    }

    #[test]
    fn a_host_without_our_version_is_told_so() {
        for offered in ["5", "4,5", "16", "65", "six"] {
            check_versions(offered, &Err(HandshakeError::NoCommonVersion { offered: offered.to_owned() }));
        }
    }

    #[test]
    fn line_has_six_fields() {
        assert_eq!(line(&unix(), None, &Environment::default()), "1|6|unix|/tmp/p/s|grpc|");
        let tcp = Address { network: "tcp", address: "127.0.0.1:10000".to_owned() };
        assert_eq!(
            line(&tcp, Some(&[0xff; 4]), &Environment::default()),
            "1|6|tcp|127.0.0.1:10000|grpc|/////w"
        );
    }

    #[test]
    fn a_seventh_field_is_written_only_to_hosts_that_ask() {
        let asking = Environment::from([(MULTIPLEX, "true")]);
        assert_eq!(line(&unix(), None, &asking), "1|6|unix|/tmp/p/s|grpc||false");
    }
}
