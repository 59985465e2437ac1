//! How the services are reached: the network, the certificates to trust, the proxy; and whether the region exists.

use std::{io, path::Path};

use super::{
    config::{ProviderModel, named},
    environment::{Environment, flag},
    files::Files,
};
use cloud::{
    file,
    http::{CaBundle, Proxy},
    names::Region,
    network::Network,
    regions,
};
use schema::{Diagnostic, Field};

/// The settings of connections to the services.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection {
    /// Which host names the services have, where no endpoint is set.
    pub(super) network: Network,
    /// Certificate authorities to trust besides the system's.
    pub(super) ca_bundle: Option<CaBundle>,
    /// The proxy of the environment.
    pub(super) proxy: Option<Proxy>,
}

/// The variable that the official credential libraries read for the endpoint of STS alone.
const VPC_ENDPOINT_ENABLED: [&str; 1] = ["ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED"];
/// The variable of the command line tool, for all services; everything but `vpc` is public there.
const ENDPOINT_TYPE: [&str; 1] = ["ALIBABA_CLOUD_ENDPOINT_TYPE"];
const SKIP_REGION_VALIDATION: [&str; 1] = ["ALICLOUD_SKIP_REGION_VALIDATION"];

/// The order in which Go programs, and so other providers, read them. `HTTP_PROXY` is for requests without TLS, which
/// this provider sends to this machine only.
const PROXY: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The file, and the folders, with the authorities that this machine trusts. The library that reads them on Linux
/// (`rustls-native-certs`) bounds the size of none, and takes a device for the file.
const SYSTEM_CERTIFICATES: [&str; 1] = ["SSL_CERT_FILE"];
const SYSTEM_CERTIFICATE_FOLDERS: [&str; 1] = ["SSL_CERT_DIR"];

/// Reads the settings of the connection; `noted` gets each error.
pub(super) fn connection(
    config: &ProviderModel,
    environment: &Environment,
    files: &Files,
    noted: &mut impl FnMut(Diagnostic),
) -> Option<Connection> {
    let network = network(config, environment).map_err(&mut *noted).ok();
    let ca_bundle = ca_bundle(config, files).map_err(&mut *noted).ok();
    let proxy = proxy(environment).map_err(&mut *noted).ok();
    check_system_certificates(environment, files).map_err(&mut *noted).ok()?;
    Some(Connection { network: network?, ca_bundle: ca_bundle?, proxy: proxy? })
}

/// Refuses a region that is not known, unless that is switched off.
///
/// # Errors
///
/// Names the region, where it comes from, and the nearest one that is known.
pub(super) fn check_region(
    region: &Region,
    source: &str,
    config: &ProviderModel,
    environment: &Environment,
) -> Result<(), Diagnostic> {
    if regions::is_known(region.as_str())
        || flag(&config.skip_region_validation, environment, &SKIP_REGION_VALIDATION)?.unwrap_or_default()
    {
        return Ok(());
    }
    let hint =
        regions::nearest(region.as_str()).map_or(String::new(), |near| format!(" Did you mean {near:?}?"));
    Err(Diagnostic::error(
        "Unknown region",
        format!(
            "The region {:?}, which comes from {source}, is not one of those this provider knows.{hint} If it is newer than the provider, set skip_region_validation = true, or the environment variable {}=true.",
            region.as_str(),
            SKIP_REGION_VALIDATION[0],
        ),
    ))
}

fn network(config: &ProviderModel, environment: &Environment) -> Result<Network, Diagnostic> {
    if let Some(network) = named(&Network::NAMES, config.network.known()) {
        return Ok(network);
    }
    let inside = flag(&Field::Null, environment, &VPC_ENDPOINT_ENABLED)?.unwrap_or_default()
        || environment.first(&ENDPOINT_TYPE).is_some_and(|(_, kind)| kind.eq_ignore_ascii_case("vpc"));
    Ok(if inside { Network::Vpc } else { Network::Public })
}

fn ca_bundle(config: &ProviderModel, files: &Files) -> Result<Option<CaBundle>, Diagnostic> {
    let Some(path) = config.ca_bundle.known().filter(|path| !path.is_empty()) else { return Ok(None) };
    let problem = |why: String| {
        let detail = format!("ca_bundle names the file {}. {why}", text::quote(path));
        Diagnostic::error("Invalid CA bundle", detail).at(schema::Path::of("ca_bundle"))
    };
    let pem = files
        .read("ca_bundle names", Path::new(path))
        .map_err(|error| problem(format!("It cannot be read: {error}.")))?;
    CaBundle::parse(&pem).map(Some).map_err(|error| problem(error.to_string()))
}

/// What is not there is passed over: the first connection says what the machine then trusts.
fn check_system_certificates(environment: &Environment, files: &Files) -> Result<(), Diagnostic> {
    if let Some((name, path)) = environment.first(&SYSTEM_CERTIFICATES) {
        let path = Path::new(path);
        let checked = files.using(&format!("{name} names"), path, file::check);
        checked.or_else(|error| unreadable((name, "file"), path, &error))?;
    }
    if let Some((name, paths)) = environment.first(&SYSTEM_CERTIFICATE_FOLDERS) {
        for path in std::env::split_paths(paths).filter(|path| !path.as_os_str().is_empty()) {
            let checked = files.using(&format!("{name} names, as a folder,"), &path, file::check_folder);
            checked.or_else(|error| unreadable((name, "folder"), &path, &error))?;
        }
    }
    Ok(())
}

fn unreadable((name, kind): (&str, &str), path: &Path, error: &io::Error) -> Result<(), Diagnostic> {
    if error.kind() == io::ErrorKind::NotFound {
        return Ok(());
    }
    let path = text::quote(&path.display().to_string());
    Err(Diagnostic::error(
        "Invalid CA bundle",
        format!("The environment variable {name} names the {kind} {path}. It cannot be read: {error}."),
    ))
}

fn proxy(environment: &Environment) -> Result<Option<Proxy>, Diagnostic> {
    let Some((name, url)) = environment.first(&PROXY) else { return Ok(None) };
    let except = environment.first(&NO_PROXY).map_or("", |(_, hosts)| hosts);
    Proxy::parse(url, except).map(Some).map_err(|error| {
        Diagnostic::error(
            "Invalid proxy",
            format!("The proxy comes from the environment variable {name}. {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// The connection, or what is wrong with it.
    fn connection_or_problems(
        config: &ProviderModel,
        environment: &Environment,
    ) -> Result<Connection, String> {
        let mut problems = Vec::new();
        let mut noted =
            |problem: Diagnostic| problems.push(format!("{}: {}", problem.summary, problem.detail));
        connection(config, environment, &Files::default(), &mut noted).ok_or_else(|| problems.join("\n"))
    }

    fn region(id: &str, config: &ProviderModel, environment: &Environment) -> Result<(), String> {
        check_region(&Region::parse(id).unwrap(), "region", config, environment).map_err(|error| error.detail)
    }

    #[test]
    fn an_unknown_region_is_refused_with_the_nearest_one_unless_that_is_switched_off() {
        let (none, nothing) = (ProviderModel::default(), Environment::default());
        assert_eq!(region("cn-hangzhou", &none, &nothing), Ok(()));
        let told = region("cn-hangzou", &none, &nothing).unwrap_err();
        assert!(
            told.contains("Did you mean \"cn-hangzhou\"?") && told.contains("skip_region_validation"),
            "{told}"
        );

        let skipping =
            ProviderModel { skip_region_validation: Field::Known(true), ..ProviderModel::default() };
        assert_eq!(region("mars-1", &skipping, &nothing), Ok(()));
        let environment = |value| Environment::from([("ALICLOUD_SKIP_REGION_VALIDATION", value)]);
        assert_eq!(region("mars-1", &none, &environment("true")), Ok(()));
        assert!(region("mars-1", &none, &environment("0")).is_err());
        let told = region("mars-1", &none, &environment("yes")).unwrap_err();
        assert!(told.contains("ALICLOUD_SKIP_REGION_VALIDATION"), "{told}");
        let strict =
            ProviderModel { skip_region_validation: Field::Known(false), ..ProviderModel::default() };
        assert!(region("mars-1", &strict, &environment("true")).is_err());
    }

    #[test]
    fn the_network_is_that_of_the_argument_or_of_the_environment() {
        let named = |name: &str| ProviderModel { network: name.into(), ..ProviderModel::default() };
        let inside = Environment::from([("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true")]);
        let network = |config: ProviderModel, environment: &Environment| {
            connection_or_problems(&config, environment).unwrap().network
        };
        assert_eq!(network(named("vpc"), &Environment::default()), Network::Vpc);
        assert_eq!(network(named(""), &inside), Network::Vpc);
        for (kind, expected) in [("vpc", Network::Vpc), ("VPC", Network::Vpc), ("public", Network::Public)] {
            let environment = Environment::from([("ALIBABA_CLOUD_ENDPOINT_TYPE", kind)]);
            assert_eq!(network(ProviderModel::default(), &environment), expected, "{kind}");
            assert_eq!(network(named("public"), &environment), Network::Public);
        }
        assert_eq!(network(named("public"), &inside), Network::Public);
        assert_eq!(network(ProviderModel::default(), &Environment::default()), Network::Public);
    }

    #[test]
    fn a_bundle_that_cannot_be_used_is_named() {
        let bundle = |path: &str| {
            let config = ProviderModel { ca_bundle: path.into(), ..ProviderModel::default() };
            connection_or_problems(&config, &Environment::default())
        };
        assert_eq!(bundle("").unwrap().ca_bundle, None);
        let told = bundle("/nowhere/ca.pem").unwrap_err();
        assert!(told.contains("\"/nowhere/ca.pem\"") && told.contains("cannot be read"), "{told}");

        let mut file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let told = bundle(&path).unwrap_err();
        assert!(told.contains(&path) && told.contains("no certificate"), "{told}");
        file.write_all(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        let told = bundle(&path).unwrap_err();
        assert!(told.contains("Certificate 1"), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn a_bundle_that_has_no_end_is_refused_and_named() {
        let config = ProviderModel { ca_bundle: "/dev/zero".into(), ..ProviderModel::default() };
        let told = connection_or_problems(&config, &Environment::default()).unwrap_err();
        assert!(
            told.contains("ca_bundle") && told.contains("/dev/zero") && told.contains("a device"),
            "{told}"
        );
        let of_system = |path| {
            connection_or_problems(&ProviderModel::default(), &Environment::from([("SSL_CERT_FILE", path)]))
        };
        let told = of_system("/dev/zero").unwrap_err();
        assert!(told.contains("SSL_CERT_FILE") && told.contains("/dev/zero"), "{told}");
        assert!(of_system("/nowhere").is_ok());
    }

    #[test]
    fn the_proxy_is_that_of_the_environment_in_either_letter_case() {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let environment =
                Environment::from([(name, "proxy.example:3128"), ("no_proxy", "internal.example")]);
            let proxy =
                connection_or_problems(&ProviderModel::default(), &environment).unwrap().proxy.unwrap();
            assert_eq!(proxy.address(), "http://proxy.example:3128", "{name}");
            assert!(format!("{proxy:?}").contains("internal.example"), "{name}");
        }
        let environment = Environment::from([("HTTPS_PROXY", "a.example"), ("https_proxy", "b.example")]);
        let proxy = connection_or_problems(&ProviderModel::default(), &environment).unwrap().proxy.unwrap();
        assert_eq!(proxy.address(), "http://a.example");
        let plain = Environment::from([("HTTP_PROXY", "proxy.example:3128")]);
        assert!(connection_or_problems(&ProviderModel::default(), &plain).unwrap().proxy.is_none());
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_by_its_variable() {
        let environment = Environment::from([("https_proxy", "socks5://user:canary@proxy.example")]);
        let told = connection_or_problems(&ProviderModel::default(), &environment).unwrap_err();
        assert!(
            told.contains("https_proxy") && told.contains("socks5") && !told.contains("canary"),
            "{told}"
        );
    }
}
