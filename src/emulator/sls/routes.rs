//! Which operation a method and a path mean.

use super::error::Error;
use super::names::is_logstore_name;
use crate::emulator::http::Call;
use crate::emulator::target::segments;

/// The operations of the service that are emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `POST /`
    CreateProject,
    /// `GET /` with a project in the host
    GetProject,
    /// `GET /` on the bare endpoint
    ListProject,
    /// `PUT /`
    UpdateProject,
    /// `DELETE /`
    DeleteProject,
    /// `POST /logstores`
    CreateLogStore,
    /// `GET /logstores/{logstore}`
    GetLogStore,
    /// `PUT /logstores/{logstore}`
    UpdateLogStore,
    /// `DELETE /logstores/{logstore}`
    DeleteLogStore,
    /// `GET /logstores`
    ListLogStores,
    /// `GET /logstores/{logstore}/meteringmode`
    GetLogStoreMeteringMode,
    /// `PUT /logstores/{logstore}/meteringmode`
    UpdateLogStoreMeteringMode,
    /// `PUT /logstores/{logstore}/encryption`
    UpdateLogStoreEncryption,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 13] = [
        Self::CreateProject,
        Self::GetProject,
        Self::ListProject,
        Self::UpdateProject,
        Self::DeleteProject,
        Self::CreateLogStore,
        Self::GetLogStore,
        Self::UpdateLogStore,
        Self::DeleteLogStore,
        Self::ListLogStores,
        Self::GetLogStoreMeteringMode,
        Self::UpdateLogStoreMeteringMode,
        Self::UpdateLogStoreEncryption,
    ];

    /// The action's name in the service's API reference.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateProject => "CreateProject",
            Self::GetProject => "GetProject",
            Self::ListProject => "ListProject",
            Self::UpdateProject => "UpdateProject",
            Self::DeleteProject => "DeleteProject",
            Self::CreateLogStore => "CreateLogStore",
            Self::GetLogStore => "GetLogStore",
            Self::UpdateLogStore => "UpdateLogStore",
            Self::DeleteLogStore => "DeleteLogStore",
            Self::ListLogStores => "ListLogStores",
            Self::GetLogStoreMeteringMode => "GetLogStoreMeteringMode",
            Self::UpdateLogStoreMeteringMode => "UpdateLogStoreMeteringMode",
            Self::UpdateLogStoreEncryption => "UpdateLogStoreEncryption",
        }
    }

    /// Whether the operation leaves everything as it is.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::GetProject
                | Self::ListProject
                | Self::GetLogStore
                | Self::ListLogStores
                | Self::GetLogStoreMeteringMode
        )
    }

    /// Whether the operation reads, or looks up the role and key that an encryption configuration refers to.
    pub fn looks_up(self) -> bool {
        let refers = [Self::CreateLogStore, Self::UpdateLogStore, Self::UpdateLogStoreEncryption];
        self.is_read() || refers.contains(&self)
    }

    /// Whether the operation takes a JSON body.
    pub fn takes_body(self) -> bool {
        !self.is_read() && !matches!(self, Self::DeleteProject | Self::DeleteLogStore)
    }
}

/// An operation and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The operation.
    pub operation: Operation,
    /// The project in the host.
    pub project: Option<String>,
    /// The Logstore in the path.
    pub logstore: Option<String>,
}

/// Finds the operation a call asks for.
///
/// # Errors
///
/// `InvalidMethod` for a malformed Logstore name in the path, as the service has it, and for a method
/// the path does not take; `NotSupported` for everything that is not emulated; `ParameterInvalid`
/// when the host names no project and the operation needs one.
pub fn route(call: &Call) -> Result<Route, Error> {
    let project = call.endpoint().project;
    let segments = segments(&call.path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = call.method.as_str();

    let (operation, logstore) = match segments.as_slice() {
        [] => (at_root(method, project.is_some()), None),
        ["logstores"] => (at_logstores(method), None),
        ["logstores", logstore, ..] if !is_logstore_name(logstore) => (None, None),
        ["logstores", logstore] => (at_logstore(method), Some(*logstore)),
        ["logstores", logstore, "meteringmode"] => (at_metering_mode(method), Some(*logstore)),
        ["logstores", logstore, "encryption"] => (at_encryption(method), Some(*logstore)),
        _ => return Err(Error::not_emulated(method, &call.path)),
    };
    let operation = operation.ok_or_else(|| Error::invalid_method(&call.path))?;
    if project.is_none() && !matches!(operation, Operation::ListProject | Operation::CreateProject) {
        return Err(Error::parameter_invalid(format!("The host {} does not name a project.", call.host)));
    }
    Ok(Route { operation, project, logstore: logstore.map(str::to_owned) })
}

fn at_root(method: &str, has_project: bool) -> Option<Operation> {
    match method {
        "GET" if has_project => Some(Operation::GetProject),
        "GET" => Some(Operation::ListProject),
        "POST" => Some(Operation::CreateProject),
        "PUT" => Some(Operation::UpdateProject),
        "DELETE" => Some(Operation::DeleteProject),
        _ => None,
    }
}

fn at_logstores(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::ListLogStores),
        "POST" => Some(Operation::CreateLogStore),
        _ => None,
    }
}

fn at_logstore(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::GetLogStore),
        "PUT" => Some(Operation::UpdateLogStore),
        "DELETE" => Some(Operation::DeleteLogStore),
        _ => None,
    }
}

fn at_metering_mode(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::GetLogStoreMeteringMode),
        "PUT" => Some(Operation::UpdateLogStoreMeteringMode),
        _ => None,
    }
}

fn at_encryption(method: &str) -> Option<Operation> {
    (method == "PUT").then_some(Operation::UpdateLogStoreEncryption)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use hyper::Request;

    fn routed(method: &str, host: &str, target: &str) -> Result<Route, Error> {
        let request = Request::builder().method(method).uri(target).header("Host", host).body(()).unwrap();
        route(&Call::new(&request.into_parts().0, Bytes::new()))
    }

    #[track_caller]
    fn check(method: &str, host: &str, target: &str, expected: Operation) {
        assert_eq!(routed(method, host, target).map(|route| route.operation), Ok(expected));
    }

    #[track_caller]
    fn refused(method: &str, target: &str, status: u16, code: &str) {
        let error = routed(method, "proj.localhost", target).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (status, code));
    }

    #[test]
    fn every_operation_has_its_method_and_path() {
        let project = "proj.localhost:8700";
        check("POST", project, "/", Operation::CreateProject);
        check("POST", "localhost", "/", Operation::CreateProject);
        check("GET", project, "/", Operation::GetProject);
        check("GET", "localhost", "/?offset=0&size=100", Operation::ListProject);
        check("PUT", project, "/", Operation::UpdateProject);
        check("DELETE", project, "/", Operation::DeleteProject);
        check("POST", project, "/logstores", Operation::CreateLogStore);
        check("GET", project, "/logstores?size=1", Operation::ListLogStores);
        check("GET", project, "/logstores/app", Operation::GetLogStore);
        check("PUT", project, "/logstores/app", Operation::UpdateLogStore);
        check("DELETE", project, "/logstores/app", Operation::DeleteLogStore);
        check("GET", project, "/logstores/app/meteringmode", Operation::GetLogStoreMeteringMode);
        check("PUT", project, "/logstores/app/meteringmode", Operation::UpdateLogStoreMeteringMode);
        check("PUT", project, "/logstores/app/encryption", Operation::UpdateLogStoreEncryption);
    }

    #[test]
    fn what_is_not_emulated_says_so() {
        refused("GET", "/logstores/app/shards", 400, "NotSupported");
        refused("POST", "/logstores/app/shards/lb", 400, "NotSupported");
        refused("GET", "/metricstores/app", 400, "NotSupported");
        refused("GET", "/dashboards", 400, "NotSupported");
    }

    #[test]
    fn malformed_names_and_wrong_methods_are_the_services_invalid_method() {
        refused("GET", "/logstores/a.b", 405, "InvalidMethod");
        refused("GET", "/logstores/a%2Fb", 405, "InvalidMethod");
        refused("GET", "/logstores/", 405, "InvalidMethod");
        refused("PATCH", "/logstores/app", 405, "InvalidMethod");
    }

    #[test]
    fn a_bare_endpoint_has_no_logstores() {
        let error = routed("GET", "127.0.0.1:8700", "/logstores/app").unwrap_err();
        assert_eq!(error.code, "ParameterInvalid");
    }
}
